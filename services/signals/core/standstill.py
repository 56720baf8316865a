"""What is computed once while an account stands still: during a look, at the begin of a day, for a snapshot.

Then only episodes come and go, and neither health nor the criteria of the gate nor an estimate depends on these.
Source: design (throughput).
"""

from fractions import Fraction
from typing import Any

from shared.kernel.triggers import EstimatedAcv, Gate, Health


class Standstill:
    """Answers given already. Shape: None is not asked yet; `score` has the answer in a tuple, for it may be None.

    `gate` and `health` are as they are shown, without why it holds; `worths` are estimates by what they rest on.
    `memo` is for rules, each under its name.
    """

    __slots__ = ("gate", "health", "memo", "parts", "score", "worths")

    def __init__(self) -> None:
        self.score: tuple[Fraction | None] | None = None
        self.parts: dict[str, Fraction] | None = None
        self.gate: Gate | None = None
        self.health: Health | None = None
        self.memo: dict[str, Any] = {}
        self.worths: dict[tuple[str | None, ...], EstimatedAcv | None] = {}
