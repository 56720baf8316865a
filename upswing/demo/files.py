"""The demo of files: somebody's own past, read by a mapping, played to its own end.

The clock stops with the files: their last day is *today*. What still stands when that day begins is released, what
happens on it fires at once, and no tick of the present is ever written; two years of silence would end everything.
"""

import tempfile
import time
from collections import Counter
from pathlib import Path

import msgspec

from shared.kernel.clock import HOUR_MS, day_of, iso_day
from shared.kernel.errors import ConfigurationError, DependencyError
from shared.kernel.playbook import Playbook
from upswing.demo.desk import Desk
from upswing.demo.show import Show
from upswing.demo.stage import Stage
from upswing.demo.watch import until_drained
from upswing.history.calls import Call
from upswing.history.whole import last_midnight, play_to_the_end
from upswing.importing.calls import calls_of
from upswing.importing.find import Found
from upswing.importing.prepare import Asked, choose, prepare
from upswing.importing.tell import tell

DRAIN_SECONDS = 600.0
QUIET_SECONDS = 3.0


class Files(msgspec.Struct):
    """Files that have been read: their calls in order, and the playbook they are judged by."""

    found: Found
    calls: list[Call]
    playbook: Playbook
    playbook_path: Path


def read_files(folder: Path, mapping: Path | None, playbook: Path | None, show: Show) -> Files:
    """Read a folder, and say what its data can and cannot feed.

    Errors: `ConfigurationError` when no mapping fits, the playbook cannot be used, or nothing can be read.
    """
    asked = Asked(given=[folder], now_ms=time.time_ns() // 1_000_000, mapping=mapping, playbook=playbook)
    chosen = choose(asked)
    with tempfile.TemporaryDirectory(prefix="upswing-demo-") as work:
        prepared = prepare(asked, chosen, Path(work), show.say)
        try:
            calls = calls_of(prepared.connection)
        finally:
            prepared.close()
    tell(prepared.quality, show.console)
    if not calls:
        raise ConfigurationError(f"no event can be made of the files in {folder} by the mapping {chosen.found.path}")
    return Files(chosen.found, calls, chosen.playbook, chosen.playbook_path)


async def play_files(files: Files, stage: Stage, desk: Desk, show: Show) -> None:
    """Play what was read to its own end. Errors: `DependencyError` when it is not all judged in time."""

    async def before_last_day() -> None:
        await _settle(stage, show)
        show.say(
            f"history ends here: {iso_day(day_of(last_midnight(files.calls)))} is the last day of these files, and is "
            "today; what still stands is released, and no later time is told, since nothing is known of it (the "
            "clocks of service levels run in the present, so these leads are overdue at once)"
        )

    show.title(f"Playing {len(files.calls):,} events through the Segment SDK")
    with show.progress("history", len(files.calls)) as bar:
        await play_to_the_end(
            files.calls,
            stage.sender,
            stage.controls,
            step_ms=files.found.mapping.tick_hours * HOUR_MS,
            told=bar.told,
            before_last_day=before_last_day,
        )
    await _settle(stage, show)
    await desk.until_quiet(QUIET_SECONDS)
    _tell(stage, show)


async def _settle(stage: Stage, show: Show) -> None:
    waiting = await until_drained(stage.stack.bootstrap, DRAIN_SECONDS)
    if waiting:
        logs = stage.stack.log("signals").parent
        raise DependencyError(f"{waiting:,} records are still waiting after {DRAIN_SECONDS:.0f} s: see {logs}")
    show.say(f"all is judged: {len(stage.watch.records):,} records of triggers so far")


def _tell(stage: Stage, show: Show) -> None:
    counts = Counter((record.rule, record.level or "–", record.record) for record in stage.watch.records)
    rows = [(*key, count) for key, count in sorted(counts.items())]
    show.table("Triggers over the whole history", ("rule", "level", "record", "times"), rows)
    show.triggers([record for record in stage.watch.records if record.record in ("fired", "released")])
