"""What the benchmark says: rows, the targets they are held against, one table for people and one file for machines."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

__all__ = ["TARGETS", "Row", "Target", "percentile", "table", "write_rows"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure.

    Shape: `peer` names what it was measured against in the same run, `ratio` is our figure over the peer's; both are
    None where there is no peer. `command` measures the figure again.
    """

    name: str
    value: float
    unit: str
    peer: str | None = None
    ratio: float | None = None
    command: str


class Target(msgspec.Struct, frozen=True):
    """What a figure has to reach. Shape: `at_most` false means at least."""

    bound: float
    at_most: bool

    def met(self, value: float) -> bool:
        """Tell whether a value reaches it."""
        return value <= self.bound if self.at_most else value >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.bound:g}"


TARGETS: dict[str, Target] = {
    "e2e.p50_ms": Target(100, at_most=True),
    "e2e.p99_ms": Target(500, at_most=True),
    "signals.vs_faust_idiomatic": Target(80, at_most=False),
    "signals.vs_kafka_streams_tuned_1t": Target(1.5, at_most=False),
    "signals.vs_bytewax": Target(3, at_most=False),
    "signals.vs_quix": Target(7, at_most=False),
    "signals.single_vs_kafka_streams_tuned_1t": Target(0.8, at_most=False),
    "signals.wrong_answers": Target(0, at_most=True),
    "signals.single_wrong_answers": Target(0, at_most=True),
    "signals.whole_playbook_events_s": Target(100_000, at_most=False),
    "signals.whole_playbook_wrong_answers": Target(0, at_most=True),
    "signals.whole_playbook_rss_growth_percent": Target(20, at_most=True),
    "signals.million_users_rss_mb": Target(2_000, at_most=True),
    "signals.users_100k_to_10": Target(1.5, at_most=True),
    "signals.accounts_zipf_most_to_1k": Target(3, at_most=True),
    "signals.recovery_cold_s": Target(30, at_most=True),
    "signals.recovery_warm_s": Target(5, at_most=True),
    "ingest.vs_fastapi_idiomatic_20": Target(3, at_most=False),
    "ingest.vs_fastapi_idiomatic_200": Target(8, at_most=False),
    "ingest.vs_go_20": Target(1, at_most=False),
    "ingest.vs_go_200": Target(1.5, at_most=False),
    "ingest.single_p99_ms": Target(5, at_most=True),
    "ingest.frozen_growth_mb": Target(16, at_most=True),
    "ingest.frozen_missing": Target(0, at_most=True),
    "importing.events_per_s": Target(150_000, at_most=False),
}
HEADS = ("figure", "value", "unit", "peer", "ratio", "target", "")


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table for people; a value that misses its target is marked."""
    lines = [HEADS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    left = {0, 2, 3, 5, 6}
    shown = [
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    shown.insert(1, "  ".join("-" * width for width in widths[:-1]))
    return "\n".join(shown)


def _cells(row: Row) -> tuple[str, ...]:
    target = TARGETS.get(row.name)
    verdict = "" if target is None else "ok" if target.met(row.value) else "MISSED"
    ratio = "" if row.ratio is None else f"{row.ratio:,.3g}"
    bound = "" if target is None else str(target)
    return row.name, _number(row.value), row.unit, row.peer or "", ratio, bound, verdict


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as a JSON list, replacing what an earlier run wrote."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(list(rows)), indent=2) + b"\n")
    fresh.replace(path)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least so many percent of the values do not exceed (nearest rank)."""
    ranked = sorted(values)
    rank = max(1, -(-len(ranked) * percent // 100))
    return ranked[int(rank) - 1]
