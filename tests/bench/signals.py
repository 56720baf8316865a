"""How fast the signals service folds events, against an idiomatic Faust program on the same job.

With the rival kit its harness runs both; without it a peer of our own does, so that anybody can repeat the figure.
"""

import shlex
import sys
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

PEER = "faust_idiomatic"
EVENTS_AN_ACCOUNT = 1_000
FEWEST_ACCOUNTS = 40  # so that no partition of the slow contestant's input is empty
OWN_COMMAND = (sys.executable, "-m", "tests.bench.own_signals")
PEER_COMMAND = (sys.executable, "-m", "faust", "-A", "tests.bench.peers.faust_idiomatic", "worker", "-l", "warn")
TRUSTED_SECONDS = 2.0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure. Shape: `kit` is the folder of the rival kit, None for our own peer."""

    events: int
    slow_events: int
    runs: int
    kit: Path | None
    command: str

    def accounts_of(self, events: int) -> int:
        """Return over how many accounts events are spread: the same number an account for all contestants."""
        an_account = max(1, min(EVENTS_AN_ACCOUNT, self.slow_events // FEWEST_ACCOUNTS))
        return max(1, events // an_account)


async def measure_signals(bootstrap: str, asked: Asked) -> list[Row]:
    """Return the rows of the comparison. Errors: `RuntimeError` when a contestant cannot be run."""
    settings = Settings()
    say(
        f"signals: configured as from end to end: flush every {settings.flush_seconds:g} s, fetch wait "
        f"{settings.fetch_wait_ms} ms, slices of {settings.slice_ms:g} ms"
    )
    strangers = Strangers()
    ours, peers = await (_by_ourselves(bootstrap, asked) if asked.kit is None else _by_the_kit(bootstrap, asked))
    others = strangers.cores()
    tell_strangers("signals", others)
    for name, run in (("signals", ours), (PEER, peers)):
        if run.missing or run.extra:
            say(f"signals: {name} ANSWERED WRONG: {run.missing} triggers missing, {run.extra} too many")
        if run.seconds < TRUSTED_SECONDS:
            say(f"signals: {name} took {run.seconds:.1f} s, which is too short to trust: raise EVENTS")
    return [*_rows(ours, peers, asked), _others(others, asked)]


def _rows(ours: Run, peers: Run, asked: Asked) -> list[Row]:
    ratio = ours.events_per_s / peers.events_per_s

    def row(name: str, value: float, unit: str, ratio: float | None) -> Row:
        return Row(name=f"signals.{name}", value=value, unit=unit, peer=PEER, ratio=ratio, command=asked.command)

    return [
        row("vs_faust_idiomatic", ratio, "times", ratio),
        row("events_per_s", ours.events_per_s, "events/s", ratio),
        row("cpu_s_per_1m", ours.cpu_s_per_1m, "s", ours.cpu_s_per_1m / peers.cpu_s_per_1m),
        row("rss_mb", ours.rss_mb, "MB", ours.rss_mb / peers.rss_mb),
        row("wrong_answers", ours.missing + ours.extra, "triggers", None),
        Row(name=f"{PEER}.events_per_s", value=peers.events_per_s, unit="events/s", command=asked.command),
        Row(name=f"{PEER}.wrong_answers", value=peers.missing + peers.extra, unit="triggers", command=asked.command),
    ]


def _others(cores: float, asked: Asked) -> Row:
    return Row(name="signals.others_cores", value=cores, unit="cores", command=asked.command)


async def _by_ourselves(bootstrap: str, asked: Asked) -> tuple[Run, Run]:
    contest = {
        "own": (Contestant("own", OWN_COMMAND, line, packed=True), asked.events),
        PEER: (Contestant(PEER, PEER_COMMAND, short_line, packed=False), asked.slow_events),
    }
    runs: dict[str, list[Run]] = {name: [] for name in contest}
    jobs = {}
    for name, (who, count) in contest.items():
        job = make_job(count, asked.accounts_of(count))
        say(f"signals: loading {count:,} events of {job.accounts:,} accounts for {name}")
        await load(bootstrap, f"bench.{name}", job, who)
        jobs[name] = (job, expected(job))
    for turn in range(1, asked.runs + 1):
        for name, (who, _) in contest.items():
            job, answer = jobs[name]
            runs[name].append(await run_once(bootstrap, f"bench.{name}", job, who, answer))
            say(f"signals: run {turn}/{asked.runs} {name}: {runs[name][-1].events_per_s:,.0f} events/s")
    return middle(runs["own"]), middle(runs[PEER])


async def _by_the_kit(bootstrap: str, asked: Asked) -> tuple[Run, Run]:
    """Let the kit's own harness run its peer and our processor; its answer check decides what is right."""
    assert asked.kit
    found = await run_kit(
        asked.kit,
        "peers.py",
        *("--broker", bootstrap, "--peers", PEER, "--runs", str(asked.runs)),
        *("--events", str(asked.events), "--slow-events", str(asked.slow_events)),
        *("--accounts", str(asked.accounts_of(asked.events))),
        *("--own-cmd", shlex.join(("exec", *OWN_COMMAND)), "--own-topic", "packed"),
        *("--own-encoder", f"{Path(__file__).with_name('encode.py')}:line"),
    )
    rows = found["rows"]
    return _kit_run("own", rows), _kit_run(PEER, rows)


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
