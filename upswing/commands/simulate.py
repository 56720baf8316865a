"""`upswing simulate`: made-up companies with known truth, as files or live, and a score of what was noticed."""

import asyncio
import sys
import time
from datetime import datetime
from pathlib import Path

import click
import msgspec

from shared.io.playbooks import read_playbook
from shared.kernel.clock import day_from_date
from upswing.broker import broker_options, find_broker
from upswing.simulate.request import CLEAN, MOST_ACCOUNTS, MOST_DAYS, Disturbances, Request, last_whole_day

__all__ = ["command"]

PLAYBOOK = Path(__file__).parents[2] / "playbooks" / "default.yaml"
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(name="simulate")
def command() -> None:
    """Make up companies whose truth is known, and measure how much of it is noticed.

    The same options give the same bytes. docs/simulate.md says what the truth holds.
    """


def _request(
    accounts: int, days: int, seed: int, end: datetime | None, playbook: Path | None, *, clean: bool
) -> Request:
    last = last_whole_day(time.time_ns() // 1_000_000) if end is None else day_from_date(end.date())
    request = Request(
        seed=seed,
        accounts=accounts,
        days=days,
        end_day=last,
        playbook=read_playbook(playbook or PLAYBOOK),
        disturbances=CLEAN if clean else Disturbances(),
    )
    request.check()
    return request


@command.command()
@click.option("--out", type=FOLDER, required=True, help="A new or empty folder.")
@click.option("--accounts", type=click.IntRange(1, MOST_ACCOUNTS), default=200, show_default=True)
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=120, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same companies.")
@click.option("--end", type=click.DateTime(["%Y-%m-%d"]), help="The last day; yesterday if not given.")
@click.option("--playbook", type=FILE, help="Plans, limits, features and segments to live by; the default one's.")
@click.option("--clean", is_flag=True, help="Without broken instrumentation.")
@click.option(
    "--format",
    "written",
    type=click.Choice(["native", "segment", "csv", "parquet"]),
    default="native",
    show_default=True,
    help="Native or Segment lines, or a CSV or Parquet file for each type of event.",
)
def files(
    out: Path,
    accounts: int,
    days: int,
    seed: int,
    end: datetime | None,
    playbook: Path | None,
    written: str,
    *,
    clean: bool,
) -> None:
    """Write events, their truth, a mapping and a playbook to a folder."""
    from upswing.simulate.files import TRUTH, write_files  # noqa: PLC0415 - `upswing --help` stays quick

    request = _request(accounts, days, seed, end, playbook, clean=clean)
    with click.progressbar(length=days, label="days", file=sys.stderr) as bar:
        made = write_files(request, out, written, lambda _day: bar.update(1))
    labels = ", ".join(f"{count:,} {label}" for label, count in made.totals.labels.items())
    click.echo(f"{made.totals.events:,} events of {accounts:,} accounts ({labels}) are in {out}")
    click.echo(
        f"{made.totals.bad:,} of them are wrong on purpose, {made.totals.duplicates:,} are sent twice; "
        f"the truth is in {out / TRUTH}"
    )


@command.command()
@click.option("--truth", "path", type=FILE, required=True, help="The truth that was written with the events.")
@click.option("--triggers", type=FILE, help="Triggers as JSON lines, instead of those on the topic.")
@click.option("--playbook", type=FILE, help="The playbook in force; playbook.yaml beside the truth if not given.")
@click.option("--examples", type=click.IntRange(0, 100), default=3, show_default=True, help="Of each kind of miss.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--min-recall", type=click.FloatRange(0, 1), help="Exit with 1 when recall of all rules is below.")
@broker_options
def score(
    path: Path,
    triggers: Path | None,
    playbook: Path | None,
    examples: int,
    kafka: str | None,
    data: Path | None,
    topic_prefix: str | None,
    min_recall: float | None,
    *,
    as_json: bool,
) -> None:
    """Tell precision and recall of the triggers on `expansion.triggers` against the truth."""
    from upswing.simulate.reading import read_file, read_topic  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.simulate.report import print_score  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.simulate.scoring import score_all  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.simulate.truth import read_truth  # noqa: PLC0415 - `upswing --help` stays quick

    truth = read_truth(path)
    beside = path.with_name("playbook.yaml")
    rules = read_playbook(playbook or (beside if beside.exists() else PLAYBOOK))
    if triggers is not None:
        found = read_file(triggers)
    else:
        broker = find_broker(kafka, data, topic_prefix)
        found = asyncio.run(read_topic(broker.kafka, broker.topic_prefix))
    result = score_all(truth, found, rules, examples)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(result), indent=1))
    else:
        print_score(result)
    if min_recall is not None and (result.overall.recall or 0.0) < min_recall:
        click.echo(f"recall {result.overall.recall} is below {min_recall}", err=True)
        sys.exit(1)
