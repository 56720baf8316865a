"""The row of a one-off: a rule whose every event is an episode of its own.

Source: definition 16.
"""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from services.signals.core.account import Account
from services.signals.core.measures import USERS
from services.signals.core.rules.movers import Movers
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, Unit, no_watch
from services.signals.core.terms import Terms
from shared.kernel.clock import day_of, iso_day
from shared.kernel.events.champion_changed import ChampionChanged
from shared.kernel.events.envelope import Event
from shared.kernel.quantities import MILLION

Happening = Callable[[Account, Terms, Event], Iterator[Measure]]
ONCE = Fraction(1)


def one_off(
    name: str,
    happening: Happening,
    waits_for: str,
    *,
    moved_by: Movers,
    threshold: Callable[[Terms], int] = lambda _terms: MILLION,
    unit: Unit = "count",
    example: str = "",
    tuning: str = "",
) -> RuleRow:
    """Return the row of a rule that fires for each event of which `happening` yields 1 or more, or the threshold."""

    def levels(terms: Terms) -> tuple[Level, ...]:
        return (Level(None, threshold(terms), ">=", 0),)

    def stands_days(terms: Terms) -> int:
        days: int = getattr(terms.playbook.rules, name).stands_days
        return days

    return RuleRow(
        name,
        levels,
        lambda _account, _terms: iter(()),
        no_watch,
        unit,
        happening=happening,
        stands_days=stands_days,
        moved_by=moved_by,
        unmeasured=f"waits for {waits_for}",
        example=example,
        tuning=tuning,
    )


def day_told(event: Event) -> str:
    """Return the day on which an event happened, as text."""
    return iso_day(day_of(event.occurred_at))  # type: ignore[arg-type]  # the codec has settled it


def happened(event: Event, numbers: Numbers, text: str, value: Fraction = ONCE) -> Measure:
    """Return what an event is worth, 1 if it is nothing to count."""
    numbers = numbers | {"day": day_told(event)}
    return Measure(None, None, value.numerator, value.denominator, None, numbers, text)


def champion(changes: Mapping[str, str]) -> Happening:
    """Return what yields 1 when the champion changes in one of these ways, told in these words."""

    def happening(_account: Account, _terms: Terms, event: Event) -> Iterator[Measure]:
        if isinstance(event, ChampionChanged) and event.properties.change in changes:
            change, person = event.properties.change, event.properties.person
            numbers: Numbers = {"change": change} | ({USERS: [person]} if person else {})
            who = "the champion {users}" if person else "the champion"
            yield happened(event, numbers, f"{who} {changes[change]} on {day_told(event)}")

    return happening
