"""Which broker a command talks to: the one that is named, or that of the local stack."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from deploy.local.leftovers import holder
from deploy.local.noted import settings_to_ask
from deploy.local.ports import is_free
from shared.kernel.errors import ConfigurationError
from shared.kernel.topics import LOCAL_PARTITIONS

__all__ = ["Broker", "broker_options", "find_broker"]


class Broker(msgspec.Struct, frozen=True):
    """A broker. Shape: `kafka` is its address or addresses; `topic_prefix` goes before the name of each topic.

    `data` is the folder of the local stack that it belongs to, None when it was named by its address.
    """

    kafka: str
    topic_prefix: str
    partitions: int
    data: Path | None = None


def broker_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a broker: `--kafka`, `--data`, `--topic-prefix`."""
    folder = click.Path(file_okay=False, path_type=Path)
    for option in reversed(
        (
            click.option("--kafka", help="Broker address(es); the local stack's by default."),
            click.option("--data", type=folder, help="The local stack's data folder. [.upswing]"),
            click.option("--topic-prefix", help="Prefix of every topic's name; the local stack's by default."),
        )
    ):
        function = option(function)
    return function


def find_broker(kafka: str | None, data: Path | None, topic_prefix: str | None) -> Broker:
    """Return the broker that options name; what they leave open is as the local stack has noted it.

    Shape: of a broker named by its address nothing is noted; where nobody names a stack, standard error says which it
    is. Errors: `ConfigurationError` for a wrong setting, and where neither a stack nor a broker of another kind runs.
    """
    if kafka is not None:
        return Broker(kafka, topic_prefix or "", LOCAL_PARTITIONS)
    local = settings_to_ask(data=data)
    runs = holder(local.data) is not None
    if not runs and is_free(local.kafka_port):
        raise ConfigurationError(
            f"no stack runs in {local.data.absolute()}: `upswing up` starts one, `make demo KEEP=1` one with made-up "
            "customers; --data names the folder of another, --kafka a broker"
        )
    if data is None or local.data != data:
        state = "" if runs else ", which does not run"
        click.echo(f"of the stack in {local.data.absolute()}{state} (--data names another)", err=True)
    prefix = local.topic_prefix if topic_prefix is None else topic_prefix
    return Broker(local.bootstrap, prefix, local.partitions, local.data)
