"""One user in memory, and the users of one page: turned into what pages hold when these are written.

Nearly every event touches a user, so a user is a class of its own whose fields compiled code reaches at once; those of
a struct it must look up by name. Source: design (state; throughput), ADR 0015.
"""

from typing import Any

from librt.vecs import vec
from mypy_extensions import i32, mypyc_attr

from services.signals.core.pages import SCHEMA_VERSION, Stamp
from services.signals.core.people_state import Answer
from services.signals.core.state import Moment, UserPage, UserRow

Row = tuple[Any, ...]


@mypyc_attr(acyclic=True)
class User:
    """One user of an account. Shape and units: as `UserRow`; no `instants` are an empty vector."""

    __slots__ = (
        "acts",
        "answers",
        "between",
        "core",
        "cut",
        "department",
        "department_at",
        "erased",
        "given",
        "instants",
        "last_ms",
        "on_day",
        "since",
        "viewed_ms",
    )

    def __init__(self) -> None:
        self.last_ms: int = -1
        self.on_day: int = 0
        self.instants: vec[i32] = vec[i32]()
        self.acts: list[int] | None = None
        self.core: dict[str, int] | None = None
        self.cut: Moment | None = None
        self.given: Moment | None = None
        self.department: str | None = None
        self.department_at: Moment | None = None
        self.erased: Moment | None = None
        self.answers: tuple[Answer, ...] | None = None
        self.viewed_ms: int = -1
        self.since: Moment | None = None
        self.between: bytes = b""

    def row(self) -> Row:
        """Return what a page holds of the user: the fields of `UserRow`, in their order."""
        return (
            self.last_ms,
            self.cut,
            self.given,
            self.department,
            self.department_at,
            self.core,
            self.erased,
            self.on_day,
            list(self.instants) if len(self.instants) else None,
            self.acts,
            self.answers,
            self.viewed_ms,
            self.since,
            self.between,
        )


def user_of(row: UserRow) -> User:
    """Return the user that a page holds."""
    user = User()
    user.last_ms, user.on_day, user.acts = row.last_ms, row.on_day, row.acts
    if row.instants:
        user.instants = vec[i32](row.instants)
    user.core, user.cut, user.given, user.erased = row.core, row.cut, row.given, row.erased
    user.department, user.department_at = row.department, row.department_at
    user.answers, user.viewed_ms, user.since, user.between = row.answers, row.viewed_ms, row.since, row.between
    return user


class Users:
    """The users of one page. Shape: `forgotten` and `gone` as in `UserPage`."""

    __slots__ = ("forgotten", "gone", "users")

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.gone: dict[bytes, tuple[Moment, Moment]] = {}
        self.forgotten: dict[bytes, tuple[Moment, Moment]] = {}

    def page(self, stamp: Stamp) -> UserPage:
        """Return the page to write."""
        rows: dict[str, Any] = {user_id: user.row() for user_id, user in self.users.items()}
        return UserPage(SCHEMA_VERSION, stamp, rows, self.gone, self.forgotten)


def users_of(page: UserPage) -> Users:
    """Return the users of a page that was read."""
    found = Users()
    found.users = {user_id: user_of(row) for user_id, row in page.users.items()}
    found.gone, found.forgotten = page.gone, page.forgotten
    return found
