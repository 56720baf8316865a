"""What few users have, beside the user in memory. Source: design (state)."""

from mypy_extensions import mypyc_attr

from services.signals.core.people_state import Answer
from services.signals.core.state import Moment


@mypyc_attr(acyclic=True)
class Seldom:
    """What few users have. Shape: as in `UserRow`."""

    __slots__ = ("answers", "between", "cut", "erased", "since", "viewed_ms")

    def __init__(self) -> None:
        self.cut: Moment | None = None
        self.erased: Moment | None = None
        self.answers: tuple[Answer, ...] | None = None
        self.viewed_ms: int = -1
        self.since: Moment | None = None
        self.between: bytes = b""
