"""What an account's users come to, all together: the account-wide counts that user pages do not hold.

They cover exactly the users of the pages, are rebuilt when the pages are loaded, and move with each user.
Source: design (state), definitions 2, 13, 15, 21, 51 and 59.
"""

from mypy_extensions import mypyc_attr

from services.signals.core import seats
from services.signals.core.people_state import Answer
from services.signals.core.user import User
from services.signals.core.windows import LastSeen
from shared.kernel.clock import DAY_MS

PAIR = 2  # answers are compared
Fall = tuple[int | float, int | float]  # the answer before, and the latest


@mypyc_attr(acyclic=True)
class People:
    """The counts of one account.

    Shape: `active_in` has the last days of activity by department, `assigned_in` the seats; `seated` the days since
    which seats have been given, `idle` those of users who have never acted; `viewers` the last days of views of prices;
    `falls` the persons with two NPS answers, by these. `watch_new` and `watch_busy` map a department to the number of
    its active users at which the rules on departments must be looked at.
    """

    __slots__ = (
        "active_in",
        "assigned_in",
        "falls",
        "idle",
        "seated",
        "viewers",
        "watch_busy",
        "watch_new",
    )

    def __init__(self) -> None:
        self.active_in: dict[str, LastSeen] = {}
        self.assigned_in: dict[str, int] = {}
        self.seated, self.idle, self.viewers = LastSeen(), LastSeen(), LastSeen()
        self.falls: dict[Fall, set[str | None]] = {}
        self.watch_new: dict[str, int] = {}
        self.watch_busy: dict[str, int] = {}

    def count(self, user: User) -> None:
        """Add a user."""
        if user.viewed_ms >= 0:
            self.viewers.move(None, user.viewed_ms // DAY_MS)
        since, department = seats.since_day(user), user.department
        if since is not None:
            self.seated.move(None, since)
            if user.last_ms < 0:
                self.idle.move(None, since)
        if department is not None:
            if since is not None:
                self.assigned_in[department] = self.assigned_in.get(department, 0) + 1
            if user.last_ms >= 0:
                self.acted_in(department, None, user.last_ms // DAY_MS)

    def uncount(self, user: User) -> None:
        """Take a user away, before the user changes."""
        if user.viewed_ms >= 0:
            self.viewers.move(user.viewed_ms // DAY_MS, None)
        since, department = seats.since_day(user), user.department
        if since is not None:
            self.seated.move(since, None)
            if user.last_ms < 0:
                self.idle.move(since, None)
        if department is not None:
            if since is not None:
                self._unassign(department)
            if user.last_ms >= 0:
                cells = self.active_in[department]
                cells.move(user.last_ms // DAY_MS, None)
                if not cells.cells:
                    del self.active_in[department]

    def _unassign(self, department: str) -> None:
        left = self.assigned_in[department] - 1
        if left:
            self.assigned_in[department] = left
        else:
            del self.assigned_in[department]

    def acted_in(self, department: str, old_day: int | None, day: int) -> None:
        """Move a user of a department to a later day of activity."""
        known = self.active_in.get(department)
        if known is None:
            known = self.active_in[department] = LastSeen()
        known.move(old_day, day)

    def woke(self, user: User) -> None:
        """Note the first act ever of a user, before whom the seat may have lain idle."""
        since = seats.since_day(user)
        if since is not None:
            self.idle.move(since, None)

    def active(self, department: str, today: int, days: int) -> int:
        """Return the users of a department who were active in the window that ends today."""
        known = self.active_in.get(department)
        return 0 if known is None else known.distinct(today, days)

    def fell(self, scope: str | None, before: tuple[Answer, ...], after: tuple[Answer, ...]) -> None:
        """Move a person from the latest two answers of before to those of after."""
        if len(before) == PAIR:
            persons = self.falls[before[0][0], before[1][0]]
            persons.discard(scope)
            if not persons:
                del self.falls[before[0][0], before[1][0]]
        if len(after) == PAIR:
            self.falls.setdefault((after[0][0], after[1][0]), set()).add(scope)
