"""What pages hold, as structs: the schema of the stored state.

Every page is an array whose fields are only ever appended, with defaults; a change of meaning raises the version.
Source: design (state), definitions 3, 4, 8, 10 and 13.
"""

from typing import Any

import msgspec

from services.signals.core.measures import Comparison, Measure
from services.signals.core.pages import Stamp
from services.signals.core.people_state import Answer, PeopleDaysGone, PeopleHead
from services.signals.core.recent_state import Segment
from services.signals.core.standing_state import StandingDaysGone, StandingHead
from services.signals.core.use_days import UseDays
from services.signals.core.use_state import UseDaysGone, UseHead
from shared.kernel.triggers import ScopeType

Moment = tuple[int, str, str]  # instant, source, id: the order of two events (definition 3)
Ticket = tuple[Moment | None, Moment | None, str]  # last opened, last resolved, the severity it was opened with
Register = tuple[Any, int, str, str]  # a value with the moment that set it
Key = tuple[str | None, ...]  # what identifies an episode within its account
NEVER: Moment = (-(1 << 62), "", "")
NO_DAY = 1 << 40
FAR = 1 << 200  # no value comes so far: nothing is watched


class UserRow(msgspec.Struct, array_like=True, gc=False):
    """One user of an account, as pages hold it. Units: instants in milliseconds, -1 is never.

    Shape: `cut` is the latest deactivation or erasure; activity before it does not count (definition 13). `given` is
    the latest provisioning after the cut, `core` the latest use of each core feature; `erased` is the latest erasure,
    before which no department is known. Acts (definition 23): `on_day` is their number on the day of `last_ms`, which
    is the latest, `instants` are those before it, in order, within the day and no more than are kept; `acts` are the
    numbers of the days before, the last one that of the day just before. `answers` are the latest two NPS answers, the
    older one first; `viewed_ms` is the latest view of prices. Provisionings after the cut (definition 77): `since` is
    the latest of the earliest day, None when that is the day of `given`; `between` are packed instants (`seats`).
    """

    last_ms: int = -1
    cut: Moment | None = None
    given: Moment | None = None
    department: str | None = None
    department_at: Moment | None = None
    core: dict[str, int] | None = None
    erased: Moment | None = None
    on_day: int = 0
    instants: list[int] | None = None
    acts: list[int] | None = None
    answers: tuple[Answer, ...] | None = None
    viewed_ms: int = -1
    since: Moment | None = None
    between: bytes = b""


class Episode(msgspec.Struct, array_like=True, gc=False):
    """One (rule, scope, level) that has fired and has not ended.

    Shape: `status` is `fired`, `held`, `released`, or `passed` for a level that counts as fired with a higher one.
    Units: `threshold` and `margin` in millionths of the rule's unit; `day` the day on which it fired. A one-off stands
    before the day `until`, keeps its `measure`, and several of one rule may be open; else `until` is 0.
    Source: definitions 4, 5, 16, 34, 66.
    """

    rule: str
    scope: str | None
    scope_type: ScopeType | None
    level: str | None
    status: str
    threshold: int
    comparison: Comparison
    margin: int
    day: int
    decided_by: str = ""
    held_since: int | None = None
    event_ids: tuple[str, ...] = ()
    event_times: tuple[int, ...] = ()
    until: int = 0
    measure: Measure | None = None


class Head(msgspec.Struct, array_like=True, gc=False):
    """The head page. Additive changes only: append fields with defaults, and raise the version when meaning changes.

    Shape: `covered` are the rules of the day whose window has been covered once (definition 23); `user_keys` tells
    where each user page lies (`user_pages`), empty while there are few.
    """

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
    first_act_day: int = NO_DAY
    covered: tuple[str, ...] = ()
    use: UseHead = msgspec.field(default_factory=UseHead)
    people: PeopleHead = msgspec.field(default_factory=PeopleHead)
    standing: StandingHead = msgspec.field(default_factory=StandingHead)
    user_keys: list[int] = []
    removed: bool = False


class Days(msgspec.Struct, array_like=True, gc=False):
    """The days page: what belongs to days gone by, and tickets.

    Shape: `sums` maps a metric to its first day and its day sums; `tickets` an id to the moments at which it was last
    opened and resolved, and the severity it was opened with; `employees` a day to the lowest number above 0 given on
    it and its latest fact; `judged` a rule of the day to its values at the latest change of day, None when it failed.
    """

    version: int
    stamp: Stamp
    sums: dict[str, tuple[int, dict[int, int]]] = {}
    tickets: dict[str, Ticket] = {}
    tickets_opened: dict[int, int] = {}
    employees: dict[int, tuple[int | None, Register]] = {}
    judged: dict[str, list[Measure] | None] = {}
    use: UseDaysGone = msgspec.field(default_factory=UseDaysGone)
    people: PeopleDaysGone = msgspec.field(default_factory=PeopleDaysGone)
    standing: StandingDaysGone = msgspec.field(default_factory=StandingDaysGone)


class UserPage(msgspec.Struct, array_like=True):
    """One page of users.

    Shape: `forgotten` maps salted digests of erased users' ids to their cut and erasure (definition 67); `gone` are
    those without salt of pages of before.
    """

    version: int
    stamp: Stamp
    users: dict[str, UserRow] = {}
    gone: dict[bytes, tuple[Moment, Moment]] = {}
    forgotten: dict[bytes, tuple[Moment, Moment]] = {}
