"""`upswing keys`: who may send events."""

import asyncio
import secrets
import time
from pathlib import Path

import click
import msgspec
from aiokafka.errors import KafkaError

from services.ingest.core.keys import KeyFile, WriteKey, make_key
from services.ingest.key_file import change_keys, read_keys
from services.ingest.settings import Settings
from shared.io.settings import read_settings
from shared.kernel.clock import iso
from shared.kernel.errors import ConfigurationError, UpswingError
from shared.kernel.tallies import Tally
from upswing.broker import Broker, find_broker
from upswing.events.unmapped import read_tallies
from upswing.heard import Heard, describe, last_heard

__all__ = ["command", "issue_key"]

KEY_BYTES = 32
BROKER_SECONDS = 5.0


def issue_key(path: Path, source: str, quota: int | None = None) -> tuple[WriteKey, str]:
    """Add a key to a keys file, and return it with its secret. Errors: `ConfigurationError`."""
    try:
        key, secret = make_key(source, secrets.token_bytes(KEY_BYTES), time.time_ns() // 1_000_000, quota)
    except msgspec.ValidationError:
        raise ConfigurationError(
            f"a source is called by 1 to 63 small letters, digits, dots, dashes or underscores, got {source!r:.80}"
        ) from None
    change_keys(path, lambda file: KeyFile(keys=(*file.keys, key)))
    return key, secret


@click.group(help="Write keys: who may send events.")
@click.option(
    "--file", "path", type=click.Path(path_type=Path), help="The keys file; that of the settings if not given."
)
@click.option("--data", type=click.Path(path_type=Path), help="The data folder, as `upswing up` was given it.")
@click.pass_context
def command(context: click.Context, path: Path | None, data: Path | None) -> None:
    """Find the keys file."""
    settings = read_settings(Settings, "ingest", **({} if data is None else {"data": data}))
    context.obj = path or settings.keys_path
    context.meta["data"] = data


@command.command(help="Issue a key for SOURCE. Its secret is shown once; every event sent with it carries the source.")
@click.argument("source")
@click.option("--quota", type=click.IntRange(min=1), help="Events a second that it may send; no limit if not given.")
@click.pass_obj
def issue(path: Path, source: str, quota: int | None) -> None:
    """Issue a key and print its secret."""
    key, secret = issue_key(path, source, quota)
    click.echo(secret)
    click.echo(f"{key.key_id} for source {source}, kept as a hash in {path}: copy the key now", err=True)


@command.command("list", help="List the valid keys: quota, and when the source was last heard by any ingest.")
@click.option("--kafka", help="Broker address(es); the local stack's by default.")
@click.option("--topic-prefix", help="Prefix of every topic's name; the local stack's by default.")
@click.pass_context
def list_keys(context: click.Context, kafka: str | None, topic_prefix: str | None) -> None:
    """Print one line for each key."""
    path: Path = context.obj
    keys = read_keys(path).keys
    if not keys:
        click.echo(f"no key is valid: issue one with `upswing keys issue <source>` ({path})", err=True)
        return
    heard, why = _heard(kafka, context.meta["data"], topic_prefix)
    now_ms = time.time_ns() // 1_000_000
    for key in sorted(keys, key=lambda each: (each.source, each.issued_at)):
        quota = f"{key.quota}/s" if key.quota else "no quota"
        ago = "" if why else f"  {describe(heard.get(key.source), now_ms)}"
        click.echo(f"{key.key_id}  {key.source}  issued {iso(key.issued_at)}  {quota}{ago}")
    if why:
        click.echo(f"when they were last heard is not known: {why}", err=True)


def _heard(kafka: str | None, data: Path | None, topic_prefix: str | None) -> tuple[dict[str, Heard], str]:
    """Return when each source was last heard, or why that is not known."""
    try:
        broker = find_broker(kafka, data, topic_prefix)
        return last_heard(asyncio.run(asyncio.wait_for(_read(broker), BROKER_SECONDS))), ""
    except TimeoutError:
        return {}, f"the broker does not answer for {BROKER_SECONDS:g} s"
    except (UpswingError, KafkaError, OSError) as error:
        return {}, str(error)


async def _read(broker: Broker) -> list[Tally]:
    return await read_tallies(broker.kafka, broker.topic_prefix)


@command.command(help="Let the key KEY_ID, or all keys of the source of that name, send QUOTA events a second; 0: any.")
@click.argument("key_id")
@click.argument("quota", type=click.IntRange(min=0))
@click.pass_obj
def quota(path: Path, key_id: str, quota: int) -> None:
    """Change the quota of keys that stay valid; running services take it up within a second."""
    changed: list[WriteKey] = []

    def with_quota(file: KeyFile) -> KeyFile:
        keys = tuple(
            msgspec.structs.replace(key, quota=quota or None) if key_id in {key.key_id, key.source} else key
            for key in file.keys
        )
        changed.extend(key for key in keys if key_id in {key.key_id, key.source})
        return KeyFile(keys=keys)

    change_keys(path, with_quota)
    if not changed:
        raise ConfigurationError(f"no key is called {key_id!r:.80}: `upswing keys list` shows them")
    for key in changed:
        click.echo(f"{key.key_id} of {key.source} may send {f'{quota} events a second' if quota else 'any number'}")


@command.command(help="Revoke the key KEY_ID, or all keys of the source of that name.")
@click.argument("key_id")
@click.pass_obj
def revoke(path: Path, key_id: str) -> None:
    """Take keys out of the file."""
    revoked: list[WriteKey] = []

    def without(file: KeyFile) -> KeyFile:
        revoked.extend(key for key in file.keys if key_id in {key.key_id, key.source})
        return KeyFile(keys=tuple(key for key in file.keys if key not in revoked))

    change_keys(path, without)
    if not revoked:
        raise ConfigurationError(f"no key is called {key_id!r:.80}: `upswing keys list` shows them")
    for key in revoked:
        click.echo(f"revoked {key.key_id} of {key.source}")
