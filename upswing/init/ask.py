"""The questions, on a terminal. Enter keeps what stands in brackets; a wrong answer is told and asked again."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
import msgspec

from shared.kernel.errors import ConfigurationError
from shared.kernel.people import Person
from upswing.init.answers import (
    ROLES,
    Answers,
    PlanAnswer,
    core_of,
    currency_in,
    limits_in,
    names_in,
    person_in,
    price_in,
    source_in,
)
from upswing.init.channels import Channels, channel_settings, secret_in

__all__ = ["ask_answers", "ask_channels"]

T = TypeVar("T")
CHOICES = ("slack", "bot", "email", "in-app", "keep")


def ask_answers(before: Answers) -> Answers:
    """Ask everything that is no secret; what was answered before is offered again."""
    click.echo("Enter keeps what stands in [brackets]. Nothing is written before the last question; Ctrl-C ends it.\n")
    company = _ask("Your company", before.company, str)
    currency = _ask("Currency", before.currency, currency_in)
    plans = _ask_plans(before.plans)
    core = before.core_features
    if plans:
        known = [name for plan in plans for name in plan.features]
        kept = [name for name in core if name in known]
        core = _ask(
            "Core features, which show that an account works with your product", kept or core_of(plans), names_in
        )
    return Answers(
        company=company,
        currency=currency,
        plans=plans,
        core_features=core,
        smb_below=_ask("SMB: contract value a year below", before.smb_below, price_in),
        mid_market_below=_ask("Mid-Market: below (from there on: Enterprise)", before.mid_market_below, price_in),
        roadmap=_ask("What is on your roadmap, separated by commas", before.roadmap, names_in),
        people=_ask_people(before.people),
        source=_ask("Name of the product or site that sends the events", before.source, source_in),
    )


def ask_channels(now: Sequence[str], *, configured: bool) -> Channels:
    """Ask where alerts are to go."""
    click.echo(
        "\nWhere should alerts go? slack: an incoming webhook; bot: a Slack bot and a channel; email: a mail server;"
    )
    click.echo(f"in-app: nowhere, a dry run{f'; keep: as it is ({chr(44).join(now)})' if configured else ''}")
    while True:
        choice = click.prompt("Channel", default="keep" if configured else "in-app", type=click.Choice(CHOICES))
        channels = _CHANNELS[choice]()
        try:
            channel_settings(channels)
        except ConfigurationError as error:
            click.echo(f"  {error}")
        else:
            return channels


def _ask_plans(before: tuple[PlanAnswer, ...]) -> tuple[PlanAnswer, ...]:
    if before and click.confirm(f"Keep the plans {', '.join(plan.name for plan in before)}", default=True):
        return before
    click.echo(
        "\nPlans, the smallest first; an empty name ends them (none at all: the example of the default playbook)."
    )
    plans: list[PlanAnswer] = []
    while name := _ask(f"Plan {len(plans) + 1}: name", "", str):
        what = "features" if not plans else f"features that {plans[-1].name} has not"
        plans.append(
            PlanAnswer(
                name=name,
                price=_ask("  price a month", 0, price_in),
                seat_price=_ask("  price of a seat a month", 0, price_in),
                features=_ask(f"  {what}, separated by commas", "", names_in),
                limits=_ask("  limits, as api_calls=10000,storage_gb=50", "", limits_in),
            )
        )
    return tuple(plans)


def _ask_people(before: tuple[Person, ...]) -> tuple[Person, ...]:
    if before and click.confirm(f"Keep {', '.join(person.name for person in before)}", default=True):
        return before
    click.echo(
        f"\nWho owns customers? As csm=Mara Ilves,mara@example.com,U0MARA (roles: {', '.join(ROLES)}); empty ends."
    )
    people: list[Person] = []
    while (person := _ask("Person", "", _person_or_none)) is not None:
        people.append(person)
    return tuple(people)


def _names(text: str) -> tuple[str, ...]:
    if names := names_in(text):
        return names
    raise ConfigurationError("name at least one feature, for the gate asks how many of them an account uses")


def _person_or_none(text: str) -> Person | None:
    return person_in(text) if text.strip() else None


def _slack() -> Channels:
    url = click.prompt("Webhook (https://hooks.slack.com/services/...)", hide_input=True)
    return Channels(slack_webhook=secret_in(url))


def _bot() -> Channels:
    token = click.prompt("Bot token (xoxb-...)", hide_input=True)
    return Channels(slack_token=secret_in(token), slack_channel=click.prompt("Id of the channel (C...)"))


def _email() -> Channels:
    server, sender = click.prompt("Mail server, as smtp.example.com:587"), click.prompt("From")
    to = names_in(click.prompt("To, when an account has no owner with an address"))
    tls = click.prompt("Encryption", default="starttls", type=click.Choice(("starttls", "tls", "none")))
    channels = Channels(smtp=server, mail_from=sender, mail_to=to, smtp_tls=tls)
    user = click.prompt("User (empty: none)", default="", show_default=False)
    if not user:
        return channels
    password = secret_in(click.prompt("Password", hide_input=True))
    return msgspec.structs.replace(channels, smtp_user=user, smtp_password=password)


_CHANNELS: dict[str, Callable[[], Channels]] = {
    "slack": _slack,
    "bot": _bot,
    "email": _email,
    "in-app": lambda: Channels(in_app=True),
    "keep": Channels,
}


def _ask(question: str, default: Any, read: Callable[[str], T]) -> T:
    shown = ",".join(default) if isinstance(default, list | tuple) else f"{default}"

    def checked(text: str) -> T:
        try:
            return read(text.strip())
        except ConfigurationError as error:
            raise click.UsageError(str(error)) from None

    answer: T = click.prompt(question, default=shown, show_default=bool(shown), value_proc=checked)
    return answer
