"""`upswing up`: the whole stack on this machine for real use, supervised, data in a folder."""

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from deploy.local.settings import LocalSettings, local_settings
from deploy.local.stack import LocalStack

__all__ = ["command"]


def _port(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(f"--{name}-port", type=click.IntRange(1, 65_535), help=f"Port of {name}.")


@click.command(name="up")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder for all data. [.upswing]")
@click.option("--playbook", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The playbook.")
@click.option("--partitions", type=click.IntRange(1, 1_000), help="Partitions of a new log, fixed for its life. [24]")
@_port("kafka")
@_port("controller")
@_port("ingest")
@_port("pipeline")
@_port("notify")
@_port("signals")
def command(**chosen: Any) -> None:
    """Run Kafka, PostgreSQL and the four services here, and keep them running until Ctrl-C.

    Settings come from options, from UPSWING_LOCAL_* and, for the services, from the file upswing.env in the data folder
    (UPSWING_NOTIFY_... and the like). Nothing listens on other than 127.0.0.1.
    """
    asyncio.run(run(local_settings(**chosen)))


async def run(settings: LocalSettings) -> None:
    """Run a stack until SIGINT or SIGTERM, then stop it in order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for which in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(which, stop.set)
    began = time.monotonic()
    stack = LocalStack(settings, say=_say, told=_fetching)
    starting, stopping = asyncio.create_task(stack.start()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            await starting
            _say(f"ready after {time.monotonic() - began:.1f} s; Ctrl-C stops it\n{addresses(stack)}")
            await stopping
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        _say("stopping")
        await stack.stop()
        stopping.cancel()
    _say("stopped")


def addresses(stack: LocalStack) -> str:
    """Return where everything is, a line each."""
    rows = {name: stack.settings.url(name) for name in stack.services}
    rows |= {"kafka": stack.bootstrap, "database": stack.database_url, "data": str(stack.settings.data.absolute())}
    return "\n".join(f"  {name:<9} {where}" for name, where in rows.items())


def _say(line: str) -> None:
    click.echo(f"upswing: {line}")


def _fetching(done: int, total: int) -> None:
    if done in {0, total}:
        _say(f"fetching the broker's jars, once: {done} of {total}")
