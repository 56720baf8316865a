"""The state of one account: facts, windows, users and open triggers, in memory and as pages.

Pages: the *head* (small, written whenever anything changed), the *days* page (sums and tickets of days gone by, written
at a change of day or by a late event), *user* pages (users spread by hash) and *recent* pages (ids of the last hour).
Account-wide counts cover exactly the users of the pages and are rebuilt when the pages are loaded.
Source: design (state), definitions 3, 8, 10, 13.
"""

from typing import Any
from zlib import crc32

import msgspec

from services.signals.core.pages import NO_STAMP, SCHEMA_VERSION, Stamp
from services.signals.core.recent import RecentIds, Segment
from services.signals.core.windows import LastSeen, UseDays, prune
from shared.kernel.clock import DAY_MS
from shared.kernel.triggers import ScopeType

USERS_PER_PAGE = 128
PRUNE_EVERY_DAYS = 16
KEPT_DAYS = 401  # the horizon: no window reaches back further
Moment = tuple[int, str, str]  # instant, source, id: the order of two events (definition 3)
Register = tuple[Any, int, str, str]  # a value with the moment that set it
NEVER: Moment = (-(1 << 62), "", "")


class User(msgspec.Struct, array_like=True, gc=False):
    """One user of an account. Units: instants in milliseconds, -1 is never.

    Shape: `cut` is the latest deactivation or erasure; activity before it does not count (definition 13). `given` and
    `since_ms` are the latest and the earliest provisioning after the cut; `core` the latest use of each core feature;
    `erased` the latest erasure, before which no department is known.
    """

    last_ms: int = -1
    cut: Moment | None = None
    given: Moment | None = None
    since_ms: int = -1
    department: str | None = None
    department_at: Moment | None = None
    core: dict[str, int] | None = None
    erased: Moment | None = None


class Episode(msgspec.Struct, array_like=True):
    """One (rule, scope, level) that has fired and has not ended.

    Shape: `status` is `fired`, `held`, `released`, or `passed` for a level that counts as fired because a higher one did.
    Units: `threshold` and `margin` in millionths of the rule's unit; `day` the day on which it fired.
    Source: definitions 4, 5, 34, 66.
    """

    rule: str
    scope: str | None
    scope_type: ScopeType | None
    level: str | None
    status: str
    threshold: int
    comparison: str
    margin: int
    day: int
    decided_by: str = ""
    held_since: int | None = None
    event_ids: tuple[str, ...] = ()
    event_times: tuple[int, ...] = ()

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        """What identifies it within its account."""
        return self.rule, self.scope, self.level


class Metric(msgspec.Struct, array_like=True):
    """One metric: its day sums, and what is derived from them. Units: millionths.

    Shape: `cells` maps days to sums; `total` is the sum of the billing period; from `watch` on a rule may fire.
    """

    cells: dict[int, int] = {}
    first_day: int = 1 << 40
    total: int = 0
    watch: int = 0


class Head(msgspec.Struct, array_like=True):
    """The head page. Additive changes only: append fields with defaults, and raise the version when meaning changes."""

    version: int
    stamp: Stamp
    account_id: str
    today: int = -1
    clock_ms: int = -1
    facts: dict[str, Register] = {}
    limits: dict[str, Register] = {}
    limits_cleared: Moment | None = None
    gauges: dict[str, Register] = {}
    sums_today: dict[str, int] = {}
    features: dict[str, UseDays] = {}
    csat: dict[int, tuple[int, int]] = {}
    nps: Register | None = None
    qbr_ms: int = -1
    engagement_ms: int = -1
    champion_left_ms: int = -1
    stakeholders_known: bool = False
    support_known: bool = False
    provisioned_known: bool = False
    primary_outcome: bool = False
    milestones: tuple[str, ...] = ()
    renewed_ms: int = -1
    renewal_days: tuple[int, ...] = ()
    episodes: tuple[Episode, ...] = ()
    parked: tuple[tuple[str, str | None, str | None], ...] = ()
    user_pages: int = 1
    segments: tuple[Segment, ...] = ()


