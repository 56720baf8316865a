"""The vocabulary of an episode's life: causes, steps, and the values of all rules at one moment.

Source: definitions 4, 5, 33 and 38.
"""

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from services.signals.core.account import Account
from services.signals.core.rules import RULES
from services.signals.core.rules.row import Level, Measure, RuleRow
from services.signals.core.state import Episode
from services.signals.core.terms import Terms

OPEN = frozenset({"fired", "held", "released"})
PASSED, HELD, FIRED, RELEASED = "passed", "held", "fired", "released"


class Cause(msgspec.Struct, frozen=True):
    """What made the rules be looked at. Units: instants in milliseconds; `at_ms` is the account's clock."""

    decided_by: str
    at_ms: int
    event_ms: int | None = None
    received_at: int | None = None


class Step(msgspec.Struct, frozen=True):
    """One record to emit: what happened to which episode, and the value that decided (None: not measured any more)."""

    record: Literal["fired", "held", "released", "resolved"]
    row: RuleRow
    episode: Episode
    level: Level | None
    measure: Measure | None
    cause: Cause


Emit = Callable[[Account, Step], None]


class RuleFailed(Exception):  # noqa: N818 - says what happened, and is caught at the edge of a record
    """A rule raised while it measured: the record's event goes to the dead letters, the rule is counted."""

    def __init__(self, rule: str, error: Exception) -> None:
        super().__init__(f"{rule}: {type(error).__name__}: {error}")
        self.rule = rule


Values = list[tuple[RuleRow, list[Measure]]]


def measured(account: Account, terms: Terms, failed: list[RuleFailed] | None = None) -> Values:
    """Return the values of all rules now, by scope; nothing for a rule that is off.

    Errors: `RuleFailed`, unless `failed` is given: then it is noted there, and the rule is left out of the answer.
    """
    values: Values = []
    for row in RULES:
        try:
            values.append((row, list(row.measure(account, terms)) if terms.enabled(row.name) else []))
        except Exception as error:  # a rule's failure has the fate of its record, whatever it raises
            failure = RuleFailed(row.name, error)
            if failed is None:
                raise failure from error
            failed.append(failure)
    return values


def ranked(account: Account, row: RuleRow, terms: Terms, scope: str | None) -> Iterator[tuple[Episode, Level | None]]:
    """Yield the episodes of one scope from the lowest level to the highest; unknown levels come first."""
    levels = {level.name: (rank, level) for rank, level in enumerate(row.levels_for(terms, scope))}
    found = [e for e in account.episodes.values() if e.rule == row.name and e.scope == scope]
    for episode in sorted(found, key=lambda e: levels[e.level][0] if e.level in levels else -1):
        yield episode, levels[episode.level][1] if episode.level in levels else None
