"""`make bench`: measure, print a table, write `.bench/latest.json`. What misses its target is marked and fails nothing.

Options come from the environment as well, so that `make bench SECONDS=60 PEERS=../peers` works.
"""

import asyncio
import os
import platform
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from services.signals import compiled
from shared.kernel.errors import UpswingError
from tests.bench import e2e, fold, importing, ingest, memory, recovery, scaling, signals, whole
from tests.bench.rows import Row, table, write_rows
from tests.bench.stacks import FOLDER, fresh_settings, running, say

PARTS = ("e2e", "signals", "whole", "million", "fold", "memory", "scaling", "ingest", "importing", "recovery")
ASKED_FOR = {"million"}  # parts that run only when they are named
LATEST = FOLDER / "latest.json"
RATE, DECIDING_RATE, WARM_UP_SECONDS = 500, 4.0, 10.0
ACCOUNTS = 1_000
INGEST_SECONDS = 5.0
FROZEN_SECONDS = 60.0
SLOW_EVENTS = 100_000  # what the slow contestant gets to do, at most a twentieth
RECOVERED_ACCOUNTS = 100_000
SLOW_SHARE = 20
JOB_ACCOUNTS = 1_000
MILLION_USERS_ACCOUNTS = 25_000
MOST_ACCOUNTS = 1_000_000
SCALING_EVENTS = 5_000_000
FOLD_EVENTS = 1_000_000
BUSY = 0.5


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    seconds: float
    events: int
    runs: int
    rows: int
    peers: Path | None
    only: str | None

    def command(self, part: str, *names: str) -> str:
        """Return the command that measures a part again."""
        values = {"SECONDS": f"{self.seconds:g}", "EVENTS": self.events, "RUNS": self.runs, "ROWS": self.rows}
        given = [f"{name}={values[name]}" for name in names]
        kit = [f"PEERS={self.peers}"] if self.peers and part in {"signals", "ingest"} else []
        return " ".join(["make bench", f"ONLY={part}", *given, *kit])


@click.command()
@click.option("--seconds", envvar="SECONDS", type=click.FloatRange(min=1), default=40.0, help="Measure e2e so long.")
@click.option("--events", envvar="EVENTS", type=click.IntRange(min=1_000), default=5_000_000, help="Events to fold.")
@click.option("--runs", envvar="RUNS", type=click.IntRange(min=1), default=3, help="Runs, of which the median counts.")
@click.option("--rows", envvar="ROWS", type=click.IntRange(min=1_000), default=10_000_000, help="Rows to import.")
@click.option("--peers", envvar="PEERS", type=click.Path(path_type=Path), help="Folder of the rival kit.")
@click.option("--only", envvar="ONLY", type=click.Choice(PARTS), help="Measure one part.")
def main(**chosen: Any) -> None:
    """Measure this machine's figures; see docs/performance.md."""
    options = Options(**chosen)
    try:
        sys.exit(asyncio.run(_run(options)))
    except KeyboardInterrupt:
        sys.exit("bench: stopped")


async def _run(options: Options) -> int:
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    _introduce()
    rows: list[Row] = []
    failed = False
    for part in PARTS:
        if options.only == part or (options.only is None and part not in ASKED_FOR):
            try:
                rows += await MEASURES[part](options)
            except (UpswingError, RuntimeError) as error:
                failed = True
                say(f"{part}: could not be measured: {error}")
    if rows:
        click.echo(f"\n{table(rows)}\n")
        write_rows(rows, LATEST)
        click.echo(f"written to {LATEST}; each row there has the command that repeats it")
    return int(failed)


def _introduce() -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    say(f"{now}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}")
    say(f"core of signals: {'compiled' if compiled.is_built() else 'interpreted'} (in processes of its own)")
    busy = os.getloadavg()[0]
    if busy > BUSY:
        say(f"others use this machine (load {busy:.1f}): the figures will be worse than it can do")


