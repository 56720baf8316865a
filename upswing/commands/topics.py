"""`upswing topics`: create the topics, and compare them with the table in code."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import click

from shared.io.kafka import compare_topics, ensure_topics, repair_topics
from shared.kernel.topics import LOCAL_PARTITIONS, TOPICS
from upswing.broker import broker_options, find_broker

__all__ = ["command"]


def _topic_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        (
            broker_options,
            click.option("--partitions", type=click.IntRange(1, 1_000), help=f"Of `events`. [{LOCAL_PARTITIONS}]"),
            click.option("--replication", type=click.IntRange(1, 9), default=1, show_default=True),
        )
    ):
        function = option(function)
    return function


@click.group(name="topics")
def command() -> None:
    """Create topics, and compare them with the table in code."""


@command.command(name="create")
@_topic_options
@click.option("--repair", is_flag=True, help="Also give existing topics the declared settings.")
def create(partitions: int | None, replication: int, repair: bool, **named: Any) -> None:
    """Create the topics that do not exist. Partitions of existing ones are never changed."""
    broker = find_broker(**named)
    kafka, prefix = broker.kafka, broker.topic_prefix
    created = asyncio.run(ensure_topics(kafka, partitions or broker.partitions, replication, prefix))
    click.echo(f"{len(created)} topics created, {len(TOPICS) - len(created)} were there")
    if repair:
        asyncio.run(repair_topics(kafka, replication, prefix))
        click.echo("settings are as declared")


@command.command(name="check")
@_topic_options
def check(partitions: int | None, replication: int, **named: Any) -> None:
    """Compare the broker's topics with the table in code; exit code 1 when they differ."""
    broker = find_broker(**named)
    wanted = partitions or broker.partitions
    differences = asyncio.run(compare_topics(broker.kafka, wanted, replication, broker.topic_prefix))
    for difference in differences:
        click.echo(difference)
    if differences:
        sys.exit(1)
    click.echo(f"{len(TOPICS)} topics are as declared")
