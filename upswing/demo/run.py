"""One demo from its first line to its last: the stage, the play, the end; Ctrl-C takes it down cleanly."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

import msgspec

from upswing.demo.company import PLAYBOOK, play_company
from upswing.demo.desk import Desk
from upswing.demo.files import Files, play_files, read_files
from upswing.demo.finish import finish
from upswing.demo.kept import HOW_TO_KEEP, lines
from upswing.demo.show import Show
from upswing.demo.stage import Stage

FULL_ALERTS_OF_FILES = 8


class Wish(msgspec.Struct, frozen=True):
    """What was asked for. Shape: `chosen` are settings of the local stack; `history` a folder of files, or None."""

    chosen: dict[str, Any]
    history: Path | None
    mapping: Path | None
    playbook: Path | None
    keep: bool


async def run_demo(wish: Wish) -> bool:
    """Run a demo; return False when it was interrupted. Errors: each is one sentence that says what to do.

    Shape: Ctrl-C while it plays interrupts it; once all has been told and it is only kept up, Ctrl-C is its proper end.
    """
    stop, told = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for which in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(which, stop.set)
    playing = asyncio.create_task(_run(wish, stop, told), name="demo")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if stop.is_set() and not told.is_set():
        playing.cancel()
    try:
        await playing
    except asyncio.CancelledError:
        return False
    return True


async def _run(wish: Wish, stop: asyncio.Event, told: asyncio.Event) -> None:
    show = Show()
    began = time.monotonic()
    files = read_files(wish.history, wish.mapping, wish.playbook, show) if wish.history else None
    desk = Desk(show, FULL_ALERTS_OF_FILES if files else 1_000)
    show.title("Starting Kafka, PostgreSQL and the four services")
    async with desk, _stage(wish, files, desk, show) as stage:
        show.say(f"the stack is ready after {time.monotonic() - began:.1f} s")
        desk.look_at(stage.watch)
        if files is None:
            await play_company(stage, desk, show)
        else:
            await play_files(files, stage, desk, show)
        await finish(stage, desk, show)
        show.say(f"done after {time.monotonic() - began:.1f} s")
        told.set()
        if wish.keep:
            for line in lines(stage.settings, stage.watch.records, stage.write_key, stage.token):
                show.say(line)
            await stop.wait()
            show.say("stopping everything")
        else:
            show.say(HOW_TO_KEEP)
    show.say("everything is stopped")


def _stage(wish: Wish, files: Files | None, desk: Desk, show: Show) -> Stage:
    def fetching(done: int, total: int) -> None:
        if done in {0, total}:
            show.say(f"fetching the broker's jars, once: {done} of {total}")

    return Stage(
        wish.chosen,
        files.playbook_path if files else wish.playbook or PLAYBOOK,
        begin_ms=files.calls[0].at_ms if files else time.time_ns() // 1_000_000,
        ticker=files is None,
        keep=wish.keep,
        say=show.say,
        told=fetching,
        arrived=desk.arrived,
    )
