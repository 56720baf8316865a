"""`upswing accounts remove`: everything that is known of an account gives way to tombstones."""

import asyncio
import time
from pathlib import Path

import click
from aiokafka.errors import KafkaError

from shared.io.kafka import make_producer, stop_in_time
from shared.kernel.codec import encode_line
from shared.kernel.controls import AccountRemoved
from shared.kernel.errors import ConfigurationError, DependencyError
from shared.kernel.ids import partition_for
from shared.kernel.topics import EVENTS
from upswing.broker import Broker, broker_options, find_broker
from upswing.explain.find import find_snapshot, why_none
from upswing.trace.logbook import Logbook

ACK_SECONDS = 30.0


@click.group()
def command() -> None:
    """Remove accounts."""


@command.command()
@click.argument("account_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--unknown", is_flag=True, help="Write it although nothing is known of the account.")
@broker_options
def remove(
    account_id: str, kafka: str | None, data: Path | None, topic_prefix: str | None, *, yes: bool, unknown: bool
) -> None:
    """Remove the account ACCOUNT_ID: its triggers end, its state, snapshot and events are deleted.

    Open leads and tasks are closed; they and their history stay as a record of work. Its events in the log stay until
    they expire; events that come from now on make a new account. A customer who has left is not removed but has the
    status `churned`.
    """
    broker = find_broker(kafka, data, topic_prefix)
    if not unknown:
        asyncio.run(_check(broker, account_id))
    if not yes:
        click.confirm(f"Remove everything that is known of {account_id}?", abort=True)
    partition, offset = asyncio.run(_write(broker, account_id, time.time_ns() // 1_000_000))
    place = f"{EVENTS.name}, partition {partition}, offset {offset}"
    click.echo(f"written to {place}: signals removes the account when it comes to it")


async def _check(broker: Broker, account_id: str) -> None:
    """Refuse an account of which nothing is known: a name may be misspelt, and the one that was meant would stay."""
    async with Logbook(broker.kafka, broker.topic_prefix) as book:
        found = await find_snapshot(book, account_id)
    if found.snapshot is None:
        raise ConfigurationError(f"{why_none(account_id, found)} (--unknown writes the removal nevertheless)")


async def _write(broker: Broker, account_id: str, at_ms: int) -> tuple[int, int]:
    producer = make_producer(broker.kafka, linger_ms=0)
    topic = broker.topic_prefix + EVENTS.name
    try:
        async with asyncio.timeout(ACK_SECONDS):
            await producer.start()
            partition = partition_for(account_id, len(await producer.partitions_for(topic)))
            line = encode_line(AccountRemoved(at=at_ms, account_id=account_id))
            sent = await producer.send_and_wait(topic, line, partition=partition)
            return partition, int(sent.offset)
    except (KafkaError, TimeoutError) as error:
        raise DependencyError(f"the broker at {broker.kafka} did not take it: {error!r}; give it again") from error
    finally:
        await stop_in_time(producer)
