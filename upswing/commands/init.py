"""`upswing init`: from nothing to a playbook, a write key and a first alert."""

import shlex
import sys
from pathlib import Path
from typing import Any, get_args

import click
import msgspec

from deploy.local.noted import running_settings
from deploy.local.settings import LocalSettings
from shared.kernel.errors import ConfigurationError
from shared.kernel.people import Person
from upswing.commands.up import stack_options
from upswing.init.answers import (
    Answers,
    core_of,
    currency_in,
    names_in,
    person_in,
    plan_in,
    price_in,
    source_in,
    with_parts,
)
from upswing.init.ask import ask_answers, ask_channels
from upswing.init.channels import Channels, Tls, channels_of, secret_in
from upswing.init.run import Wish, again, carry_out, demand_ports, show_keys
from upswing.init.write import kept_in, write

__all__ = ["command"]

OPTIONS = (
    click.option("--company", help="The company's name."),
    click.option("--currency", help="Currency of prices and estimates, such as EUR."),
    click.option(
        "--plan", multiple=True, help="A plan, the smallest first: Starter=49/9 (price, price of a seat a month)."
    ),
    click.option("--limit", multiple=True, help="A plan's limit: Starter:api_calls=10000."),
    click.option(
        "--features", multiple=True, help="What a plan has beyond the one below: Growth=integrations,automation."
    ),
    click.option("--core", help="Core features: reports,alerts. [those of the smallest plan]"),
    click.option("--smb-below", help="Contract value a year from which an account is Mid-Market. [25000]"),
    click.option("--mid-market-below", help="Contract value a year from which it is Enterprise. [100000]"),
    click.option("--roadmap", help="What is planned: an unmet need that is on it calls for a proposal."),
    click.option("--person", multiple=True, help="Who owns customers: csm=Mara Ilves,mara@example.com,U0MARA."),
    click.option("--source", help="Name of the product that sends the events. [web]"),
    click.option("--slack-webhook", help="Slack incoming webhook; @file reads it from a file."),
    click.option("--slack-token", help="Token of a Slack bot, instead of a webhook; @file reads it from a file."),
    click.option("--slack-channel", help="Id of the bot's channel."),
    click.option("--smtp", help="Mail server: smtp.example.com:587."),
    click.option("--smtp-user", help="Its user."),
    click.option("--smtp-password", help="Its password; @file reads it from a file."),
    click.option("--smtp-tls", type=click.Choice(get_args(Tls)), help="Its encryption. [starttls]"),
    click.option("--mail-from", help="Sender of alerts."),
    click.option("--mail-to", multiple=True, help="Who gets what has no owner with an address."),
    click.option("--in-app", is_flag=True, help="No channel: alerts stay in the log of deliveries (a dry run)."),
    click.option("--allow-local", is_flag=True, help="Receivers may be http and on this machine: for trying out."),
    click.option("--yes", is_flag=True, help="Ask nothing; needs no terminal."),
    click.option("--overwrite", is_flag=True, help="Write the playbook anew although it was changed by hand."),
    click.option("--up", is_flag=True, help="Start the stack, and keep it running until Ctrl-C."),
    click.option("--stop", is_flag=True, help="With --up: stop the stack again when all has been tried."),
    click.option("--no-test", is_flag=True, help="Send no test event."),
    click.option(
        "--key", help="A write key for the test event; @file reads it. [one of init's own, revoked at the end]"
    ),
)
SECRETS = ("slack_webhook", "slack_token", "smtp_password")
CHANNELS = (*Channels.__struct_fields__,)


def _all_options(function: Any) -> Any:
    for option in reversed(OPTIONS):
        function = option(function)
    return stack_options(function)


