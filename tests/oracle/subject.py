"""What a subject says and knows, in one shape for the oracle and for the engine."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol


@dataclass(frozen=True)
class Told:
    """One record of a trigger as both sides tell it. `held_because` is sorted; numbers are rounded."""

    record: str
    trigger_id: str
    account: str
    rule: str
    scope: str | None
    level: str | None
    decided_by: str
    occurred_at: int
    held_because: tuple[str, ...]
    value: float | None
    threshold: float
    comparison: str

    def __str__(self) -> str:
        """Return the short form of tests: `fired usage_ceiling:api_calls@owner`."""
        scope = f":{self.scope}" if self.scope else ""
        return f"{self.record} {self.rule}{scope}" + (f"@{self.level}" if self.level else "")


@dataclass(frozen=True)
class Explained:
    """What a snapshot says of an account.

    Shape: `states` are those of open triggers; `values` are what all rules but the one-offs measure, where there is a
    value. Who answered twice and whose NPS did not drop is left out: a snapshot does not list all persons.
    """

    segment: str
    today: str
    health: float | None
    components: dict[str, float]
    overridden: bool
    open: bool
    readiness: int
    confidence: float
    met: dict[str, bool | None]
    attainments: dict[str, float]
    held_because: tuple[str, ...]
    states: dict[tuple[str, str | None, str | None], str]
    active: tuple[str, ...]
    values: dict[tuple[str, str | None, str | None], float]


class Subject(Protocol):
    """Something that folds the log of one partition."""

    def fold(self, value: bytes) -> list[Told]:
        """Read one record and return what it made the subject say."""

    def explain(self, account: str) -> Explained | None:
        """Return what is known of an account, None when it does not exist."""


def rounded(number: Fraction | float | None) -> float | None:
    """Return a number as both sides can agree on it."""
    return None if number is None else round(float(number), 6)
