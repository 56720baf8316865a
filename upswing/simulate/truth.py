"""The truth that is written beside the events: JSON Lines of four records, `docs/simulate.md` describes them.

Shape: one `simulation`, then `bad` lines as they come, one `account` for each account, and `totals` at the end. Days
are `YYYY-MM-DD`, UTC. Schema 1; additive changes only. Errors: `ConfigurationError` with one sentence.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from shared.kernel.errors import ConfigurationError

__all__ = ["SCHEMA", "AccountTruth", "Bad", "Disturbance", "Happening", "Simulation", "Stands", "Totals", "Truth"]

SCHEMA = 1


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="record"):
    """One line of the file."""


class Simulation(Record, tag="simulation", frozen=True, kw_only=True):
    """What was asked for. Shape: `judged_rules` are those whose situations the truth knows."""

    schema: int
    seed: int
    accounts: int
    days: int
    first_day: str
    last_day: str
    playbook_version: str
    playbook_digest: str
    judged_rules: list[str]


class Bad(Record, tag="bad", frozen=True, kw_only=True):
    """An event that is wrong on purpose. Units: `line` is its place in the order of arrival, from 1."""

    line: int
    id: str
    account_id: str | None
    code: str


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """A situation, named after the rule that should notice it.

    Shape: `ends` None: until the story ends. `levels`: the day on which each level was reached. `seen_from` is the day
    from which the events that were sent show it, None when they never do. `exact` ones are arithmetic; of the others
    only the latent model knows. A firing within `tolerance_days` of the situation counts.
    """

    rule: str
    scope: str | None
    begins: str
    ends: str | None
    levels: dict[str, str] = {}
    seen_from: str | None = None
    exact: bool = True
    tolerance_days: int = 1


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """What the account decided. Units: MRR a month in the playbook's currency; `readiness` 0-1 at that moment."""

    day: str
    kind: str
    expansion: bool
    mrr_before: float
    mrr_after: float
    readiness: float


class Disturbance(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong with the instrumentation, from a day to a day. `source` None: all that its users do."""

    kind: str
    first_day: str
    last_day: str
    source: str | None


class AccountTruth(Record, tag="account", frozen=True, kw_only=True):
    """All that is true of one account.

    Shape: `situations` are what should be noticed; `illusions` are what the sent events show and is not true.
    `happened` counts events by type, `lost` what of them was never sent, `refused` what was sent wrong, by code.
    `power_user` is who really works six times as much as others from the turning day on, None when nobody does.
    """

    account_id: str
    name: str
    segment: str
    label: str
    first_day: str
    turning_day: str
    readiness: float
    expanded_on: list[str]
    churned_on: str | None
    situations: list[Stands]
    illusions: list[Stands]
    happenings: list[Happening]
    disturbances: list[Disturbance]
    happened: dict[str, int]
    lost: dict[str, int]
    refused: dict[str, int]
    duplicates: int
    power_user: str | None = None


class Totals(Record, tag="totals", frozen=True, kw_only=True):
    """The sums. Shape: `sent` counts lines by type, as they stand in the files; `tokens` say what the events hold."""

    events: int
    sent: dict[str, int]
    bad: int
    duplicates: int
    labels: dict[str, int]
    tokens: list[str]


class Truth(msgspec.Struct):
    """A whole file, read."""

    simulation: Simulation
    accounts: dict[str, AccountTruth]
    totals: Totals
    bad: int


_DECODER = msgspec.json.Decoder(Simulation | Bad | AccountTruth | Totals)
_ENCODER = msgspec.json.Encoder()


def encode(record: Record) -> bytes:
    """Return a line."""
    return _ENCODER.encode(record) + b"\n"


def read_truth(path: Path) -> Truth:
    """Return the truth in a file. Errors: `ConfigurationError` when it is none, or of another schema."""
    simulation: Simulation | None = None
    totals: Totals | None = None
    accounts: dict[str, AccountTruth] = {}
    bad = 0
    for record in _records(path):
        if isinstance(record, Simulation):
            simulation = record
        elif isinstance(record, Totals):
            totals = record
        elif isinstance(record, AccountTruth):
            accounts[record.account_id] = record
        else:
            bad += 1
    if simulation is None or totals is None:
        raise ConfigurationError(f"{path} is not whole: its first line must be `simulation`, its last `totals`")
    if simulation.schema != SCHEMA:
        raise ConfigurationError(f"{path} has schema {simulation.schema}, this version reads {SCHEMA}: simulate anew")
    return Truth(simulation, accounts, totals, bad)


def _records(path: Path) -> Iterator[Simulation | Bad | AccountTruth | Totals]:
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield _DECODER.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise ConfigurationError(f"{path}, line {number}: no record of a truth file: {error}") from None
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None


def known(values: Iterable[str]) -> dict[str, int]:
    """Count texts, sorted by name."""
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return dict(sorted(counts.items()))
