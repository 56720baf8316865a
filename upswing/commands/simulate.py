"""`upswing simulate`: made-up companies with known truth, as files or live, and a score of what was noticed."""

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
import msgspec

from shared.io.playbooks import read_playbook
from shared.kernel.clock import day_from_date
from upswing.broker import broker_options, find_broker
from upswing.simulate.request import CLEAN, MOST_ACCOUNTS, MOST_DAYS, Disturbances, Request, last_whole_day

if TYPE_CHECKING:
    from upswing.simulate.send import Sent

__all__ = ["command"]

PLAYBOOK = Path(__file__).parents[2] / "playbooks" / "default.yaml"
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


_SIZE = (
    click.option("--accounts", type=click.IntRange(1, MOST_ACCOUNTS), default=200, show_default=True),
    click.option("--days", type=click.IntRange(1, MOST_DAYS), default=120, show_default=True),
    click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same companies."),
    click.option("--end", type=click.DateTime(["%Y-%m-%d"]), help="The story's last day; yesterday if not given."),
    click.option("--playbook", type=FILE, help="Plans, limits, features and segments to live by; the default one's."),
    click.option("--clean", is_flag=True, help="Without broken instrumentation."),
)


def story_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which story is told."""
    for option in reversed(_SIZE):
        function = option(function)
    return function


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
@story_options
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
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, help="The address of ingest.")
@click.option("--key", envvar="UPSWING_KEY", required=True, help="A write key (`upswing keys issue`). [UPSWING_KEY]")
@click.option("--rate", type=click.FloatRange(0.1, 100_000), default=500, show_default=True, help="Events a second.")
@click.option("--seconds", type=click.FloatRange(0.1), help="Stop after so long; else when the story ends.")
@click.option("--day-seconds", type=click.FloatRange(0.1), help="Instead of a rate: how long a day of the story takes.")
@click.option(
    "--stamp",
    type=click.Choice(["now", "own"]),
    default="now",
    show_default=True,
    help="When events say they happened: as they are sent, or on their own day of the story.",
)
@click.option("--truth", type=click.Path(dir_okay=False, path_type=Path), help="Write the truth to this file.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@story_options
def send(
    url: str,
    key: str,
    rate: float,
    seconds: float | None,
    day_seconds: float | None,
    stamp: Literal["now", "own"],
    truth: Path | None,
    accounts: int,
    days: int,
    seed: int,
    end: datetime | None,
    playbook: Path | None,
    *,
    clean: bool,
    as_json: bool,
) -> None:
    """Send events to a running ingest at a rate, and say what became of them.

    429 and 503 are waited out as their Retry-After says. Each run has ids of its own: sending twice is no repetition.
    """
    from upswing.simulate.live import play_live  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.simulate.report import sent_lines  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.simulate.send import Sender, Sent  # noqa: PLC0415 - `upswing --help` stays quick

    request = _request(accounts, days, seed, end, playbook, clean=clean)

    async def run() -> tuple[Sent, bytes]:
        sender = Sender(url, key, run=f"{time.time_ns() // 1_000_000:x}", stamp=stamp)
        return await play_live(request, sender, rate=rate, day_seconds=day_seconds, seconds=seconds, told=_told)

    sent, story = asyncio.run(run())
    if truth is not None:
        truth.write_bytes(story)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(sent), indent=1))
        return
    for line in sent_lines(sent):
        click.echo(line)


def _told(sent: "Sent") -> None:
    if sys.stderr.isatty():
        click.echo(f"\rsent {sent.sent:,}, acked {sent.acked:,}, rejected {sent.rejected:,} ", nl=False, err=True)


def _waiting(behind: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\rsignals has still to fold {behind:,} records ", nl=False, err=True)


@command.command()
@click.option("--truth", "path", type=FILE, required=True, help="The truth that was written with the events.")
@click.option("--triggers", type=FILE, help="Triggers as JSON lines, instead of those on the topic.")
@click.option("--playbook", type=FILE, help="The playbook in force; playbook.yaml beside the truth if not given.")
@click.option("--examples", type=click.IntRange(0, 100), default=3, show_default=True, help="Of each kind of miss.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--min-recall", type=click.FloatRange(0, 1), help="Exit with 1 when recall of all rules is below.")
@click.option("--no-wait", is_flag=True, help="Score what signals has folded so far; else it is waited for.")
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
    no_wait: bool,
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
        found = asyncio.run(read_topic(broker.kafka, broker.topic_prefix, None if no_wait else _waiting))
    result = score_all(truth, found, rules, examples)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(result), indent=1))
    else:
        print_score(result)
    if min_recall is not None and (result.overall.recall or 0.0) < min_recall:
        click.echo(f"recall {result.overall.recall} is below {min_recall}", err=True)
        sys.exit(1)