async def _e2e(options: Options) -> list[Row]:
    asked = e2e.Asked(
        seconds=options.seconds,
        warm_up_seconds=min(WARM_UP_SECONDS, options.seconds),
        rate=RATE,
        deciding_rate=DECIDING_RATE,
        accounts=max(ACCOUNTS, int(2 * DECIDING_RATE * options.seconds)),
        command=options.command("e2e", "SECONDS"),
    )
    return await e2e.measure_e2e(asked)


async def _signals(options: Options) -> list[Row]:
    asked = signals.Asked(
        events=options.events,
        slow_events=max(1, min(options.events // SLOW_SHARE, SLOW_EVENTS)),
        accounts=JOB_ACCOUNTS,
        runs=options.runs,
        kit=options.peers,
        command=options.command("signals", "EVENTS", "RUNS"),
    )
    async with running(fresh_settings("signals"), services=()) as stack:
        return await signals.measure_signals(stack.bootstrap, asked)


async def _whole(options: Options) -> list[Row]:
    command = options.command("whole", "EVENTS", "RUNS")
    asked = whole.Asked(events=options.events, accounts=JOB_ACCOUNTS, runs=options.runs, command=command)
    async with running(fresh_settings("whole"), services=()) as stack:
        return await whole.measure_whole(stack.bootstrap, asked)


async def _million(options: Options) -> list[Row]:
    """Measure a million users on one worker: its memory is the figure."""
    command = options.command("million", "EVENTS")
    asked = whole.Asked(events=options.events, accounts=MILLION_USERS_ACCOUNTS, runs=1, command=command)
    async with running(fresh_settings("million"), services=()) as stack:
        rows = await whole.measure_whole(stack.bootstrap, asked)
    named = {"signals.whole_playbook_rss_mb": "signals.million_users_rss_mb"}
    return [msgspec.structs.replace(row, name=named[row.name]) for row in rows if row.name in named]


async def _fold(options: Options) -> list[Row]:
    command = options.command("fold", "EVENTS", "RUNS")
    count = min(options.events, FOLD_EVENTS)
    asked = fold.Asked(events=count, accounts=JOB_ACCOUNTS, runs=options.runs, command=command)
    return await asyncio.to_thread(fold.measure_fold, asked)


async def _memory(options: Options) -> list[Row]:
    asked = memory.Asked(command=options.command("memory"))
    return await asyncio.to_thread(memory.measure_memory, asked)


async def _scaling(options: Options) -> list[Row]:
    command = options.command("scaling", "EVENTS")
    asked = scaling.Asked(events=min(options.events, SCALING_EVENTS), most_accounts=MOST_ACCOUNTS, command=command)
    return await asyncio.to_thread(scaling.measure_scaling, asked)


async def _ingest(options: Options) -> list[Row]:
    asked = ingest.Asked(
        seconds=min(INGEST_SECONDS, options.seconds),
        runs=options.runs,
        frozen_seconds=FROZEN_SECONDS,
        processes=os.cpu_count() or 1,
        kit=options.peers,
        command=options.command("ingest", "SECONDS", "RUNS"),
    )
    settings = fresh_settings("ingest").model_copy(update={"partitions": ingest.PARTITIONS})
    async with running(settings, services=()) as stack:
        return await ingest.measure_ingest(stack, asked)


async def _importing(options: Options) -> list[Row]:
    asked = importing.Asked(rows=options.rows, memory="512MB", command=options.command("importing", "ROWS"))
    async with running(fresh_settings("importing"), services=()) as stack:
        return await importing.measure_importing(stack.bootstrap, asked)


async def _recovery(options: Options) -> list[Row]:
    command = options.command("recovery", "RUNS")
    asked = recovery.Asked(accounts=RECOVERED_ACCOUNTS, runs=options.runs, command=command)
    async with running(fresh_settings("recovery"), services=()) as stack:
        return await recovery.measure_recovery(stack.bootstrap, asked)


Measure = Callable[[Options], Awaitable[list[Row]]]
MEASURES: dict[str, Measure] = {
    "e2e": _e2e,
    "signals": _signals,
    "whole": _whole,
    "million": _million,
    "fold": _fold,
    "memory": _memory,
    "scaling": _scaling,
    "ingest": _ingest,
    "importing": _importing,
    "recovery": _recovery,
}

if __name__ == "__main__":
    main()
