"""The one console entry: `upswing <command>`.

A command is one file and one row. Its module ends in `command = ...` (a click command or group) and is imported only
when it is asked for, so that `upswing --help` and every start stay quick.

- Tools live in `upswing/commands/<name>.py`.
- A service's row names `services/<name>/app.py`: its `command` reads the settings, sets up logs, runs until SIGTERM.

Errors: an `UpswingError` becomes one sentence on standard error and exit code 1.
"""

import errno
import logging
import sys
from importlib import import_module
from importlib.util import find_spec

import click
import msgspec

from shared.kernel.errors import UpswingError

__all__ = ["COMMANDS", "Row", "main"]


class Row(msgspec.Struct, frozen=True):
    """A command: the module that ends in `command = ...`, and one line of help."""

    module: str
    help: str


COMMANDS: dict[str, Row] = {
    "demo": Row("upswing.commands.demo", "Play a small made-up company and watch alerts arrive."),
    "init": Row("upswing.commands.init", "Ask for plans and channels, write them down, and send a first alert."),
    "up": Row("upswing.commands.up", "Run the whole stack on this machine, supervised."),
    "doctor": Row("upswing.commands.doctor", "Say what is wrong with a setup, and what to do."),
    "keys": Row("upswing.commands.keys", "Write keys: who may send events."),
    "tokens": Row("upswing.commands.tokens", "API tokens: who may read and work leads."),
    "playbook": Row("upswing.commands.playbook", "Check a playbook, show its numbers, put it into force."),
    "topics": Row("upswing.commands.topics", "Create topics, and compare them with the table in code."),
    "migrate": Row("upswing.commands.migrate", "Bring the database to the newest revision."),
    "import": Row("upswing.commands.import_", "Bring in files of the past: check them, then write them to the log."),
    "simulate": Row("upswing.commands.simulate", "Make up companies with known truth; score what is noticed."),
    "events": Row("upswing.commands.events", "What your events mean: names that nothing maps, payloads tried out."),
    "trace": Row("upswing.commands.trace", "Follow one event: where it is, what it touched, which alert."),
    "explain": Row("upswing.commands.explain", "Say why an account is where it is, and what would make it fire."),
    "accounts": Row("upswing.commands.accounts", "Remove an account, and what is known of it."),
    "compile": Row("upswing.commands.compile", "Make the signals core faster where there is a C compiler."),
    "schemas": Row("upswing.commands.schemas", "Write the JSON Schemas of the public records."),
    "reference": Row("upswing.commands.reference", "Write the generated parts of the documentation."),
    "dead-letters": Row("upswing.commands.dead_letters", "List, show and replay what could not be used."),
    "ingest": Row("services.ingest.app", "Service: take events over HTTP."),
    "signals": Row("services.signals.app", "Service: fold events, decide triggers."),
    "pipeline": Row("services.pipeline.app", "Service: leads, tasks, scorecard."),
    "notify": Row("services.notify.app", "Service: alerts to Slack and e-mail."),
}


class LazyGroup(click.Group):
    """Looks commands up in `COMMANDS`, imports them on use, and hides rows whose file is not there."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """Return the names of all commands, in the order of the rows."""
        return [name for name, row in COMMANDS.items() if _exists(row.module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click passes it
        """Return a command by its name."""
        row = COMMANDS.get(cmd_name)
        if row is None or not _exists(row.module):
            return None
        command: click.Command = import_module(row.module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the rows, without importing any."""
        if rows := [(name, COMMANDS[name].help) for name in self.list_commands(ctx)]:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="upswing")
def upswing() -> None:
    """Upswing: real-time, exact and explainable customer-success signals."""


def main() -> None:
    """Run the command line; every error on purpose is one sentence and exit code 1."""
    logging.getLogger().addHandler(logging.NullHandler())  # what a library logs is for services, which set handlers
    try:
        upswing(standalone_mode=True)
    except UpswingError as error:
        click.echo(f"upswing: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        click.echo(
            f"upswing: the disk is full ({error.filename or 'no file named'}): free some and try again", err=True
        )
        sys.exit(1)
