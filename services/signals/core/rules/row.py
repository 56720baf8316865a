"""What a rule is: a row with a function that measures, and one that says from which value on to look again.

There are three sorts (definitions 16 and 35): *states* are looked at after every record and at changes of day, *rules
of the day* at changes of day only, *one-offs* when their event arrives. A rule's file ends in its `ROW`;
`rules/__init__.py` lists the rows. Everything else about firing, holding, releasing and ending is the same for all
rules of a sort and lives in `episodes`, `day_rules` and `one_offs`.
Source: playbook sections 6 and 7, definitions 4, 5, 16, 23 and 35.
"""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec

from services.signals.core.account import Account
from services.signals.core.measures import RISING, Comparison, Measure, Numbers
from services.signals.core.rules.movers import Movers
from services.signals.core.terms import Terms
from shared.kernel.events.envelope import Event
from shared.kernel.playbook.risk import Rules
from shared.kernel.playbook.rules import CountRule, Rule
from shared.kernel.quantities import MILLION
from shared.kernel.triggers import Kind

__all__ = [
    "Comparison",
    "Level",
    "Measure",
    "Numbers",
    "RuleRow",
    "Unit",
    "Words",
    "count_level",
    "least_amount",
    "no_watch",
    "spent_from",
]

Unit = Literal["percent", "count", "points"]
Words = tuple[Numbers, str]  # what a value was computed from, and the phrase that says it
STRUCTS: dict[str, type[Rule]] = {field.name: field.type for field in msgspec.structs.fields(Rules)}


@dataclass(frozen=True)
class Level:
    """One level of a rule. Units: `threshold` and `margin` in millionths of the rule's unit."""

    name: str | None
    threshold: int
    comparison: Comparison
    margin: int
    owner_role: str | None = None
    response: str | None = None


@dataclass(frozen=True, eq=False)
class RuleRow:
    """One rule; its kind and category are those of its numbers in the playbook.

    Shape: `levels` gives its levels in rising order under some terms; `measure` yields a value for each scope that can
    be measured now; `watch` notes on the account the values from which the rule must be looked at again;
    `scope_levels` is given where the levels depend on the scope, `ends_with_period` where the turn of the billing
    period ends triggers (definition 7).
    `tell` returns the numbers and the summary of a value (with its own numbers and summary empty) that is emitted or
    shown; without it `measure` has told them itself. For a state the account is as it was when it was measured; for a
    rule of the day it has moved on since: there `tell` tells what `measure` has put into the value's numbers.
    `only_falls` says of a state that the passing of a day alone never brings its value to the threshold: it need not be
    measured at a midnight at which nothing else has happened. `fresh` is for a state of one level and of very many
    scopes: it yields the values of those without a trigger, which is all that an event may make fire.
    `moved_by` are the events of the sorted types (`movers`) that may bring a state to its threshold, or of which a
    one-off hears; after others of these it is not measured, and without it after any. A `derived` rule is measured too
    when a trigger has just begun. `single` says of a state that it has one scope, none, and one level: once it has
    fired it is not measured until it has ended. `concerns` sorts out events of the sorted types one by one; to those of
    `moved_by`, `moved_under` adds the types that some terms name. `watches` says that `watch` notes nothing but
    what health must come to, or what has to be noted anew when somebody is given a seat.
    A rule of the day has `by_day`: with `ended`, `measure` answers for the windows that end on the account's today,
    which is the day that has just ended; with `begins` the day has turned, and today is the one that begins. `covered`
    tells whether its window is covered by what the account has told, and what holds when it first is counts as fired.
    A one-off has `happening`: it yields a value for each scope in which an event fires, and `stands_days` says how long
    that stands. `unmeasured` is said of a rule without a value. For the rule's page: `example` is what evidence says,
    `tuning` how its numbers are meant.
    """

    name: str
    levels: Callable[[Terms], tuple[Level, ...]]
    measure: Callable[[Account, Terms], Iterator[Measure]]
    watch: Callable[[Account, Terms], None]
    unit: Unit
    scope_levels: Callable[[Terms, str | None], tuple[Level, ...]] | None = None
    ends_with_period: Callable[[Account, str | None], bool] | None = None
    only_falls: bool = False
    fresh: Callable[[Account, Terms], Iterator[Measure]] | None = None
    moved_by: Movers | None = None
    derived: bool = False
    single: bool = False
    concerns: Callable[[Event], bool] | None = None
    moved_under: Callable[[Terms], Container[type[Event]]] | None = None
    watches: Literal["health", "seats"] | None = None
    by_day: Literal["ended", "begins"] | None = None
    covered: Callable[[Account, Terms], bool] | None = None
    happening: Callable[[Account, Terms, Event], Iterator[Measure]] | None = None
    stands_days: Callable[[Terms], int] | None = None
    tell: Callable[[Account, Terms, Measure], Words] | None = None
    unmeasured: str = "not measured"
    example: str = ""
    tuning: str = ""

    @property
    def kind(self) -> Kind:
        """The kind of the rule: only expansion is ever gated."""
        return STRUCTS[self.name].kind

    @property
    def category(self) -> str:
        """What sort of signal it is: compound counts these."""
        return STRUCTS[self.name].category

    def levels_for(self, terms: Terms, scope: str | None) -> tuple[Level, ...]:
        """Return the levels of a scope, in rising order."""
        key = (self.name, None if self.scope_levels is None else scope)
        found: tuple[Level, ...] | None = terms.memo.get(key)
        if found is None:
            found = self.levels(terms) if self.scope_levels is None else self.scope_levels(terms, scope)
            terms.memo[key] = found
        return found

    def told(self, account: Account, terms: Terms, measure: Measure) -> Measure:
        """Return a value with the numbers and the summary that its evidence has."""
        numbers, summary = self.words(account, terms, measure)
        return msgspec.structs.replace(measure, numbers=numbers, summary=summary)

    def words(self, account: Account, terms: Terms, measure: Measure) -> Words:
        """Return the numbers and the summary that the evidence of a value has."""
        if self.tell is None or measure.summary:
            return measure.numbers, measure.summary
        return self.tell(account, terms, measure)


def count_level(rule: CountRule, count: int) -> Level:
    """Return the one level of a rule on a count, with the margin of a count (definition 4)."""
    threshold = count * MILLION
    return Level(None, threshold, ">=", max(rule.margin_minimum * MILLION, threshold * rule.margin_percent // 100))


def spent_from(account: Account, rule: str, scope: str | None, levels: tuple[Level, ...]) -> int:
    """Return the index of the first level above all that have fired and not ended; only those can fire."""
    episodes = account.episodes
    for index in range(len(levels) - 1, -1, -1):
        if (rule, scope, levels[index].name) in episodes:
            return index + 1
    return 0


def least_amount(level: Level, whole: int) -> int:
    """Return the least integer amount that meets a level for a given whole; 0 for a level that low values meet."""
    if level.comparison not in RISING:
        return 0
    right = level.threshold * whole
    return right // MILLION + 1 if level.comparison == ">" else -(-right // MILLION)


def no_watch(_account: Account, _terms: Terms) -> None:
    """Note nothing: whatever moves the value makes the rules be looked at."""
