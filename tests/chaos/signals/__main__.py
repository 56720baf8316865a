"""`make chaos-signals`: fault rows of the signals service with real processes, seeded, against an offline oracle.

    make chaos-signals                     one fault of each sort; KILLS=50 as many of each row as make sense
    make chaos-signals ROWS=2,18b SEED=7   some rows, with another seed
    make chaos-signals SECONDS=600         no row begins after so long
    make chaos-signals MUTATE=1            each protection undone in a scratch copy: the suite must fail there

Errors: exit code 1 when anything was lost, counted twice, or is not as the log says.
"""

import asyncio
import logging
import signal
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

import click

from deploy.local.jars import ensure_jars
from tests.chaos.signals import rows_brokers, rows_groups, rows_kills, rows_logs, rows_records
from tests.chaos.signals.ground import Ground, Report, Row
from tests.chaos.signals.mutating import run_mutations
from tests.chaos.signals.scratch import scratch
from tests.support.broker import Broker

__all__ = ["ROWS", "run_row", "table"]

ROOT = Path(__file__).parents[3]
ROWS: tuple[Row, ...] = (
    *rows_kills.ROWS,
    *rows_brokers.ROWS,
    *rows_groups.ROWS,
    *rows_records.ROWS,
    *rows_logs.ROWS,
)
HANG_SECONDS, HANG_SECONDS_A_FAULT = 240, 60  # a row that takes longer hangs, which is a failure like any other
HEADS = ("row", "fault", "faults", "starts", "events", "triggers", "repeats", "letters", "slowest", "took", "")


async def run_row(row: Row, folder: Path, bootstrap: str, jars: list[Path], seed: int, kills: int) -> Report:
    """Run one row and return what it did; a violation is in the report."""
    report = Report(row.name, row.fault)
    ground = Ground(folder / f"row-{row.name}", bootstrap, jars, report, seed, max(1, round(kills * row.share)))
    began = time.monotonic()
    try:
        async with asyncio.timeout(HANG_SECONDS + HANG_SECONDS_A_FAULT * ground.kills):
            await row.run(ground)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is this row's failure; the next one runs
        report.failed = f"{type(error).__name__}: {error}"
        (ground.folder / "failure.txt").write_text(traceback.format_exc())
    finally:
        ground.close()
        report.seconds = time.monotonic() - began
    return report


def table(reports: list[Report]) -> str:
    """Return the reports as a table for people, what was checked below each row."""
    cells = [HEADS, *(_cells(report) for report in reports)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADS))]
    lines = []
    for number, line in enumerate(cells):
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
        if number:
            report = reports[number - 1]
            lines.append(f"      checked: {', '.join(report.checked) or 'nothing'}; state {report.state or '-'}")
            lines += [f"      {text}" for text in report.failed.splitlines()[:20]]
    return "\n".join(lines)


def _cells(report: Report) -> tuple[str, ...]:
    counts = (report.kills, report.starts, report.events, report.triggers, report.repeats, report.letters)
    slowest = f"{report.slowest_s:.1f} s" if report.slowest_s else ""
    verdict = "VIOLATED" if report.failed else "ok"
    return report.row, report.fault, *(f"{count:,}" for count in counts), slowest, f"{report.seconds:.0f} s", verdict


@click.command()
@click.option("--seed", envvar="SEED", type=int, default=1, help="Another seed is another course of events.")
@click.option("--kills", envvar="KILLS", type=click.IntRange(min=1), default=6, help="Faults a row.")
@click.option("--seconds", envvar="SECONDS", type=float, default=float("inf"), help="Begin no row after so long.")
@click.option("--rows", "names", envvar="ROWS", default="", help="Only these rows, by their names.")
@click.option("--mutate", envvar="MUTATE", is_flag=True, help="Undo each protection in a scratch copy.")
@click.option("--kafka", envvar="CHAOS_KAFKA", default="", help="Use this broker for rows that break none.")
@click.option("--jars", type=click.Path(path_type=Path), default=ROOT / ".upswing" / "jars", help="The broker's jars.")
def main(seed: int, kills: int, seconds: float, names: str, mutate: bool, kafka: str, jars: Path) -> None:
    """Run the suite; see docs/chaos-signals.md."""
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that what was started is ended
    wanted = [row for row in ROWS if not names or row.name in names.split(",")]
    if missing := set(filter(None, names.split(","))) - {row.name for row in ROWS}:
        raise click.UsageError(f"no such rows: {', '.join(sorted(missing))}")
    found = ensure_jars(jars)
    with scratch() as folder:
        broker = None if kafka else Broker(folder / "kafka", found)
        try:
            if broker:
                broker.start()
            bootstrap = kafka or (broker.bootstrap if broker else "")
            if mutate:
                sys.exit(run_mutations(folder, bootstrap, jars, seed, names))
            sys.exit(asyncio.run(_run(wanted, folder, bootstrap, found, seed, kills, seconds)))
        finally:
            if broker:
                broker.kill()


async def _run(
    rows: list[Row], folder: Path, bootstrap: str, jars: list[Path], seed: int, kills: int, seconds: float
) -> int:
    began, reports = time.monotonic(), []
    click.echo(f"{datetime.now(UTC):%Y-%m-%d %H:%M UTC}, seed {seed}, {kills} faults a row; logs in {folder}")
    for row in rows:
        if time.monotonic() - began > seconds:
            click.echo(f"row {row.name} is left out: {seconds:g} s are over")
            continue
        reports.append(await run_row(row, folder, bootstrap, jars, seed, kills))
        click.echo(table(reports[-1:]).split("\n", 1)[1])
    text = table(reports)
    (folder / "table.txt").write_text(text + "\n")
    click.echo(f"\n{text}")
    return int(any(report.failed for report in reports))


if __name__ == "__main__":
    main()
