"""The scorecard: one row for each account, the readiest first.

Source: playbook section 10, definition 42.
"""

import csv
import io
from collections.abc import Iterable

import msgspec

from shared.kernel.snapshots import Snapshot


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


def make_row(snapshot: Snapshot) -> ScorecardRow:
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
    """Return rows as CSV with a header; the names of triggers are joined by `;`, what is unknown is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        values = (getattr(row, column) for column in COLUMNS)
        writer.writerow([";".join(value) if isinstance(value, tuple) else value for value in values])
    return out.getvalue()
