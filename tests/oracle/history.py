"""Everything an account's log holds, and the plainest questions one can ask of it.

Source: definitions 2, 3, 10, 12, 13, 75, 77.
"""

from dataclasses import dataclass, field
from typing import TypeVar, cast

from msgspec import UNSET

from shared.kernel.clock import day_of
from shared.kernel.events.account_updated import AccountUpdated
from shared.kernel.events.envelope import Event
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.events.session_started import SessionStarted
from shared.kernel.events.usage_recorded import UsageRecorded
from shared.kernel.events.usage_reported import UsageReported
from shared.kernel.events.user_deactivated import UserDeactivated
from shared.kernel.events.user_erased import UserErased
from shared.kernel.events.user_provisioned import UserProvisioned
from shared.kernel.quantities import millionths

ACTIVITY = (SessionStarted, FeatureUsed, UsageRecorded)
GONE = (UserDeactivated, UserErased)
PEOPLE = ("csm", "ae", "exec_sponsor", "champion")
LEDGER_OR_FACT = ("account.updated", "user.", "subscription.set")
E = TypeVar("E", bound=Event)
NEVER = (-(10**18), "", "")
MOST_LIMITS = 1_000  # of the account's own


def rank(event: Event) -> tuple[int, str, str]:
    """Return what decides which of two events of one sort is the later (definition 3)."""
    return int(event.occurred_at), event.source, event.id


def day(event: Event) -> int:
    """Return the UTC day on which an event happened."""
    return day_of(int(event.occurred_at))


def _when(known: tuple[tuple[int, str, str], int | None]) -> tuple[int, str, str]:
    return known[0]


@dataclass
class Facts:
    """The facts of `account.updated` in force; `carried` are the fields ever given, null included."""

    values: dict[str, object] = field(default_factory=dict)
    limits: dict[str, int | None] = field(default_factory=dict)
    carried: set[str] = field(default_factory=set)

    def __getitem__(self, name: str) -> object:
        """Return one fact, None when there is none."""
        return self.values.get(name)

    def day(self, name: str) -> int | None:
        """Return the day of a fact that is a date."""
        value = self.values.get(name)
        return day_of(value) if isinstance(value, int) else None


@dataclass
class History:
    """All events of one account that were folded, in the order of their arrival.

    Shape: `by_types` are the same ones again, those of some types that were asked for, and `known` the facts as they
    were after so many events: both only spare the same search over and over.
    """

    events: list[Event] = field(default_factory=list)
    by_types: dict[tuple[type[Event], ...], list[Event]] = field(default_factory=dict)
    known: tuple[int, Facts] = field(default_factory=lambda: (0, Facts()))

    def add(self, event: Event) -> None:
        """Keep an event."""
        self.events.append(event)
        for shapes, found in self.by_types.items():
            if isinstance(event, shapes):
                found.append(event)

    def of(self, *shapes: type[E]) -> list[E]:
        """Return the events of these types."""
        if shapes not in self.by_types:
            self.by_types[shapes] = [event for event in self.events if isinstance(event, shapes)]
        return cast("list[E]", self.by_types[shapes])

    def within(self, first: int, last: int, *shapes: type[E]) -> list[E]:
        """Return the events of these types whose day lies from `first` to `last`."""
        return [event for event in self.of(*shapes) if first <= day(event) <= last]

    def facts(self) -> Facts:
        """Return each fact with the value given latest by event time (10); of who is erased since it is none (67)."""
        if self.known[0] == len(self.events):
            return self.known[1]
        facts = Facts()
        for update in sorted(self.of(AccountUpdated), key=rank):
            for name in update.properties.__struct_fields__:
                value = getattr(update.properties, name)
                if value is UNSET or name == "mentions_competitor":
                    continue
                facts.carried.add(name)
                if name in PEOPLE and self._erased_since(update, value):
                    facts.values[name] = None
                elif name != "limits":
                    facts.values[name] = value
        facts.limits = self._limits()
        self.known = (len(self.events), facts)
        return facts

    def _limits(self) -> dict[str, int | None]:
        """Return the account's own limits (10): those of the metrics that were given first, when there are too many."""
        given: dict[str, tuple[tuple[int, str, str], int | None]] = {}
        cleared = NEVER
        for update in self.of(AccountUpdated):
            at, limits = rank(update), update.properties.limits
            if limits is None:
                cleared = max(cleared, at)
                given = {metric: known for metric, known in given.items() if known[0] > cleared}
            elif limits is not UNSET and at >= cleared:
                for metric, limit in limits.items():
                    if metric in given or len(given) < MOST_LIMITS:
                        before = given.get(metric, (NEVER, None))
                        given[metric] = max((at, None if limit is None else millionths(limit)), before, key=_when)
        return {metric: limit for metric, (_at, limit) in given.items()}

    def _erased_since(self, update: AccountUpdated, user: object) -> bool:
        return any(gone.user_id == user and rank(gone) >= rank(update) for gone in self.of(UserErased))

    def renewal_days(self) -> set[int]:
        """Return every day that has ever been given as `renews_on`."""
        given = [update.properties.renews_on for update in self.of(AccountUpdated)]
        return {day_of(value) for value in given if isinstance(value, int)}

    def cut(self, user: str) -> tuple[int, str, str]:
        """Return the rank of a user's latest deactivation or erasure; before all time when there is none."""
        return max((rank(gone) for gone in self.of(*GONE) if gone.user_id == user), default=NEVER)

    def counts_for(self, event: Event) -> bool:
        """Return whether an act still counts for the user who did it (definition 13)."""
        return event.user_id is not None and int(event.occurred_at) >= self.cut(event.user_id)[0]

    def active_users(self, first: int, last: int) -> set[str]:
        """Return who was active from day `first` to day `last` (definition 2)."""
        acts = [act for act in self.within(first, last, *ACTIVITY) if act.user_id is not None]
        gone = {user: self.cut(user)[0] for user in {act.user_id for act in acts}}
        return {act.user_id for act in acts if int(act.occurred_at) >= gone[act.user_id]}

    def provisioned_ever(self) -> set[str]:
        """Return every user who was ever provisioned."""
        return {event.user_id for event in self.of(UserProvisioned) if event.user_id is not None}

    def assigned_users(self) -> set[str]:
        """Return who was provisioned and neither deactivated nor erased since."""
        return {
            str(event.user_id)
            for event in self.of(UserProvisioned)
            if event.user_id is not None and rank(event) > self.cut(event.user_id)
        }

    def department(self, user: str) -> str | None:
        """Return the department of the latest provisioning that names one, since the user's latest erasure."""
        erased = max((rank(gone) for gone in self.of(UserErased) if gone.user_id == user), default=NEVER)
        named = [
            event
            for event in self.of(UserProvisioned)
            if event.user_id == user and event.properties.department is not None and rank(event) > erased
        ]
        return max(named, key=rank).properties.department if named else None

    def recorded(self, first: int, last: int) -> dict[str, int]:
        """Return what was recorded per metric from day `first` to day `last`. Units: millionths."""
        sums: dict[str, int] = {}
        used: list[UsageRecorded | FeatureUsed] = [*self.within(first, last, UsageRecorded)]
        for event in used + self.within(first, last, FeatureUsed):
            metric = event.properties.metric
            if metric is not None:
                sums[metric] = sums.get(metric, 0) + millionths(event.properties.quantity)
        return sums

    def gauge(self, metric: str) -> int | None:
        """Return the latest report of a metric, however old; None when it was never reported. Units: millionths."""
        reports = [event for event in self.of(UsageReported) if event.properties.metric == metric]
        return millionths(max(reports, key=rank).properties.level) if reports else None