@click.command(name="init")
@_all_options
def command(**given: Any) -> None:
    """Ask for plans, people and channels, write the playbook and the settings, and end with a real alert.

    What is given as an option is not asked. It can be repeated: it offers what was answered before, keeps the write
    keys, and never replaces a playbook that somebody has changed without asking. Nothing is written before the end.
    """
    wish = Wish(
        up=given.pop("up"), stop=given.pop("stop"), test=not given.pop("no_test"), key=_secret(given.pop("key"))
    )
    yes, overwrite = given.pop("yes"), given.pop("overwrite")
    if not yes and not sys.stdin.isatty():
        raise ConfigurationError("there is no terminal to ask on: add --yes, and say what matters with options")
    channels = Channels(**{name: _channel(name, given.pop(name)) for name in CHANNELS if given.get(name) is not None})
    answers_given = {name: given.pop(name) for name in list(given) if name in _ANSWERS}
    settings = running_settings(**given)
    if wish.up:
        demand_ports(settings)
    kept = kept_in(settings)
    answers = _answers(kept.answers if kept else Answers(), answers_given)
    if not yes:
        answers, channels = _ask(settings, answers, channels, configured=kept is not None)
    _check(answers)

    def may_replace(path: Path) -> bool:
        question = f"{path} was changed by hand. Write it anew? The present one is kept beside it"
        return overwrite or (not yes and click.confirm(question, default=False))

    result = write(settings, answers, channels, may_replace)
    settings = again(settings)
    show_keys(settings, answers, result)
    carry_out(settings, answers, result, wish)


def _ask(
    settings: LocalSettings, answers: Answers, channels: Channels, *, configured: bool
) -> tuple[Answers, Channels]:
    """Return what a person answers. Errors: `click.Abort` on Ctrl-C or a no at the end, which says so."""
    try:
        answers = ask_answers(answers)
        if not channels.chosen:
            channels = ask_channels(channels_of(settings.file_environment()), configured=configured)
        click.confirm("\nWrite this", default=True, abort=True)
    except click.Abort:
        click.echo("\nNothing was written.", err=True)
        raise
    return answers, channels


_ANSWERS = (
    "company", "currency", "plan", "limit", "features", "core", "smb_below", "mid_market_below", "roadmap", "person",
    "source",
)  # fmt: skip


def _answers(before: Answers, given: dict[str, Any]) -> Answers:
    """Return the answers before, with what was given in their place."""
    changes: dict[str, Any] = {}
    if given["company"]:
        changes["company"] = given["company"]
    for name, read in (("currency", currency_in), ("source", source_in), ("roadmap", names_in)):
        if given[name] is not None:
            changes[name] = read(given[name])
    for name in ("smb_below", "mid_market_below"):
        if given[name] is not None:
            changes[name] = price_in(given[name])
    plans = tuple(plan_in(text) for text in given["plan"]) or before.plans
    if given["plan"] or given["limit"] or given["features"]:
        plans = with_parts(plans, given["limit"], given["features"])
        changes["plans"] = plans
    if given["core"] is not None:
        changes["core_features"] = names_in(given["core"])
    elif given["plan"] and plans:
        changes["core_features"] = core_of(plans)
    if given["person"]:
        changes["people"] = _people(tuple(person_in(text) for text in given["person"]))
    return msgspec.structs.replace(before, **changes)


def _people(people: tuple[Person, ...]) -> tuple[Person, ...]:
    """Return people with those of one name made one person with all the roles."""
    known: dict[str, Person] = {}
    for person in people:
        same = known.get(person.person_id, person)
        roles = tuple(dict.fromkeys((*same.roles, *person.roles)))
        known[person.person_id] = msgspec.structs.replace(same, roles=roles)
    return tuple(known.values())


def _check(answers: Answers) -> None:
    if answers.plans and not answers.core_features:
        features = f"--features {shlex.quote(f'{answers.plans[0].name}=reports,alerts')}"
        raise ConfigurationError(f"say what your plans have: {features}; the first plan's are the core features")
    if answers.mid_market_below <= answers.smb_below:
        raise ConfigurationError("Mid-Market begins where SMB ends: --mid-market-below must be more than --smb-below")


def _channel(name: str, value: Any) -> Any:
    return secret_in(value) if name in SECRETS else tuple(value) if name == "mail_to" else value


def _secret(text: str | None) -> str | None:
    return None if text is None else secret_in(text)
