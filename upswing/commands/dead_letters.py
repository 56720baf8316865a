"""`upswing dead-letters`: list, show and replay what could not be used."""

import asyncio

import click

KAFKA = click.option(
    "--kafka", default="127.0.0.1:9092", envvar="UPSWING_LOCAL_BOOTSTRAP", show_default=True, help="The broker."
)
PREFIX = click.option("--topic-prefix", default="", help="What each topic's name begins with.")


@click.group(name="dead-letters")
def command() -> None:
    """What could not be used, with its reason: list it, look at one, send it again when its cause is gone."""


@command.command(name="list")
@KAFKA
@PREFIX
@click.option("--reason", help="Only those refused for this reason, e.g. account_unknown.")
@click.option("--last", "most", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many at most.")
def list_letters(kafka: str, topic_prefix: str, reason: str | None, most: int) -> None:
    """List the newest dead letters, and how many there are for each reason."""
    from upswing.letters import read_letters, summary  # noqa: PLC0415 - `upswing --help` stays quick

    letters = asyncio.run(read_letters(kafka, topic_prefix, reason=reason))
    for line in summary(letters, most):
        click.echo(line)


@command.command()
@click.argument("letter_id")
@KAFKA
@PREFIX
def show(letter_id: str, kafka: str, topic_prefix: str) -> None:
    """Show one dead letter: why it was refused, where it was, and its text."""
    from upswing.letters import describe, find_letter, read_letters  # noqa: PLC0415 - `upswing --help` stays quick

    click.echo(describe(find_letter(asyncio.run(read_letters(kafka, topic_prefix)), letter_id)))


@command.command()
@click.argument("letter_ids", nargs=-1)
@KAFKA
@PREFIX
@click.option("--reason", help="All that were refused for this reason.")
@click.option("--account", help="The account they belong to, when their lines do not name one.")
def replay(letter_ids: tuple[str, ...], kafka: str, topic_prefix: str, reason: str | None, account: str | None) -> None:
    """Send dead letters again: those of LETTER_IDS, or all of one --reason.

    A line without an account goes to --account, or to the account that a later `group` call of its user named. It is
    folded as a late event: it counts, and fires nothing for days gone by.
    """
    from upswing.letters import replay_letters  # noqa: PLC0415 - `upswing --help` stays quick

    if bool(letter_ids) == bool(reason):
        raise click.UsageError("name either letters or one --reason")
    sent, refused = asyncio.run(replay_letters(kafka, topic_prefix, letter_ids, reason, account))
    for letter_id, why in refused:
        click.echo(f"{letter_id} was not sent: {why}", err=True)
    click.echo(f"{sent} sent again, {len(refused)} not")
