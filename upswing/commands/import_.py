"""`upswing import`: files of the past, looked at first, then written to a new log before it goes live."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from shared.kernel.clock import parse_instant
from shared.kernel.errors import ConfigurationError

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
Options = Callable[..., None]


def _files(function: Options) -> Options:
    for option in (
        click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path)),
        click.option("--memory", default="512MB", show_default=True, help="What reading and sorting may take."),
        click.option("--since", help="Leave out what is older than this date, but for facts and subscriptions."),
        click.option("--source", help="What events say they come from: the source of the write key that goes on live."),
        click.option("--playbook", type=FILE, help="The playbook; the mapping's or the data folder's if not given."),
        click.option("--data", type=FOLDER, help="The data folder of a stack on this machine. [.upswing]"),
        click.option("--mapping", type=FILE, envvar="MAPPING", help="Your own mapping file."),
        click.option("--preset", help="A mapping that is shipped: `upswing import presets` lists them."),
    ):
        function = option(function)
    return function


@click.group(name="import")
def command() -> None:
    """Bring in what your product did before: CSV, NDJSON and Parquet files, read by a mapping.

    First `check`, which sends nothing; then `run`, on a data folder that has not been live; then `upswing up`.
    """


@command.command(name="presets")
def list_presets() -> None:
    """List the mappings that are shipped."""
    from upswing.importing.find import presets  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.importing.mapping import read_mapping  # noqa: PLC0415 - `upswing --help` stays quick

    for name, path in presets().items():
        click.echo(f"{name:<16} {read_mapping(path).what}")


@command.command()
@_files
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
def check(files: tuple[Path, ...], *, as_json: bool, **chosen: Any) -> None:
    """Say what FILES hold, which rows cannot be used, and which rules and criteria starve. Nothing is sent."""
    import msgspec  # noqa: PLC0415 - `upswing --help` stays quick

    from upswing.importing.prepare import choose, prepare  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.importing.tell import make_console, tell  # noqa: PLC0415 - `upswing --help` stays quick

    asked = _asked(files, **chosen)
    with tempfile.TemporaryDirectory(prefix="upswing-import-") as work:
        prepared = prepare(asked, choose(asked), Path(work), _say)
        prepared.close()
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(prepared.quality), indent=2))
    else:
        tell(prepared.quality, make_console())
    sys.exit(0 if prepared.quality.events else 1)


@command.command()
@_files
@click.option("--controller-port", type=click.IntRange(1, 65_535), help="Port of the broker's controller. [9093]")
@click.option("--kafka-port", type=click.IntRange(1, 65_535), help="Port of the broker that is started. [9092]")
@click.option("--partitions", type=click.IntRange(1, 1_000), help="Of a new log, fixed for its life. [24]")
@click.option("--kafka", help="The address of your own broker; no stack is started then.")
@click.option("--topic-prefix", default="", help="What each topic's name begins with, on your own broker.")
def run(
    files: tuple[Path, ...],
    *,
    data: Path | None,
    kafka: str | None,
    topic_prefix: str,
    partitions: int | None,
    kafka_port: int | None,
    controller_port: int | None,
    **chosen: Any,
) -> None:
    """Write FILES to a log that has not been live, and end history there. Killed, the same command goes on."""
    stack = {"data": data, "partitions": partitions, "kafka_port": kafka_port, "controller_port": controller_port}
    asyncio.run(_run(_asked(files, data=data, **chosen), stack, kafka, topic_prefix))


async def _run(asked: Any, chosen: dict[str, Any], kafka: str | None, prefix: str) -> None:
    from deploy.local.settings import local_settings  # noqa: PLC0415 - `upswing --help` stays quick
    from deploy.local.stack import LocalStack  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.importing.run import Target, Voice, run_import  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.importing.tell import Progress, make_console, tell  # noqa: PLC0415 - `upswing --help` stays quick

    settings = local_settings(**chosen)
    console = make_console()
    voice = Voice(_say, lambda quality: tell(quality, console), Progress(_say).told)
    work = settings.data / "import" / (prefix or "log")
    if kafka is not None:
        quality = await run_import(asked, Target(kafka, prefix, work), voice)
        _say(f"{quality.events:,} events are in the log, and history has ended: start signals and ingest now")
        return
    async with LocalStack(settings, say=_say, services=()) as stack:
        quality = await run_import(asked, Target(stack.bootstrap, settings.topic_prefix, work), voice)
    _say(f"{quality.events:,} events are in the log, and history has ended")
    _say(f"now start the stack: upswing up --data {settings.data}")


def _asked(files: tuple[Path, ...], *, data: Path | None, memory: str, since: str | None, **chosen: Any) -> Any:
    from deploy.local.settings import local_settings  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.importing.prepare import Asked  # noqa: PLC0415 - `upswing --help` stays quick
    from upswing.importing.staging import Limits  # noqa: PLC0415 - `upswing --help` stays quick

    try:
        since_ms = None if since is None else parse_instant(since)
    except ValueError as error:
        raise ConfigurationError(f"--since {error}") from None
    now_ms = time.time_ns() // 1_000_000
    own = local_settings(data=data).playbook
    return Asked(given=files, now_ms=now_ms, since_ms=since_ms, limits=Limits(memory), own_playbook=own, **chosen)


def _say(line: str) -> None:
    click.echo(f"upswing: {line}", err=True)
