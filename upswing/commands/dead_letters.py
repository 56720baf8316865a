"""`upswing dead-letters`: list, show and replay what could not be used."""

import asyncio
from typing import Any

import click

from upswing.broker import broker_options, find_broker


@click.group(name="dead-letters")
def command() -> None:
    """What could not be used, with its reason: list it, look at one, send it again when its cause is gone."""


@command.command(name="list")
@broker_options
@click.option("--reason", help="Only those refused for this reason, e.g. account_unknown.")
@click.option("--open", "only_open", is_flag=True, help="Only those that were not sent again.")
@click.option("--last", "most", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many at most.")
def list_letters(reason: str | None, only_open: bool, most: int, **named: Any) -> None:
    """List the newest dead letters, how many there are for each reason, and how many were sent again since."""
    from upswing.letters import read_letters, summary  # noqa: PLC0415 - `upswing --help` stays quick

    broker = find_broker(**named)
    letters = asyncio.run(read_letters(broker.kafka, broker.topic_prefix, reason=reason))
    for line in summary([each for each in letters if each.retaken_at is None or not only_open], most):
        click.echo(line)


@command.command()
@click.argument("letter_id")
@broker_options
def show(letter_id: str, **named: Any) -> None:
    """Show one dead letter, by its id or its event's: why it was refused, where it was, and its text."""
    from upswing.letters import describe, find_letter, read_letters  # noqa: PLC0415 - `upswing --help` stays quick

    broker = find_broker(**named)
    click.echo(describe(find_letter(asyncio.run(read_letters(broker.kafka, broker.topic_prefix)), letter_id)))


@command.command()
@click.argument("letter_ids", nargs=-1)
@broker_options
@click.option("--reason", help="All that were refused for this reason.")
@click.option("--account", help="The account they belong to, when their lines do not name one.")
@click.option("--again", is_flag=True, help="Also those that were sent again before; they count once more.")
def replay(letter_ids: tuple[str, ...], reason: str | None, account: str | None, again: bool, **named: Any) -> None:
    """Send dead letters again: those of LETTER_IDS, or all open ones of one --reason.

    A line without an account goes to --account, or to the account that a later `group` call of its user named. It is
    folded as a late event: it counts, and fires nothing for days gone by.
    """
    from upswing.letters import replay_letters  # noqa: PLC0415 - `upswing --help` stays quick

    if bool(letter_ids) == bool(reason):
        raise click.UsageError("name either letters or one --reason")
    broker = find_broker(**named)
    sending = replay_letters(broker.kafka, broker.topic_prefix, letter_ids, reason, account, again=again)
    sent, refused = asyncio.run(sending)
    for letter_id, why in refused:
        click.echo(f"{letter_id} was not sent: {why}", err=True)
    click.echo(f"{sent} sent again, {len(refused)} not")
