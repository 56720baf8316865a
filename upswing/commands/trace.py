"""`upswing trace`: follow one event from the log to the alert."""

import asyncio
import time
from pathlib import Path
from typing import Any

import click
import httpx

from deploy.local.noted import running_settings
from deploy.local.settings import inherited
from shared.kernel.clock import HOUR_MS
from shared.kernel.errors import ConfigurationError
from upswing.broker import broker_options, find_broker
from upswing.trace.follow import follow
from upswing.trace.logbook import Logbook
from upswing.trace.tell import tell

__all__ = ["command"]

TOKEN = "UPSWING_NOTIFY_API_TOKEN"  # noqa: S105 - the name of a setting
PATIENCE_SECONDS = 5.0


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
    local, broker = running_settings(data=data), find_broker(kafka, data, topic_prefix)
    environment = inherited() | local.file_environment()
    since_ms = time.time_ns() // 1_000_000 - round(hours * HOUR_MS)

    async def run() -> bool:
        async with Logbook(broker.kafka, broker.topic_prefix) as book:
            trail = await follow(book, event_id, account, since_ms)
        wanted = [t.trigger_id for t in trail.triggers if t.record in ("fired", "released")]
        alerts = await _alerts(notify or local.url("notify"), environment.get(TOKEN), wanted) if wanted else {}
        for line in tell(trail, event_id, alerts):
            click.echo(line)
        return bool(trail.places or trail.letters)

    if not asyncio.run(run()):
        raise ConfigurationError(f"no event {event_id} was found: {_hint(hours, account)}")


def _hint(hours: float, account: str | None) -> str:
    where = f" in the partition of {account}" if account else ""
    return f"only the last {hours:g} hours{where} were searched; ids are as the client sent them (messageId, uuid, id)"


async def _alerts(address: str, token: str | None, triggers: list[str]) -> dict[str, list[dict[str, Any]]] | str:
    """Return the deliveries of each trigger, or one sentence that says why they cannot be told."""
    if not token:
        return f"set {TOKEN} (or put it into upswing.env of the data folder) to ask notify"
    found: dict[str, list[dict[str, Any]]] = {}
    try:
        async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS, trust_env=False) as client:
            for trigger in triggers:
                answer = await client.get(
                    "/v1/deliveries", params={"trigger_id": trigger}, headers={"Authorization": f"Bearer {token}"}
                )
                answer.raise_for_status()
                found[trigger] = answer.json()["deliveries"]
    except httpx.HTTPError as error:
        return f"notify at {address} did not answer: {error}"
    return found
