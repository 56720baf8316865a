"""`upswing playbook`: check a file, show what a playbook says, put it into force, write its schema and reference."""

from pathlib import Path

import click
import msgspec

from shared.io.playbooks import find_problems, read_playbook
from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook import Playbook, each_rule, playbook_to_json
from shared.kernel.playbook.reference import playbook_schema, reference_page
from upswing.publishing.commands import publish, versions

DEFAULT_FILE = "playbooks/default.yaml"
_THINGS = ("thing is", "things are")


@click.group()
def command() -> None:
    """Check, show, describe and publish the playbook: the file that holds every number."""


command.add_command(publish)
command.add_command(versions)


@command.command()
@click.argument("file", default=DEFAULT_FILE)
def check(file: str) -> None:
    """Say whether FILE can be used, and if not, all that is wrong: where, what was found and what is allowed."""
    for problem in (problems := find_problems(file)):
        click.echo(f"WRONG {problem}")
    if problems:
        raise ConfigurationError(f"{file} cannot be used: {len(problems)} {_THINGS[len(problems) > 1]} wrong")
    playbook = read_playbook(file)
    rules = list(each_rule(playbook))
    off = [name for name, rule in rules if not rule.enabled]
    click.echo(
        f"{file} can be used: version {playbook.version}, {len(playbook.plans)} plans, {len(playbook.plays)} plays, "
        f"digest {playbook.digest[:12]}"
    )
    click.echo(f"{len(rules) - len(off)} rules are looked at; switched off: {', '.join(off) or 'none'}")


@command.command()
@click.argument("file", default=DEFAULT_FILE)
@click.option("--path", default="", help="Show one part only, e.g. gate.enterprise.health_score.")
def show(file: str, path: str) -> None:
    """Show the numbers of FILE as JSON."""
    playbook = read_playbook(file)
    found: object = msgspec.json.decode(playbook_to_json(playbook))
    for name in path.split(".") if path else ():
        found = _step(found, name, path)
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())


@command.command()
def schema() -> None:
    """Write the JSON Schema of a playbook to standard output (`docs/schemas/playbook.json`)."""
    click.echo(schema_text(), nl=False)


@command.command()
@click.argument("file", default=DEFAULT_FILE)
def reference(file: str) -> None:
    """Write the reference page to standard output (`docs/playbook.md`)."""
    click.echo(reference_page(read_playbook(file)), nl=False)


def schema_text() -> str:
    """Return the JSON Schema as text, as it lies in `docs/schemas/playbook.json`."""
    return msgspec.json.format(msgspec.json.encode(playbook_schema(), order="sorted"), indent=2).decode() + "\n"


def load_default() -> Playbook:
    """Return the playbook in the default file of this checkout. Errors: `ConfigurationError`."""
    return read_playbook(Path(__file__).parents[2] / DEFAULT_FILE)


def _step(found: object, name: str, path: str) -> object:
    if isinstance(found, list) and name.isdigit() and int(name) < len(found):
        return found[int(name)]
    if isinstance(found, dict) and name in found:
        return found[name]
    known = ", ".join(found) if isinstance(found, dict) else "no parts"
    raise ConfigurationError(f"playbook: {path}: nothing is named {name!r} there; there is: {known}")
