"""One user in memory, and the users of one page: turned into what pages hold when these are written.

Nearly every event touches a user, so a user is a class of its own whose fields compiled code reaches at once; those of
a struct it must look up by name. There are far more of them than of anything else: numbers lie in rows, and what many
users have in common is one object. Source: design (state; throughput), ADR 0015.
"""

from typing import Any, Final

from librt.vecs import append, vec
from mypy_extensions import i32, i64, mypyc_attr

from services.signals.core import sharing
from services.signals.core.pages import SCHEMA_VERSION, Stamp
from services.signals.core.people_state import Answer
from services.signals.core.seldom import Seldom
from services.signals.core.state import NEVER, Moment, UserPage, UserRow

Row = tuple[Any, ...]
FEATURE_BITS: Final = 20
FEATURE: Final = 0xFFFFF
NEVER_MS: Final = -(1 << 62)


@mypyc_attr(acyclic=True)
class User:
    """One user of an account.

    Shape and units: as `UserRow`; no `instants` or `acts` are an empty vector. `core_cells` are the latest use of each
    core feature, in the order of their first use: the instant, shifted by `FEATURE_BITS`, and the feature's number.
    """

    __slots__ = (
        "_department_at",
        "_given",
        "_of_seat",
        "_seldom",
        "acts",
        "core_cells",
        "department",
        "instants",
        "last_ms",
        "on_day",
    )

    def __init__(self) -> None:
        self.last_ms: int = -1
        self.on_day: int = 0
        self.instants: vec[i32] = vec[i32]()
        self.acts: vec[i32] = vec[i32]()
        self.core_cells: vec[i64] = vec[i64]()
        self.department: str | None = None
        self._given: Moment = NEVER
        self._of_seat = False  # the department is that of the provisioning that gave the seat: as mostly
        self._department_at: Moment | None = None
        self._seldom: Seldom | None = None

    @property
    def given(self) -> Moment | None:
        """The latest provisioning after the cut."""
        return None if self._given[0] == NEVER_MS else self._given

    @given.setter
    def given(self, moment: Moment | None) -> None:
        if self._of_seat:
            self._department_at, self._of_seat = self._given, False
        self._given = NEVER if moment is None else moment

    @property
    def department_at(self) -> Moment | None:
        """The provisioning that named the department."""
        return self._given if self._of_seat else self._department_at

    @department_at.setter
    def department_at(self, moment: Moment | None) -> None:
        self._of_seat = moment is not None and moment == self._given
        self._department_at = None if self._of_seat else moment

    @property
    def cut(self) -> Moment | None:
        """The latest deactivation or erasure."""
        return None if self._seldom is None else self._seldom.cut

    @cut.setter
    def cut(self, moment: Moment | None) -> None:
        if moment is not None or self._seldom is not None:
            self._own().cut = moment

    @property
    def erased(self) -> Moment | None:
        """The latest erasure."""
        return None if self._seldom is None else self._seldom.erased

    @erased.setter
    def erased(self, moment: Moment | None) -> None:
        if moment is not None or self._seldom is not None:
            self._own().erased = moment

    @property
    def answers(self) -> tuple[Answer, ...] | None:
        """The latest two NPS answers."""
        return None if self._seldom is None else self._seldom.answers

    @answers.setter
    def answers(self, answers: tuple[Answer, ...] | None) -> None:
        if answers is not None or self._seldom is not None:
            self._own().answers = answers

    @property
    def viewed_ms(self) -> int:
        """The latest view of prices."""
        return -1 if self._seldom is None else self._seldom.viewed_ms

    @viewed_ms.setter
    def viewed_ms(self, at_ms: int) -> None:
        if at_ms >= 0 or self._seldom is not None:
            self._own().viewed_ms = at_ms

    @property
    def since(self) -> Moment | None:
        """The latest provisioning of the earliest day after the cut, None when that is the day of `given`."""
        return None if self._seldom is None else self._seldom.since

    @since.setter
    def since(self, moment: Moment | None) -> None:
        if moment is not None or self._seldom is not None:
            self._own().since = moment

    @property
    def between(self) -> bytes:
        """The packed provisionings between these."""
        return b"" if self._seldom is None else self._seldom.between

    @between.setter
    def between(self, packed: bytes) -> None:
        if packed or self._seldom is not None:
            self._own().between = packed

    def _own(self) -> Seldom:
        if self._seldom is None:
            self._seldom = Seldom()
        return self._seldom

    @property
    def core(self) -> dict[str, int] | None:
        """The latest use of each core feature; None for none."""
        cells = self.core_cells
        return {sharing.FEATURES[cell & FEATURE]: cell >> FEATURE_BITS for cell in cells} if len(cells) else None

    @core.setter
    def core(self, used: dict[str, int] | None) -> None:
        self.core_cells = vec[i64]()
        if used is not None:
            for feature, at_ms in used.items():
                self.use_core(-1, feature, at_ms)

    def core_place(self, feature: str) -> i64:
        """Return the place of a core feature among those used; -1 if it never was."""
        number, cells = i64(sharing.place_of(feature)), self.core_cells
        place: i64 = 0
        while place < len(cells):
            if cells[place] & FEATURE == number:
                return place
            place += 1
        return -1

    def core_ms(self, place: i64) -> int:
        """Return the latest use of the core feature at a place, -1 is never."""
        return -1 if place < 0 else self.core_cells[place] >> FEATURE_BITS

    def use_core(self, place: i64, feature: str, at_ms: int) -> None:
        """Note a use of a core feature, which is at a place; -1 is its first use."""
        cell = i64(at_ms) << FEATURE_BITS
        if place >= 0:
            cells = self.core_cells
            cells[place] = cell | cells[place] & FEATURE
        else:
            self.core_cells = append(self.core_cells, cell | i64(sharing.place_of(feature)))

    def share(self) -> None:
        """Keep once what is the same."""
        self.department_at = self.department_at
        if self.department is not None:
            self.department = sharing.word(self.department)

    def row(self) -> Row:
        """Return what a page holds of the user: the fields of `UserRow`, in their order."""
        given, seldom = self.given, self._seldom
        return (
            self.last_ms,
            None if seldom is None else seldom.cut,
            given,
            self.department,
            given if self._of_seat else self._department_at,
            self.core,
            None if seldom is None else seldom.erased,
            self.on_day,
            list(self.instants) if len(self.instants) else None,
            list(self.acts) if len(self.acts) else None,
            None if seldom is None else seldom.answers,
            -1 if seldom is None else seldom.viewed_ms,
            None if seldom is None else seldom.since,
            b"" if seldom is None else seldom.between,
        )


def user_of(row: UserRow) -> User:
    """Return the user that a page holds."""
    user = User()
    user.last_ms, user.on_day = row.last_ms, row.on_day
    if row.instants:
        user.instants = vec[i32](row.instants)
    if row.acts:
        user.acts = vec[i32](row.acts)
    given, department = row.given, row.department
    if given is not None:
        user.given = given[0], sharing.word(given[1]), given[2]
    if department is not None:
        user.department = sharing.word(department)
    user.department_at, user.core, user.cut, user.erased = row.department_at, row.core, row.cut, row.erased
    user.answers, user.viewed_ms, user.since, user.between = row.answers, row.viewed_ms, row.since, row.between
    return user


@mypyc_attr(acyclic=True)
class Users:
    """The users of one page. Shape: `forgotten` and `gone` as in `UserPage`; `page_bytes` as last read or written."""

    __slots__ = ("forgotten", "gone", "page_bytes", "users")

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.gone: dict[bytes, tuple[Moment, Moment]] = {}
        self.forgotten: dict[bytes, tuple[Moment, Moment]] = {}
        self.page_bytes = 0

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
