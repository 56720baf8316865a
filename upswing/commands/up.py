"""`upswing up`: the whole stack on this machine for real use, supervised, data in a folder."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click

from deploy.local.reload import reload_stack, reloads_noted
from deploy.local.settings import PORTS, LocalSettings, local_settings
from deploy.local.stack import LocalStack
from services.ingest.key_file import read_keys
from shared.kernel.errors import UpswingError
from upswing.doctor.options import demand_values, settings_problems

__all__ = ["address_of", "command", "stack_options"]


CHANNELS = frozenset(f"UPSWING_NOTIFY_{name}" for name in ("SLACK_WEBHOOK_URL", "SLACK_TOKEN", "SMTP_HOST", "ROUTES"))
Options = Callable[..., None]
Ready = Callable[[LocalStack], Awaitable[bool]]


def stack_options(function: Options) -> Options:
    """Add the options that name a local stack: its folder, playbook, partitions and ports."""
    folder = click.Path(file_okay=False, path_type=Path)
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    for name in reversed(PORTS):
        function = click.option(f"--{name}-port", type=click.IntRange(1, 65_535), help=f"Port of {name}.")(function)
    for option in (
        click.option("--ingest-processes", type=click.IntRange(1, 64), help="Processes of ingest on its port. [1]"),
        click.option("--partitions", type=click.IntRange(1, 1_000), help="Of a new log, fixed for its life. [24]"),
        click.option("--playbook", type=file, help="The playbook file."),
        click.option("--data", type=folder, help="Folder for all data. [.upswing]"),
    ):
        function = option(function)
    return function


@click.command(name="up")
@stack_options
def command(**chosen: Any) -> None:
    """Run Kafka, PostgreSQL and the four services here, and keep them running until Ctrl-C.

    Settings come from options, from UPSWING_LOCAL_* and, for the services, from the file upswing.env in the data folder
    (UPSWING_NOTIFY_... and the like). Nothing listens on other than 127.0.0.1.
    """
    asyncio.run(run(local_settings(**chosen)))


async def run(settings: LocalSettings, once_ready: Ready | None = None) -> None:
    """Run a stack until SIGINT, SIGTERM or SIGHUP, then stop it in order; SIGUSR1 lets it read its settings again.

    Shape: `once_ready` is called when all is ready; when it answers False, the stack is stopped then.
    """
    demand_values(settings)
    stop, again = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(which, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, again.set)
    stack = LocalStack(settings, say=_say, told=_fetching)
    working = asyncio.create_task(_work(stack, again, once_ready), name="stack")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
        _say("stopping")
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)
        await stack.stop()
    _say("stopped")


async def _work(stack: LocalStack, again: asyncio.Event, once_ready: Ready | None) -> None:
    """Start a stack, and read its settings again as often as is asked; returns when nobody wants it any longer."""
    began = time.monotonic()
    await stack.start()
    _say(f"ready after {time.monotonic() - began:.1f} s; Ctrl-C stops it\n{addresses(stack)}")
    with reloads_noted(stack.settings) as reloads:
        if once_ready is None:
            for line in first_steps(stack.settings):
                _say(line)
        elif not await once_ready(stack):
            return
        while True:
            await again.wait()
            again.clear()
            _say("settings have changed: starting the services again")
            reloads.done(await _reload(stack))


async def _reload(stack: LocalStack) -> str:
    """Start the services with the settings as they are now; return what stood in the way, the others run on."""
    given = {name: getattr(stack.settings, name) for name in stack.settings.model_fields_set}
    try:
        await reload_stack(stack, local_settings(**given))
    except UpswingError as error:
        _say(f"{error}; correct it and run `upswing init` again, or stop and start this stack")
        return str(error)
    _say("ready with the new settings")
    return ""


def addresses(stack: LocalStack) -> str:
    """Return where everything is, a line each."""
    rows = {name: address_of(stack.settings, name) for name in stack.services}
    rows |= {"kafka": stack.bootstrap, "database": stack.database_url, "data": str(stack.settings.data.absolute())}
    return "\n".join(f"  {name:<9} {where}" for name, where in rows.items())


def address_of(settings: LocalSettings, service: str) -> str:
    """Return where a service is, and where each of several processes answers alone."""
    own = [str(port) for program, port in settings.own_ports.items() if program in settings.programs(service)]
    several = f" ({len(own)} processes; each alone, for its metrics: {', '.join(own)})" if own else ""
    return f"{settings.url(service)}{several}"


def first_steps(settings: LocalSettings) -> list[str]:
    """Return what is still to be done before an event can be sent and an alert can arrive, a sentence each."""
    steps = settings_problems(settings)
    keys, channels = settings.data / "keys.json", settings.settings_file
    if not read_keys(keys).keys:
        steps.append(f"nobody can send events yet: `upswing keys --file {keys} issue <source>` issues a write key")
    if not CHANNELS.intersection(settings.service_environment("notify", "")):
        steps.append(
            f"alerts have nowhere to go yet: `upswing init --data {settings.data}` asks where, or write "
            f"UPSWING_NOTIFY_SLACK_WEBHOOK_URL=<url> into {channels}"
        )
    return steps


def _say(line: str) -> None:
    click.echo(f"upswing: {line}")


def _fetching(done: int, total: int) -> None:
    if done in {0, total}:
        _say(f"fetching the broker's jars, once: {done} of {total}")
