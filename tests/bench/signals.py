"""How fast the signals service folds events, against other stream processors on the same job.

With the rival kit its harness runs all: ours on packed records against Faust, Kafka Streams, Bytewax and Quix, then
ours with one event a record against Kafka Streams. Without it a peer of our own, an idiomatic Faust program, is run, so
that anybody can repeat the figure.
"""

import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from services.signals.settings import Settings
from tests.bench.contest import Contestant, Run, load, middle, run_once
from tests.bench.encode import line
from tests.bench.job import expected, make_job, short_line
from tests.bench.kit import run_kit
from tests.bench.processes import Strangers
from tests.bench.rows import Row
from tests.bench.stacks import say, tell_strangers

__all__ = ["PEER", "Asked", "measure_signals"]

PEER, OWN = "faust_idiomatic", "own"
RIVALS = {
    PEER: "vs_faust_idiomatic",
    "kstreams_1t": "vs_kafka_streams_tuned_1t",
    "bytewax": "vs_bytewax",
    "quix": "vs_quix",
}
SINGLE_RIVALS = ("kstreams_1t",)  # with one event a record on both sides
FIGURES = {"events_per_s": "events/s", "cpu_s_per_1m": "s", "rss_mb": "MB"}
OWN_COMMAND = (sys.executable, "-m", "tests.bench.own_signals")
PEER_COMMAND = (sys.executable, "-m", "faust", "-A", "tests.bench.peers.faust_idiomatic", "worker", "-l", "warn")
TRUSTED_SECONDS = 2.0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure. Shape: `kit` is the folder of the rival kit, None for our own peer.

    The slow peer gets fewer events, over accounts in the same proportion.
    """

    events: int
    slow_events: int
    accounts: int
    runs: int
    kit: Path | None
    command: str


async def measure_signals(bootstrap: str, asked: Asked) -> list[Row]:
    """Return the rows of the comparison. Errors: `RuntimeError` when our own program cannot be run."""
    settings = Settings()
    say(
        f"signals: configured as from end to end: flush every {settings.flush_seconds:g} s, fetch wait "
        f"{settings.fetch_wait_ms} ms, slices of {settings.slice_ms:g} ms"
    )
    strangers = Strangers()
    rows: list[Row] = []
    if asked.kit is None:
        rows += compared("", await _by_ourselves(bootstrap, asked), asked)
    else:
        rows += compared("", await _by_the_kit(bootstrap, asked, "packed", RIVALS), asked)
        rows += compared("single_", await _by_the_kit(bootstrap, asked, "single", SINGLE_RIVALS), asked)
    others = strangers.cores()
    tell_strangers("signals", others)
    return [*rows, Row(name="signals.others_cores", value=others, unit="cores", command=asked.command)]


def compared(kind: str, runs: Mapping[str, Run], asked: Asked) -> list[Row]:
    """Return the rows of one comparison: our figures, and for each rival the ratio and its own figures."""
    ours = runs[OWN]
    for name, run in runs.items():
        if run.missing or run.extra:
            say(f"signals: {name} ANSWERED WRONG: {run.missing} triggers missing, {run.extra} too many")
        if run.seconds < TRUSTED_SECONDS:
            say(f"signals: {name} took {run.seconds:.1f} s, which is too short to trust: raise EVENTS")
    rows = [_row(f"signals.{kind}{figure}", getattr(ours, figure), asked) for figure in FIGURES]
    for name, run in runs.items():
        if name != OWN:
            ratio = ours.events_per_s / run.events_per_s
            rows.append(_row(f"signals.{kind}{RIVALS[name]}", ratio, asked, name, ratio))
            rows += [
                _row(f"{name}.{kind}{figure}", value, asked, OWN, value / getattr(ours, figure))
                for figure in FIGURES
                if (value := getattr(run, figure))
            ]
    wrong = sum(run.missing + run.extra for run in runs.values())
    return [*rows, _row(f"signals.{kind}wrong_answers", wrong, asked)]


def _row(name: str, value: float, asked: Asked, peer: str | None = None, ratio: float | None = None) -> Row:
    unit = next((unit for figure, unit in FIGURES.items() if name.endswith(figure)), "times" if peer else "triggers")
    return Row(name=name, value=value, unit=unit, peer=peer, ratio=ratio, command=asked.command)


async def _by_ourselves(bootstrap: str, asked: Asked) -> dict[str, Run]:
    contest = {
        OWN: (Contestant(OWN, OWN_COMMAND, line, packed=True), asked.events),
        PEER: (Contestant(PEER, PEER_COMMAND, short_line, packed=False), asked.slow_events),
    }
    runs: dict[str, list[Run]] = {name: [] for name in contest}
    jobs = {}
    for name, (who, count) in contest.items():
        job = make_job(count, max(1, asked.accounts * count // asked.events))
        say(f"signals: loading {count:,} events of {job.accounts:,} accounts for {name}")
        await load(bootstrap, f"bench.{name}", job, who)
        jobs[name] = (job, expected(job))
    for turn in range(1, asked.runs + 1):
        for name, (who, _) in contest.items():
            job, answer = jobs[name]
            runs[name].append(await run_once(bootstrap, f"bench.{name}", job, who, answer))
            say(f"signals: run {turn}/{asked.runs} {name}: {runs[name][-1].events_per_s:,.0f} events/s")
    return {name: middle(done) for name, done in runs.items()}


async def _by_the_kit(bootstrap: str, asked: Asked, form: str, rivals: Iterable[str]) -> dict[str, Run]:
    """Let the kit's own harness run its peers and our processor; its answer check decides what is right.

    Shape: `form` is `packed` or `single`; a peer that could not be installed or run is said and left out.
    """
    assert asked.kit
    found = await run_kit(
        asked.kit,
        "peers.py",
        *("--broker", bootstrap, "--peers", ",".join(rivals), "--runs", str(asked.runs)),
        *("--events", str(asked.events), "--slow-events", str(asked.slow_events), "--accounts", str(asked.accounts)),
        *("--own-cmd", shlex.join(("exec", *OWN_COMMAND)), "--own-topic", form),
        *("--own-encoder", f"{Path(__file__).with_name('encode.py')}:line"),
    )
    runs = {OWN: _kit_run(OWN, found["rows"])}
    for name in rivals:
        try:
            runs[name] = _kit_run(name, found["rows"])
        except RuntimeError as error:
            say(f"signals: {error}")
    return runs


def _kit_run(name: str, rows: dict[str, Any]) -> Run:
    row = rows.get(name, {})
    good = [run for run in row.get("runs", []) if not run["problem"]]
    for problem in row.get("problems", []):
        say(f"signals: a run of {name} failed: {problem}")
    if not good:
        raise RuntimeError(f"the kit could not run {name}: {row.get('problems') or 'it was skipped'}")
    return Run(
        events_per_s=row["events_per_s"],
        seconds=median(run["seconds"] for run in good),
        cpu_s_per_1m=row["cpu_s_per_1m"],
        rss_mb=row["peak_rss_mb"],
        missing=sum(run["missing"] for run in good),
        extra=sum(run["extra"] for run in good),
    )
