"""What an account says and keeps: records of triggers, what is open, and the terms it is judged by.

Source: definitions 16, 38, 66.
"""

from dataclasses import dataclass
from fractions import Fraction

from shared.kernel.playbook.document import Playbook
from tests.oracle.value import Level

Key = tuple[str | None, ...]  # rule, scope, level; of a one-off also what decided it


@dataclass(frozen=True)
class Said:
    """One record of a trigger, with the numbers that matter."""

    record: str
    trigger_id: str
    account: str
    rule: str
    scope: str | None
    level: str | None
    decided_by: str
    occurred_at: int
    held_because: tuple[str, ...]
    value: Fraction | None
    threshold: Fraction
    comparison: str


@dataclass
class Open:
    """A trigger that has not ended.

    Shape: `kept` is the threshold it fired with (definition 66), `day` the account's today when it did; `until` is of
    one-offs.
    """

    trigger_id: str
    decided_by: str
    kept: Level
    held: bool
    day: int
    until: int = 0
    value: Fraction | None = None


@dataclass
class Terms:
    """By what a partition judges from here on: the playbook, the rules switched off, and whether history is loading."""

    playbook: Playbook
    off: frozenset[str] = frozenset()
    backfill: bool = False
