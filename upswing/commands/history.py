"""`upswing history`: look at files of the past, and play them into a new log."""

import asyncio
import time
from pathlib import Path
from typing import Literal

import click

from shared.kernel.clock import HOUR_MS

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
MAPPING = click.option("--mapping", type=FILE, envvar="MAPPING", help="What the columns mean; found if not given.")
PLAYBOOK = click.option("--playbook", type=FILE, help="The playbook; the mapping's or the default one if not given.")


@click.group(name="history")
def command() -> None:
    """Play files of the past into the log, or see first what they can feed.

    A folder's mapping is the one named, or mapping.yaml in the folder, or the first shipped one that fits.
    """


@command.command()
@click.argument("folder", type=FOLDER)
@MAPPING
@PLAYBOOK
def check(folder: Path, mapping: Path | None, playbook: Path | None) -> None:
    """Say which rules and criteria the files in FOLDER can and cannot feed, and which rows are broken."""
    from upswing.demo.files import read_files  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.demo.show import Show  # noqa: PLC0415 - `upswing --help` stays quick

    read_files(folder, mapping, playbook, Show())


@command.command()
@click.argument("folder", type=FOLDER)
@MAPPING
@PLAYBOOK
@click.option("--kafka", default="127.0.0.1:9092", show_default=True, help="The broker.")
@click.option("--topic-prefix", default="", help="What each topic's name begins with.")
@click.option("--ingest", default="http://127.0.0.1:8080", show_default=True, help="The address of ingest.")
@click.option("--key", envvar="UPSWING_KEY", required=True, help="A write key (`upswing keys issue`).")
@click.option(
    "--hand-over",
    type=click.Choice(["now", "end"]),
    default="now",
    show_default=True,
    help="now: the past reaches up to the present; end: the files' last day is today.",
)
def play(
    folder: Path,
    mapping: Path | None,
    playbook: Path | None,
    *,
    kafka: str,
    topic_prefix: str,
    ingest: str,
    key: str,
    hand_over: Literal["now", "end"],
) -> None:
    """Play FOLDER into a stack whose log is new.

    Run signals with UPSWING_SIGNALS_TICKER=false until this is done: history must come before the first live tick.
    """
    asyncio.run(_play(folder, mapping, playbook, kafka, topic_prefix, ingest, key, hand_over))


async def _play(
    folder: Path,
    mapping: Path | None,
    playbook: Path | None,
    kafka: str,
    topic_prefix: str,
    ingest: str,
    key: str,
    hand_over: Literal["now", "end"],
) -> None:
    from upswing.demo.files import read_files  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.demo.show import Show  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.history.controls import LogControls  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.history.sender import SegmentSender  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.history.whole import play_to_the_end, play_until_now  # noqa: PLC0415 - `upswing --help` stays quick

    show = Show()
    files = read_files(folder, mapping, playbook, show)
    step_ms = files.found.mapping.tick_hours * HOUR_MS
    sender = SegmentSender(ingest, key)
    try:
        async with LogControls(kafka, topic_prefix) as controls:
            await controls.begin(files.calls[0].at_ms)
            with show.progress("history", len(files.calls)) as bar:
                if hand_over == "now":
                    await play_until_now(files.calls, sender, controls, now_ms=_now, step_ms=step_ms, told=bar.told)
                else:
                    await play_to_the_end(
                        files.calls, sender, controls, step_ms=step_ms, told=bar.told, before_last_day=_at_once
                    )
    finally:
        sender.close()
    show.say(f"{len(files.calls):,} events were played and handed over; start signals with its ticker now")


async def _at_once() -> None:
    """Nothing has to be waited for before the last day."""


def _now() -> int:
    return time.time_ns() // 1_000_000
