"""What a rule of the oracle is: a row that measures a view of the account.

Shape: a *state* has `measure`; a *rule of the day* too, with `by_day` (definition 35): `ended` is measured before the
account's today turns, `begins` after; a *one-off* has `happening` instead. Whether the gate holds a rule follows from
its kind in the playbook.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Literal

from shared.kernel.events.envelope import Event
from shared.kernel.playbook.document import Playbook
from tests.oracle.gate import segment_of
from tests.oracle.health import Health, health
from tests.oracle.history import Facts, History
from tests.oracle.paths import Past, World
from tests.oracle.records import Key, Open
from tests.oracle.value import Value


@dataclass(frozen=True)
class View:
    """An account at one moment, as it is measured.

    Shape: for a rule whose window ends on the day that has ended `today` is that day, and the day that begins is the
    next. `open` are the triggers that are open at this moment, this record's included.
    """

    history: History
    playbook: Playbook
    today: int
    past: Past = field(default_factory=Past)
    world: World = field(default_factory=World)
    open: Mapping[Key, Open] = field(default_factory=dict)

    @cached_property
    def facts(self) -> Facts:
        """Return the facts in force."""
        return self.history.facts()

    @cached_property
    def segment(self) -> str:
        """Return the key of the segment in force."""
        return segment_of(self.facts, self.playbook)

    @cached_property
    def health(self) -> Health:
        """Return health today."""
        return health(self.history, self.segment, self.playbook, self.today)

    @property
    def score(self) -> Fraction | None:
        """Return the number of health today."""
        return self.health.score

    def date(self, name: str) -> int | None:
        """Return the day of a fact that is a date."""
        return self.facts.day(name)

    def began_within(self, days: int) -> set[str]:
        """Return the rules with an open trigger that fired, held or not, today or in the days before (18)."""
        return {str(key[0]) for key, trigger in self.open.items() if trigger.day > self.today - days}


@dataclass(frozen=True)
class Row:
    """One rule. Shape: the scope of one that is `by_person` is a user, who may be erased (definition 67)."""

    name: str
    measure: Callable[[View], Iterable[Value]] | None = None
    by_day: Literal["", "ended", "begins"] = ""
    happening: Callable[[View, Event], Iterable[Value]] | None = None
    by_person: bool = False


def is_on(rule: str, playbook: Playbook, off: frozenset[str]) -> bool:
    """Return whether a rule is on, by the playbook and by hand."""
    return rule not in off and bool(getattr(playbook.rules, rule).enabled)


def is_gated(rule: str, playbook: Playbook) -> bool:
    """Return whether the gate holds a rule: expansion only, risk and adoption never."""
    return str(getattr(playbook.rules, rule).kind) == "expansion"
