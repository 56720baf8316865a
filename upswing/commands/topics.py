"""`upswing topics`: create the topics, and compare them with the table in code."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import click

from shared.io.kafka import compare_topics, ensure_topics, repair_topics
from shared.kernel.topics import LOCAL_PARTITIONS, TOPICS

__all__ = ["command"]


def _broker_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        (
            click.option("--kafka", default="127.0.0.1:9092", show_default=True, help="Broker address(es)."),
            click.option("--partitions", type=click.IntRange(1, 1_000), default=LOCAL_PARTITIONS, show_default=True),
            click.option("--replication", type=click.IntRange(1, 9), default=1, show_default=True),
            click.option("--topic-prefix", default="", help="Prefix of every topic's name."),
        )
    ):
        function = option(function)
    return function


@click.group(name="topics")
def command() -> None:
    """Create topics, and compare them with the table in code."""


@command.command(name="create")
@_broker_options
@click.option("--repair", is_flag=True, help="Also give existing topics the declared settings.")
def create(kafka: str, partitions: int, replication: int, topic_prefix: str, repair: bool) -> None:
    """Create the topics that do not exist. Partitions of existing ones are never changed."""
    created = asyncio.run(ensure_topics(kafka, partitions, replication, topic_prefix))
    click.echo(f"{len(created)} topics created, {len(TOPICS) - len(created)} were there")
    if repair:
        asyncio.run(repair_topics(kafka, replication, topic_prefix))
        click.echo("settings are as declared")


@command.command(name="check")
@_broker_options
def check(kafka: str, partitions: int, replication: int, topic_prefix: str) -> None:
    """Compare the broker's topics with the table in code; exit code 1 when they differ."""
    differences = asyncio.run(compare_topics(kafka, partitions, replication, topic_prefix))
    for difference in differences:
        click.echo(difference)
    if differences:
        sys.exit(1)
    click.echo(f"{len(TOPICS)} topics are as declared")