class Days(msgspec.Struct, array_like=True):
    """The days page: what belongs to days gone by, and tickets.

    Shape: `sums` maps a metric to its first day and its day sums; `tickets` an id to the moments at which it was last
    opened and resolved, and the severity it was opened with.
    """

    version: int
    stamp: Stamp
    sums: dict[str, tuple[int, dict[int, int]]] = {}
    tickets: dict[str, tuple[Moment | None, Moment | None, str]] = {}
    tickets_opened: dict[int, int] = {}


class UserPage(msgspec.Struct, array_like=True):
    """One page of users. `gone` maps digests of erased users' ids to their cut and erasure (definition 67)."""

    version: int
    stamp: Stamp
    users: dict[str, User] = {}
    gone: dict[bytes, tuple[Moment, Moment]] = {}


class Account:
    """One account, decoded. Mutated only by `fold` and `episodes`; everything else reads."""

    __slots__ = (
        "active",
        "active_month",
        "active_rule",
        "assigned",
        "at_record",
        "changed",
        "checked_at",
        "core_departments",
        "days",
        "days_dirty",
        "dirty",
        "dirty_users",
        "episodes",
        "gate_cache",
        "gated",
        "head",
        "held",
        "limits",
        "metrics",
        "offset",
        "parked",
        "period",
        "recent",
        "shown",
        "shown_at",
        "users",
        "watch_active",
    )

    def __init__(self, head: Head, days: Days, users: list[UserPage], recent: RecentIds) -> None:
        self.head, self.days, self.recent = head, days, recent
        self.users = users
        self.dirty_users: set[int] = set()
        self.dirty = self.days_dirty = self.changed = False
        self.offset = self.at_record = head.stamp[1]
        self.episodes: dict[tuple[str, str | None, str | None], Episode] = {e.key: e for e in head.episodes}
        self.held = sum(e.status == "held" for e in head.episodes)
        self.parked = set(head.parked)
        self.active, self.assigned = LastSeen(), 0
        self.core_departments: dict[str, dict[str, LastSeen]] = {}
        for page in users:
            for user in page.users.values():
                self.count_user(user)
        self.metrics: dict[str, Metric] = {
            name: Metric(dict(cells), first) for name, (first, cells) in days.sums.items()
        }
        for name, amount in head.sums_today.items():
            metric = self.metrics.setdefault(name, Metric({}))
            metric.cells[head.today] = amount
            metric.first_day = min(metric.first_day, head.today)
        self.period = (0, 0)
        self.active_rule = self.active_month = 0
        self.watch_active = 0
        self.gated: frozenset[str] = frozenset()
        self.limits: dict[str, int] = {}
        self.gate_cache: tuple[str, ...] | None = None
        self.shown: object = None
        self.shown_at = self.checked_at = 0

    def count_user(self, user: User) -> None:
        """Add a user's part to the account-wide counts."""
        if user.last_ms >= 0:
            self.active.move(None, user.last_ms // DAY_MS)
        if user.given is not None:
            self.assigned += 1
        if user.core and user.department is not None:
            for feature, used_ms in user.core.items():
                self.core_seen(feature, user.department).move(None, used_ms // DAY_MS)

    def uncount_user(self, user: User) -> None:
        """Take a user's part out of the account-wide counts, before the user changes."""
        if user.last_ms >= 0:
            self.active.move(user.last_ms // DAY_MS, None)
        if user.given is not None:
            self.assigned -= 1
        if user.core and user.department is not None:
            for feature, used_ms in user.core.items():
                self.core_seen(feature, user.department).move(used_ms // DAY_MS, None)

    def core_seen(self, feature: str, department: str) -> LastSeen:
        """Return the last-seen days of a department's users of a core feature."""
        departments = self.core_departments.setdefault(feature, {})
        return departments.setdefault(department, LastSeen())

    def prune(self) -> None:
        """Forget what has left every window; called when the day has changed."""
        today = self.head.today
        if today % PRUNE_EVERY_DAYS:
            return
        for metric in self.metrics.values():
            prune(metric.cells, today - KEPT_DAYS)
        prune(self.days.tickets_opened, today - KEPT_DAYS)
        prune(self.head.csat, today - KEPT_DAYS)
        features = self.head.features
        oldest = today - KEPT_DAYS
        for name in [n for n, used in features.items() if max(used.newest, used.touched) < oldest]:
            del features[name]

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
