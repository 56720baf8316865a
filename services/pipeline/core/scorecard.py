"""The scorecard: one row for each account, the readiest first.

Source: playbook section 10, definition 42.
"""

import csv
import io
from collections.abc import Iterable

import msgspec

from shared.kernel.triggers import EstimatedAcv


class GateGist(msgspec.Struct, frozen=True):
    """What the scorecard needs of the gate."""

    open: bool
    readiness: int
    held_because: tuple[str, ...] = ()


class HealthGist(msgspec.Struct, frozen=True):
    """What the scorecard needs of the health."""

    score: float | None


class SnapshotGist(msgspec.Struct, frozen=True, kw_only=True):
    """What the scorecard needs of a snapshot; the rest of it is not even decoded."""

    account_id: str
    segment: str
    lifecycle: str
    health: HealthGist
    gate: GateGist
    activation_status: str
    active_triggers: tuple[str, ...]
    recommended_motion: str
    estimated_expansion_acv: EstimatedAcv | None


class ScorecardRow(msgspec.Struct, frozen=True, kw_only=True):
    """One account. Units: `expansion_readiness` 0-100; `estimated_expansion_acv` in the account's currency."""

    account_id: str
    segment: str
    health_score: float | None
    activation_status: str
    expansion_readiness: int
    active_triggers: tuple[str, ...]
    recommended_motion: str
    estimated_expansion_acv: int | float | None


COLUMNS: tuple[str, ...] = ScorecardRow.__struct_fields__
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_DECODER = msgspec.json.Decoder(SnapshotGist)


def read_gist(body: bytes) -> SnapshotGist:
    """Return what the scorecard needs of a snapshot's bytes. Errors: `msgspec.ValidationError` names the path."""
    return _DECODER.decode(body)


def make_row(snapshot: SnapshotGist) -> ScorecardRow:
    """Return the row of an account."""
    estimate = snapshot.estimated_expansion_acv
    return ScorecardRow(
        account_id=snapshot.account_id,
        segment=snapshot.segment,
        health_score=snapshot.health.score,
        activation_status=snapshot.activation_status,
        expansion_readiness=snapshot.gate.readiness,
        active_triggers=tuple(sorted(snapshot.active_triggers)),
        recommended_motion=snapshot.recommended_motion,
        estimated_expansion_acv=estimate.amount if estimate else None,
    )


def rank(rows: Iterable[ScorecardRow]) -> list[ScorecardRow]:
    """Return rows by readiness, highest first; ties by account."""
    return sorted(rows, key=lambda row: (-row.expansion_readiness, row.account_id))


def write_csv(rows: Iterable[ScorecardRow]) -> str:
    """Return rows as CSV with a header; the names of triggers are joined by `;`, what is unknown is empty.

    Shape: a text that a spreadsheet would take for a formula has an apostrophe before it, so that it stays a text:
    who holds a write key chooses the names of accounts.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(getattr(row, column)) for column in COLUMNS])
    return out.getvalue()


def _cell(value: object) -> object:
    text = ";".join(value) if isinstance(value, tuple) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(FORMULA) else text
