"""One init from the first question to the alert: ask, write, show, try."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from deploy.local.leftovers import holder
from deploy.local.noted import running_settings
from deploy.local.reload import local_database, request_reload
from deploy.local.settings import LocalSettings, local_settings
from services.ingest.core.keys import KeyFile
from services.ingest.key_file import change_keys
from shared.io.playbooks import read_playbook
from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook import Playbook
from upswing.commands import up
from upswing.commands.keys import issue_key
from upswing.doctor.finding import Setup
from upswing.doctor.machine import ports
from upswing.init.answers import Answers
from upswing.init.channels import channels_of, names_of
from upswing.init.hops import play
from upswing.init.rehearsal import rehearse
from upswing.init.site import open_site
from upswing.init.snippets import PLACEHOLDER, snippets
from upswing.init.write import KEY_FILE, Written
from upswing.trace.alerts import TOKEN

__all__ = ["Wish", "carry_out", "demand_ports", "show_keys"]

TEST_SOURCE = "upswing-init"
SEGMENTS = {"slack": "mid_market", "email": "smb", "in_app": "smb"}  # by the default routes each reaches its channel
RULE = "─" * 78
Say = Callable[[str], None]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What to do once the files are written. Shape: `key` is a write key that the person already has."""

    up: bool = False
    stop: bool = False
    test: bool = True
    key: str | None = None


def demand_ports(settings: LocalSettings) -> None:
    """Return when a stack could be started. Errors: `ConfigurationError` names each port that is taken.

    Shape: what a killed stack has left behind may hold them; its next start ends that first, and looks itself.
    """
    if holder(settings.data) is not None or any((settings.data / "run").glob("*.pid")):
        return
    looked_at = Setup(settings, running=False, kafka=None, database=None)

    async def taken() -> list[str]:
        return [finding.sentence async for finding in ports(looked_at) if finding.state == "wrong"]

    if sentences := asyncio.run(taken()):
        raise ConfigurationError(f"{'; '.join(sentences)}. Nothing was written")


def show_keys(settings: LocalSettings, answers: Answers, written: Written) -> None:
    """Show what was written, the new key, and a snippet for each client."""
    for line in written.told:
        click.echo(f"  {line}")
    if written.key is not None:
        click.echo(f"\nThe write key of {answers.source}, shown this once (its hash is in {settings.data / KEY_FILE}):")
        click.echo(f"\n  {written.key}")
    else:
        click.echo(
            f"\n{answers.source} has its write key already; "
            f"`upswing keys --data {settings.data} issue {answers.source}` issues another."
        )
    playbook = read_playbook(settings.playbook)
    plan, metric = _examples(playbook)
    key, kafka = written.key or PLACEHOLDER, settings.bootstrap
    for name, text in snippets(settings.url("ingest"), key, kafka, settings.topic_prefix, plan, metric):
        click.echo(f"\n── {name} {RULE[len(name) + 4 :]}\n{text}", nl=False)
    click.echo(RULE)


def carry_out(settings: LocalSettings, answers: Answers, written: Written, wish: Wish) -> None:
    """Start or reload the stack as wished, and try an alert. Errors: each is one sentence that says what to do."""
    data = settings.data
    if holder(data) is None and not wish.up:
        for line in _not_running(data):
            click.echo(line)
    elif holder(data) is None:

        async def once_ready(_stack: object) -> bool:
            await _try(settings, answers, wish.key or written.key, wish)
            return not wish.stop

        asyncio.run(up.run(settings, once_ready))
    else:
        asyncio.run(_on_running(settings, answers, written, wish))


def _not_running(data: Path) -> list[str]:
    return [
        f"\nNothing runs on {data} yet. Have you a past? It goes first, for it can only be loaded into an empty log:",
        f"  upswing import check <files> --data {data}    what it can feed; `import run` loads it (docs/importing.md)",
        "Then, or at once:",
        f"  upswing init --up --data {data}    starts the stack and sends a test event; later starts: upswing up",
    ]


async def _on_running(settings: LocalSettings, answers: Answers, written: Written, wish: Wish) -> None:
    if written.changed:
        click.echo("\nthe running services read the new settings")
        await request_reload(settings)
    await _try(settings, answers, wish.key or written.key, wish)


async def _try(settings: LocalSettings, answers: Answers, key: str | None, wish: Wish) -> None:
    """Send a test event for each channel, and show its alert."""
    token = settings.service_environment("notify", "").get(TOKEN, "")
    owner = next((person.person_id for person in answers.people if "csm" in person.roles), None)
    with _key_for_test(settings, key) as write_key:
        async with open_site(settings, local_database(settings), write_key, token) as site:
            if answers.people:
                count = await site.put_people(answers.people)
                click.echo(f"\npeople known to the pipeline, who can own leads: {count}")
            if not wish.test:
                return
            given = settings.service_environment("notify", "")
            for channel in channels_of(given):
                segment = _segment(read_playbook(settings.playbook), channel)
                rehearsal = rehearse(read_playbook(settings.playbook), segment, owner, _now())
                click.echo(f"\nA test account, {rehearsal.account_id}, and one event: {rehearsal.expected}")
                alert = await play(site, rehearsal, names_of(channel, given), click.echo)
                click.echo(f"\nThe alert went to {_NAMES[channel]} ({alert.sent_at}):\n  {alert.line}")
                event = f"{rehearsal.decides['id']} --account {rehearsal.account_id}"
                click.echo(f"Follow it again: upswing trace {event} --data {settings.data}")
    _next_steps(settings)


_NAMES = {
    "slack": "Slack",
    "email": "e-mail",
    "in_app": "the log of deliveries and the in-app prompts, and nowhere else: a dry run",
}


def _next_steps(settings: LocalSettings) -> None:
    data = settings.data
    click.echo("\nNow paste a snippet into your product. Then")
    click.echo(f"  upswing doctor --data {data}    what is wrong with this setup, if anything")
    click.echo(
        f"  upswing events unmapped --data {data}    which names of your SDK have no meaning yet, with a row for each"
    )
    click.echo("The whole first hour, your history included: docs/first-hour.md")


@contextmanager
def _key_for_test(settings: LocalSettings, key: str | None) -> Iterator[str]:
    """Give a write key: that of the person, else one of init's own that is revoked at the end."""
    if key is not None:
        yield key
        return
    path: Path = settings.data / KEY_FILE
    row, secret = issue_key(path, TEST_SOURCE)
    try:
        yield secret
    finally:
        change_keys(path, lambda file: KeyFile(keys=tuple(one for one in file.keys if one.key_id != row.key_id)))


def _segment(playbook: Playbook, channel: str) -> str:
    keys = [row.key for row in playbook.segments]
    wanted = SEGMENTS[channel]
    return wanted if wanted in keys else keys[-1 if channel == "slack" else 0]


def _examples(playbook: Playbook) -> tuple[str, str]:
    """Return a plan and a metric for the snippets."""
    plan = next(iter(playbook.plans), "Starter")
    metrics = [metric for row in playbook.plans.values() for metric in row.limits]
    return plan, metrics[0] if metrics else "api_calls"


def again(settings: LocalSettings) -> LocalSettings:
    """Return the settings as they are now that files were written, and where the running stack says that it is."""
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    return running_settings(**given) if holder(settings.data) else local_settings(**given)


def _now() -> int:
    return time.time_ns() // 1_000_000
