"""What the comparison of ingest says: ours in one process, ours in as many as there are cores, and the peers."""

import msgspec

from tests.bench.rows import Row

__all__ = ["GO_PEER", "ONE", "OWN", "PEER", "Run", "Runs", "rows_of"]

OWN, ONE = "own", "one"
PEER, GO_PEER = "fastapi_idiomatic", "go_franz"
UNITS = {"events_per_s": "events/s", "p50_ms": "ms", "p99_ms": "ms", "cpu_s_per_1m": "s", "rss_mb": "MB"}
OF_PEERS = ("events_per_s", "p99_ms", "cpu_s_per_1m")


class Run(msgspec.Struct, frozen=True):
    """What one run gave. Units: in the names; CPU and memory are the service's, without broker and load."""

    events_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_s_per_1m: float
    rss_mb: float
    errors: int


Runs = dict[str, dict[int, Run]]
"""The median run of each contestant at each batch size; ours are `own` and, in one process, `one`."""


def rows_of(runs: Runs, processes: int, command: str) -> list[Row]:
    """Return the rows. Shape: ours has `processes`, because Go uses every core; FastAPI's one meets ours in one."""
    return [
        row for name, by_size in runs.items() for size in by_size for row in _rows(runs, name, size, processes, command)
    ]


def _rows(runs: Runs, name: str, size: int, processes: int, command: str) -> list[Row]:
    run = runs[name][size]
    if name not in {OWN, ONE}:
        figures = [(figure, UNITS[figure]) for figure in OF_PEERS]
        return [
            Row(name=f"{name}.{figure}_{size}", value=getattr(run, figure), unit=unit, command=command)
            for figure, unit in figures
        ]
    peer = GO_PEER if name == OWN and GO_PEER in runs else PEER
    prefix, count = ("ingest", processes) if name == OWN else ("ingest.one_process", 1)
    told = f", {count} processes" if count > 1 else ", 1 process"
    other = runs[peer][size]
    versus = run.events_per_s / other.events_per_s
    rows = []
    if name == ONE or peer == GO_PEER:
        against = "ingest.vs_go" if peer == GO_PEER else "ingest.vs_fastapi_idiomatic"
        rows.append(
            Row(name=f"{against}_{size}", value=versus, unit=f"times{told}", peer=peer, ratio=versus, command=command)
        )
    joint = "." if name == OWN else "_"
    return rows + [
        Row(
            name=f"{prefix}{joint}{figure}_{size}",
            value=getattr(run, figure),
            unit=unit + told,
            peer=peer,
            ratio=getattr(run, figure) / getattr(other, figure),
            command=command,
        )
        for figure, unit in UNITS.items()
    ]
