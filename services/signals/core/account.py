"""One account in memory: its pages, and the account-wide counts that pages do not hold.

Pages: the *head* (small, written whenever anything changed), the *days* page (sums and tickets of days gone by, written
at a change of day or by a late event), *user* pages (users spread by hash) and *recent* pages (ids of the last hour).
Account-wide counts cover exactly the users of the pages and are rebuilt when the pages are loaded.
Source: design (state).
"""

from fractions import Fraction
from typing import Any
from zlib import crc32

from services.signals.core import headcount, sharing
from services.signals.core.open_episodes import Episodes
from services.signals.core.pages import NO_STAMP, SCHEMA_VERSION
from services.signals.core.people import People
from services.signals.core.recent import RecentIds
from services.signals.core.standing_state import forget_days
from services.signals.core.standstill import Standstill
from services.signals.core.state import NEVER, Days, Head, Ticket
from services.signals.core.use_sums import Metric
from services.signals.core.user import User, Users
from services.signals.core.windows import LastSeen, prune
from shared.kernel.clock import DAY_MS

USERS_PER_PAGE = 128
PRUNE_EVERY_DAYS = 16
NONE: dict[str, int] = {}
KEPT_DAYS = 401  # the horizon: no window reaches back further


class Account:
    """One account, decoded. Mutated only by `fold` and `episodes`; everything else reads."""

    __slots__ = (
        "active",
        "active_health",
        "active_month",
        "active_rule",
        "acts_before",
        "assigned",
        "at_hand",
        "at_record",
        "changed",
        "checked_at",
        "core_departments",
        "days",
        "days_bytes",
        "days_dirty",
        "dirty",
        "dirty_users",
        "episodes",
        "forgotten",
        "garbage",
        "gate_cache",
        "gated",
        "head",
        "head_bytes",
        "held",
        "limits",
        "metrics",
        "now",
        "offset",
        "open_tickets",
        "overlooked",
        "parked",
        "parts",
        "peak",
        "people",
        "period",
        "quiet_uses",
        "recent",
        "returned",
        "segment",
        "shown",
        "shown_at",
        "unsettled",
        "users",
        "waiting",
        "wanted",
        "watch_active",
        "watch_acts",
        "watch_health",
        "watch_late",
        "weight",
    )

    def __init__(self, head: Head, days: Days, users: list[Users], recent: RecentIds) -> None:
        self.head, self.days, self.users, self.recent = head, days, users, recent
        self.dirty_users: set[int] = set()
        self.garbage: list[bytes] = []  # keys of user pages that a crash has left
        self.dirty = self.days_dirty = self.changed = False
        recent.expire(head.clock_ms)
        sharing.adopt(head, days)
        self.offset = self.at_record = head.stamp[1]
        self.episodes = Episodes(head.episodes)
        self.held = sum(e.status == "held" for e in head.episodes)
        self.parked = set(head.parked)
        self.active, self.people = LastSeen(), People()
        self.assigned = self.waiting = self.forgotten = 0  # the last: digests of who has been erased
        self.returned = set[str]()  # back after an erasure, and not settled yet
        self.core_departments: dict[str, dict[str, LastSeen]] = {}
        self.metrics = self._metrics()
        self.period = (0, 0)
        self.active_rule = self.active_month = self.active_health = 0
        self.acts_before = 0  # of the window of active users, but today's
        self.shown_at = self.checked_at = self.head_bytes = self.days_bytes = self.weight = 0  # the last: see `weights`
        self.watch_active = self.watch_health = self.watch_acts = 0
        self.watch_late = -1  # a quantity that is late by so much must be looked at
        self.overlooked = True  # a rule may be met that nobody has measured: the next look is at all of them
        self.unsettled = False  # something stands that nobody has looked at
        self.now: Standstill | None = None  # None: it moves
        self.parts: dict[str, Fraction | None] = {}  # components of health, until something moves them; not usage
        self.open_tickets: dict[str, int] = {}  # by severity
        self.peak: tuple[int, int, Fraction | None] | None = None
        self.wanted: Fraction | None = None  # the least health that somebody waits for
        self.gated = frozenset[str]()
        self.quiet_uses: tuple[object, frozenset[str], dict[str, Any]] | None = None  # see `quiet_features`
        self.limits: dict[str, int] = {}
        self.gate_cache: tuple[str, ...] | None = None  # the criterion in the way, () for none; None: not known
        self.segment: str | None = None
        self.at_hand: dict[str, Any] = {}  # what is computed once for the facts and the terms, by what it is for
        self.shown: object = None
        self._count()

    def _metrics(self) -> dict[str, Metric]:
        found: dict[str, Metric] = {
            sharing.word(name): Metric(sharing.by_day(cells), first) for name, (first, cells) in self.days.sums.items()
        }
        today = self.head.today
        for name, amount in self.head.sums_today.items():
            metric = found.setdefault(name, Metric({}))
            metric.cells[sharing.number(today)] = amount
            metric.first_day = min(metric.first_day, today)
        self.days.sums = {}  # made anew for the page
        return found

    def _count(self) -> None:
        for ticket in self.days.tickets.values():
            self.count_ticket(ticket, 1)
        self.people.fell(None, (), self.head.people.answers)
        for page in self.users:
            for user_id, user in page.users.items():
                self.count_user(user)
                if user.answers:
                    self.people.fell(user_id, (), user.answers)

    def count_user(self, user: User) -> None:
        """Add a user's part to the account-wide counts."""
        self.people.count(user)
        if user.last_ms >= 0:
            self.active.move(None, user.last_ms // DAY_MS)
        if user.given is not None:
            self.assigned += 1
        if user.department is not None:
            for feature, used_ms in (user.core or NONE).items():
                self.core_seen(feature, user.department).move(None, used_ms // DAY_MS)

    def uncount_user(self, user: User) -> None:
        """Take a user's part out of the account-wide counts, before the user changes."""
        self.people.uncount(user)
        if user.last_ms >= 0:
            self.active.move(user.last_ms // DAY_MS, None)
        if user.given is not None:
            self.assigned -= 1
        if user.department is not None:
            for feature, used_ms in (user.core or NONE).items():
                self.core_seen(feature, user.department).move(used_ms // DAY_MS, None)

    def core_seen(self, feature: str, department: str) -> LastSeen:
        """Return the last-seen days of a department's users of a core feature."""
        departments = self.core_departments.get(feature)
        if departments is None:
            departments = self.core_departments[sharing.word(feature)] = {}
        known = departments.get(department)
        if known is None:
            known = departments[department] = LastSeen()
        return known

    def prune(self) -> None:
        """Forget what has left every window; called when the day has changed."""
        today = self.head.today
        if today % PRUNE_EVERY_DAYS:
            return
        for metric in self.metrics.values():
            prune(metric.cells, today - KEPT_DAYS)
        prune(self.days.tickets_opened, today - KEPT_DAYS)
        prune(self.head.csat, today - KEPT_DAYS)
        headcount.prune(self.days.employees, today - KEPT_DAYS)
        prune(self.days.people.requests, today - KEPT_DAYS)
        prune(self.days.people.webinars, today - KEPT_DAYS)
        forget_days(self.days.standing, today - KEPT_DAYS)
        features = self.head.features
        oldest = today - KEPT_DAYS
        tickets = self.days.tickets
        for name in [name for name, ticket in tickets.items() if _is_history(ticket, oldest)]:
            del tickets[name]
        purchased = self.fact("purchased_features") or ()  # that one of these was ever used is not forgotten
        for name in [n for n, f in features.items() if max(f.newest, f.touched) < oldest and n not in purchased]:
            del features[name]

    def count_ticket(self, ticket: Ticket, number: int) -> None:
        """Count a ticket, or with -1 take it away, by its severity, if it is open."""
        opened, resolved, severity = ticket
        if opened is not None and (resolved is None or opened > resolved):
            self.open_tickets[severity] = self.open_tickets.get(severity, 0) + number

    def moved(self, criterion: str) -> None:
        """Note that a criterion of the gate may be met now, or not any more: one that stands in the way stays there."""
        if self.gate_cache is not None and (not self.gate_cache or criterion in self.gate_cache):
            self.gate_cache = None

    def raised(self, criterion: str) -> None:
        """Note that activity has brought a criterion nearer: only the one that stands in the way can open the gate."""
        if self.gate_cache is not None and criterion in self.gate_cache:
            self.gate_cache = None

    def waits_for(self, criterion: str) -> bool:
        """Tell whether something is held that a criterion of the gate alone may release, if activity raises it."""
        return self.held > 0 and (self.gate_cache is None or criterion in self.gate_cache)

    def fact(self, field: str) -> Any:
        """Return the value of a fact in force, None when it was never given or has been cleared."""
        register = self.head.facts.get(field)
        return None if register is None else register[0]


def user_page_number(user_id: str, pages: int) -> int:
    """Return which of an account's user pages holds a user."""
    return crc32(user_id.encode()) & (pages - 1)


def new_account(account_id: str, today: int) -> tuple[Head, Days]:
    """Return the empty pages of an account first heard of."""
    return Head(SCHEMA_VERSION, NO_STAMP, account_id, today), Days(SCHEMA_VERSION, NO_STAMP)


def _is_history(ticket: Ticket, oldest_day: int) -> bool:
    """Tell whether a ticket was resolved before a day, so that nothing can be late for it any more."""
    opened, resolved, _severity = ticket
    return resolved is not None and resolved > (opened or NEVER) and resolved[0] < oldest_day * DAY_MS
