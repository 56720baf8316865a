"""The vocabulary of an episode's life: causes, steps, and the values of all rules at one moment.

Source: definitions 4, 5, 33 and 38.
"""

from collections.abc import Callable, Mapping
from typing import Any

from services.signals.core import sharing
from services.signals.core.account import Account
from services.signals.core.causes import Cause, Step
from services.signals.core.comparing import reaches
from services.signals.core.rules import RULES
from services.signals.core.rules.movers import SORTED
from services.signals.core.rules.row import Level, Measure, RuleRow
from services.signals.core.state import Episode, Key
from services.signals.core.terms import Terms
from shared.kernel.events.envelope import Event

OPEN = frozenset({"fired", "held", "released"})
PASSED, HELD, FIRED, RELEASED = "passed", "held", "fired", "released"


Emit = Callable[[Account, Step], None]


class RuleFailed(Exception):  # noqa: N818 - says what happened, and is caught at the edge of a record
    """A rule raised while it measured: the record's event goes to the dead letters, the rule is counted."""

    def __init__(self, rule: str, error: Exception) -> None:
        super().__init__(f"{rule}: {type(error).__name__}: {error}")
        self.rule = rule


Values = list[tuple[RuleRow, list[Measure]]]


def measured(account: Account, terms: Terms, failed: list[RuleFailed]) -> Values:
    """Return the values of all rules now, by scope; nothing for a rule that is off, or for one-offs.

    A rule that fails is noted in `failed` and left out of the answer.
    """
    values: Values = []
    for row in RULES:
        found = measured_one(account, terms, row, failed, None)
        if found is not None:
            values.append((row, found))
    return values


def measured_one(
    account: Account, terms: Terms, row: RuleRow, failed: list[RuleFailed] | None, event: Event | None
) -> list[Measure] | None:
    """Return one rule's values now; None when it failed. Errors: `RuleFailed`, unless `failed` is given.

    With `event`, those are enough that it may make fire.
    """
    try:
        if not terms.enabled(row.name):
            return []
        if row.by_day is not None:  # None: it failed at the latest change of day
            return account.days.judged.get(row.name, [])
        if row.happening is not None:
            return [] if event is None else list(row.happening(account, terms, event))
        if event is not None and row.fresh is not None and not account.parked:
            return list(row.fresh(account, terms))
        return list(row.measure(account, terms))
    except Exception as error:  # a rule's failure has the fate of its record, whatever it raises
        failure = RuleFailed(row.name, error)
        if failed is None:
            raise failure from error
        failed.append(failure)
        return None


def reached(terms: Terms, values: Values) -> set[tuple[str, str | None, str | None]]:
    """Return the levels of states that are met; rules of the day and one-offs are not looked at in between."""
    return {
        (row.name, measure.scope, level.name)
        for row, measures in values
        if row.by_day is None and row.happening is None
        for measure in measures
        for level in row.levels_for(terms, measure.scope)
        if reaches(measure, level.name, level.threshold, level.comparison)
    }


def begin(
    account: Account, row: RuleRow, measure: Measure, level: Level, status: str, cause: Cause, until: int = 0
) -> Episode:
    """Open an episode; one of a one-off stands before the day `until`."""
    at: Any = cause.at_ms  # an object: the event's own time is mostly the same
    event_ms: Any = at if cause.event_ms == cause.at_ms else cause.event_ms
    episode = Episode(
        rule=row.name,
        scope=measure.scope,
        scope_type=measure.scope_type,
        level=level.name,
        status=status,
        threshold=sharing.number(level.threshold),
        comparison=level.comparison,
        margin=sharing.number(level.margin),
        day=sharing.number(account.head.today),
        decided_by=cause.decided_by,
        held_since=at if status == HELD else None,
        event_ids=() if cause.event_ms is None else (cause.decided_by,),
        event_times=() if cause.event_ms is None else (event_ms,),
        until=sharing.number(until),
        measure=measure if until else None,
    )
    account.episodes.begin(episode)
    return episode


def by_scope(episodes: Mapping[Key, Episode]) -> dict[str | None, list[Episode]]:
    """Return the episodes of one rule by scope."""
    scopes: dict[str | None, list[Episode]] = {}
    for episode in episodes.values():
        scope = episode.scope
        if scope in scopes:
            scopes[scope].append(episode)
        else:
            scopes[scope] = [episode]
    return scopes


def ranked(
    episodes: list[Episode], row: RuleRow, terms: Terms, scope: str | None
) -> list[tuple[Episode, Level | None]]:
    """Return the episodes of one scope from the lowest level to the highest; unknown levels come first."""
    levels = {level.name: (rank, level) for rank, level in enumerate(row.levels_for(terms, scope))}
    ordered = sorted(episodes, key=lambda e: levels[e.level][0] if e.level in levels else -1)
    return [(episode, levels[episode.level][1] if episode.level in levels else None) for episode in ordered]


def rows_on(terms: Terms) -> tuple[RuleRow, ...]:
    """Return the rules that are on, in their order."""
    found: tuple[RuleRow, ...] | None = terms.memo.get(("rows on", None))
    if found is None:
        found = terms.memo["rows on", None] = tuple(row for row in RULES if terms.enabled(row.name))
    return found


def rows_after(terms: Terms, kind: type[Event]) -> tuple[RuleRow, ...]:
    """Return those of them that an event of a type may bring to their threshold; derived ones may always follow."""
    key = ("rows after", kind.__name__)
    found: tuple[RuleRow, ...] | None = terms.memo.get(key)
    if found is None:
        rows = (row for row in rows_on(terms) if row.by_day is None)
        if kind in SORTED:
            rows = (row for row in rows if row.derived or _moves(terms, row, kind))
        found = terms.memo[key] = tuple(rows)
    return found


def _moves(terms: Terms, row: RuleRow, kind: type[Event]) -> bool:
    if row.moved_by is None or kind in row.moved_by:
        return True
    return row.moved_under is not None and kind in row.moved_under(terms)


def rows_of_midnight(terms: Terms) -> tuple[RuleRow, ...]:
    """Return those of them that the passing of a day alone may bring to their threshold."""
    found: tuple[RuleRow, ...] | None = terms.memo.get(("rows of midnight", None))
    if found is None:
        rows = (row for row in rows_on(terms) if row.happening is None and not row.only_falls)
        found = terms.memo["rows of midnight", None] = tuple(rows)
    return found
