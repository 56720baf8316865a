"""`upswing explain`: why an account is where it is, and what would make each rule fire."""

import asyncio
from pathlib import Path

import click
import msgspec

from shared.kernel.errors import ConfigurationError
from shared.kernel.snapshots import encode_snapshot
from upswing.broker import broker_options, find_broker
from upswing.explain.find import Found, find_snapshot, why_none
from upswing.explain.tell import tell
from upswing.trace.logbook import Logbook

__all__ = ["command"]


@click.command(name="explain")
@click.argument("account_id")
@click.option("--json", "as_json", is_flag=True, help="The whole snapshot as JSON, as it lies on account.snapshots.")
@broker_options
def command(account_id: str, kafka: str | None, data: Path | None, topic_prefix: str | None, *, as_json: bool) -> None:
    """Say of an account: health, the gate with what is missing, and each rule's value, threshold and state."""
    broker = find_broker(kafka, data, topic_prefix)

    async def run() -> Found:
        async with Logbook(broker.kafka, broker.topic_prefix) as book:
            return await find_snapshot(book, account_id)

    found = asyncio.run(run())
    if found.snapshot is None:
        raise ConfigurationError(why_none(account_id, found))
    if as_json:
        click.echo(msgspec.json.format(encode_snapshot(found.snapshot), indent=2).decode())
        return
    for line in tell(found.snapshot, found.behind, found.began):
        click.echo(line)
