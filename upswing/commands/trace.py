"""`upswing trace`: follow one event from the log to the alert."""

import asyncio
import time
from pathlib import Path

import click

from deploy.local.noted import settings_to_ask
from deploy.local.settings import inherited
from shared.kernel.clock import HOUR_MS
from shared.kernel.errors import ConfigurationError
from upswing.broker import broker_options, find_broker
from upswing.trace.alerts import TOKEN, deliveries_of
from upswing.trace.follow import follow
from upswing.trace.logbook import Logbook
from upswing.trace.tell import tell

__all__ = ["command"]


@click.command(name="trace")
@click.argument("event_id")
@click.option("--account", help="The event's account, when known: only its partition is searched.")
@click.option(
    "--hours", type=click.FloatRange(0.01, 720), default=24.0, show_default=True, help="How far to look back."
)
@broker_options
@click.option("--notify", help="Address of the notify service; the local stack's by default.")
def command(
    event_id: str,
    account: str | None,
    hours: float,
    kafka: str | None,
    notify: str | None,
    data: Path | None,
    topic_prefix: str | None,
) -> None:
    """Say where an event is, what it touched, which trigger came of it or why none, and which alert."""
    local, broker = settings_to_ask(data=data), find_broker(kafka, data, topic_prefix)
    environment = inherited() | local.file_environment()
    since_ms = time.time_ns() // 1_000_000 - round(hours * HOUR_MS)

    async def run() -> bool:
        async with Logbook(broker.kafka, broker.topic_prefix) as book:
            trail = await follow(book, event_id, account, since_ms)
        wanted = [t.trigger_id for t in trail.triggers if t.record in ("fired", "released")]
        alerts = await deliveries_of(notify or local.url("notify"), environment.get(TOKEN), wanted) if wanted else {}
        for line in tell(trail, event_id, alerts):
            click.echo(line)
        return bool(trail.places or trail.letters)

    if not asyncio.run(run()):
        raise ConfigurationError(_hint(hours, account))


def _hint(hours: float, account: str | None) -> str:
    where = f" in the partition of {account}" if account else ""
    names = "messageId, uuid, id; for CloudEvents 'source id'"
    searched = f"only the last {hours:g} hours{where} were searched (--hours, --account)"
    return f"{searched}; ids are as the client sent them ({names})"
