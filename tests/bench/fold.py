"""What an event costs in the fold alone: the figures "in process" of docs/performance.md.

Each run is a process of its own, so that the compiled core is taken where there is one; which one ran is said first.
"""

import subprocess
import sys
from statistics import median

import msgspec

from tests.bench.processes import Strangers
from tests.bench.rows import Row
from tests.bench.stacks import ROOT, say, tell_strangers

__all__ = ["JOBS", "Asked", "Told", "measure_fold"]

JOBS = ("three_rules", "three_rules_single", "every_rule")
PARTS = ("decode", "fold", "flush", "snapshots")
COMMAND = (sys.executable, "-m", "tests.bench.own_fold")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure."""

    events: int
    accounts: int
    runs: int
    command: str


class Told(msgspec.Struct, frozen=True):
    """What a run has told: `in_process.Costs`. Units: µs an event."""

    core: str
    events: int
    triggers: int
    decode: float
    fold: float
    flush: float
    snapshots: float


def measure_fold(asked: Asked) -> list[Row]:
    """Return the costs of each job, medians of the runs. Errors: `RuntimeError` when a run fails."""
    strangers = Strangers()
    rows: list[Row] = []
    for job in JOBS:
        runs = [_run(job, asked) for _ in range(asked.runs)]
        costs = {part: median(getattr(run, part) for run in runs) for part in PARTS}
        told = ", ".join(f"{part} {cost:.2f}" for part, cost in costs.items())
        say(f"fold: core of signals {runs[0].core}; {job}: {told} us an event, {runs[0].triggers:,} triggers")
        rows += [_row(f"fold_{job}_{part}_us", cost, "us/event", asked) for part, cost in costs.items()]
    others = strangers.cores()
    tell_strangers("fold", others)
    return [*rows, _row("fold_others_cores", others, "cores", asked)]


def _run(job: str, asked: Asked) -> Told:
    command = (*COMMAND, job, str(asked.events), str(asked.accounts))
    ended = subprocess.run(command, capture_output=True, check=False, cwd=ROOT)  # noqa: S603 - our own command
    if ended.returncode:
        raise RuntimeError(f"{job} ended with code {ended.returncode}: {ended.stderr.decode(errors='replace')[-300:]}")
    return msgspec.json.decode(ended.stdout, type=Told)


def _row(name: str, value: float, unit: str, asked: Asked) -> Row:
    return Row(name=f"signals.{name}", value=value, unit=unit, command=asked.command)
