"""Checks of the services' own settings: names that nobody reads, values that a service would refuse at its start."""

import difflib
import io
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

from dotenv.parser import parse_stream
from pydantic import ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

from deploy.local.settings import STACK_NAMES, LocalSettings, inherited
from services.ingest.settings import Settings as Ingest
from services.notify.routing_table import read_table
from services.notify.settings import Settings as Notify
from services.pipeline.settings import Settings as Pipeline
from services.signals.settings import Settings as Signals
from shared.kernel.errors import ConfigurationError
from upswing.doctor.finding import Finding, Setup, note, ok, wrong

__all__ = ["NO_DATABASE", "demand_values", "settings", "settings_problems", "unknown_names", "wrong_values"]

CLASSES: dict[str, type[BaseSettings]] = {
    "ingest": Ingest,
    "signals": Signals,
    "pipeline": Pipeline,
    "notify": Notify,
}
OURS = "UPSWING_"
NEAR = 0.8  # how much a name of somebody else's must look like one of ours to be taken for a slip
ALLOWED = {
    "bool_parsing": "allowed is true or false",
    "int_parsing": "allowed is a whole number",
    "float_parsing": "allowed is a number",
}
NO_DATABASE = "postgresql+asyncpg:///nowhere"
_EVERY: tuple[type[BaseSettings], ...] = (*CLASSES.values(), LocalSettings)
_KNOWN = frozenset(
    f"{shape.model_config.get('env_prefix')}{name}".upper() for shape in _EVERY for name in shape.model_fields
)
_OF_TOOLS = frozenset({"UPSWING_KEY"})  # options of `upswing` commands that may be given in the environment
_BY_STACK = frozenset(f"{OURS}{service}_{name}".upper() for service in CLASSES for name in STACK_NAMES)
_LOCAL = str(LocalSettings.model_config.get("env_prefix"))


async def settings(setup: Setup) -> AsyncIterator[Finding]:
    """Whether every setting in `upswing.env` and in the environment has a reader, and is one that it can use."""
    problems = settings_problems(setup.settings)
    for problem in problems:
        yield wrong(problem)
    file, written = setup.settings.settings_file, setup.settings.file_environment()
    for name in sorted(written.keys() & _BY_STACK):
        yield note(f"{name} in {file} is not used: `upswing up` gives the services its own")
    if not problems:
        yield ok(f"{len(written)} settings in {file} can be used" if written else f"there are no settings in {file}")


def settings_problems(settings: LocalSettings) -> list[str]:
    """Return what is wrong with the services' settings as this stack would give them, a sentence each."""
    file = settings.settings_file
    found = [f"{file}: {sentence}" for sentence in _unread_lines(file)]
    found += [f"{file}: {sentence}" for sentence in unknown_names(settings.file_environment(), in_file=True)]
    ours = {name: value for name, value in inherited().items() if name.startswith(OURS)}
    found += [f"environment: {sentence}" for sentence in unknown_names(ours, in_file=False)]
    for service in CLASSES:
        found += wrong_values(service, settings.service_environment(service, NO_DATABASE))
    return found


def unknown_names(written: Mapping[str, str], *, in_file: bool) -> Iterator[str]:
    """Yield a sentence for each name that looks like one of ours and that nobody reads."""
    for name in written:
        near = difflib.get_close_matches(name.upper(), _KNOWN, 1, NEAR)
        if in_file and name.upper() in _KNOWN and name.upper().startswith(_LOCAL):
            yield f"{name} has no effect in this file: set it in the environment, or use the option of `upswing up`"
        elif name.upper() in _KNOWN | _BY_STACK or (not in_file and name.upper() in _OF_TOOLS):
            continue
        elif near:
            yield f"{name} is not a setting, so it has no effect: did you mean {near[0]}?"
        elif name.upper().startswith(OURS):
            yield f"{name} is not a setting, so it has no effect: docs/settings.md lists them all"


def demand_values(settings: LocalSettings) -> None:
    """Return when every service would start so. Errors: `ConfigurationError` naming all that is wrong."""
    refused = [
        problem
        for service in CLASSES
        for problem in wrong_values(service, settings.service_environment(service, NO_DATABASE), halves=False)
    ]
    if refused:
        raise ConfigurationError(f"the services would not start: {'; '.join(refused)} ({settings.settings_file})")


def wrong_values(service: str, environment: Mapping[str, str], *, halves: bool = True) -> Iterator[str]:
    """Yield a sentence for each value that a service would refuse, and for each that it would quietly do without.

    Shape: without `halves` only what it would refuse.
    """
    shape = CLASSES[service]
    prefix = str(shape.model_config.get("env_prefix"))
    source = EnvSettingsSource(shape)
    source.env_vars = {name.lower(): value for name, value in environment.items()}
    try:
        read = shape(**source())
    except SettingsError as error:
        field = next((name for name in shape.model_fields if f'"{name}"' in str(error)), "")
        name = f"{prefix}{field}".upper()
        yield f'{name}: found {environment.get(name, "")!r:.60}, allowed is JSON such as ["one", "two"]'
        if field:
            rest = {given: value for given, value in environment.items() if given.upper() != name}
            yield from wrong_values(service, rest, halves=halves)
    except ValidationError as error:
        for row in error.errors(include_url=False):
            name = f"{prefix}{'_'.join(map(str, row['loc']))}".upper()
            allowed = ALLOWED.get(row["type"], row["msg"].removeprefix("Value error, "))
            yield f"{name}: {_found(name, row['type'], environment)}{allowed}"
    else:
        if isinstance(read, Notify):
            yield from _routes(read)
            yield from _halves(read) if halves else ()


def _found(name: str, kind: str, environment: Mapping[str, str]) -> str:
    """Return what was found, but of a secret nothing."""
    if kind == "missing" or any(word in name for word in ("TOKEN", "SECRET", "PASSWORD", "WEBHOOK", "DATABASE")):
        return ""
    return f"found {environment.get(name, '')!r:.60}: "


def _routes(notify: Notify) -> Iterator[str]:
    """Yield what is wrong with the routes file."""
    if notify.routes is not None:
        try:
            read_table(notify.routes)
        except ConfigurationError as error:
            yield f"UPSWING_NOTIFY_ROUTES: {error}"


def _unread_lines(file: Path) -> Iterator[str]:
    """Yield a sentence for each line that is no setting; those who read the file pass over it in silence."""
    text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            number = binding.original.line + binding.original.string[: -len(binding.original.string.lstrip())].count(
                "\n"
            )
            yield f"line {number} has no effect: allowed is NAME=value"


def _halves(notify: Notify) -> Iterator[str]:
    """Yield what is set by half, so that a channel would be missing without a word."""
    if notify.slack_token and not notify.slack_channel:
        yield "UPSWING_NOTIFY_SLACK_TOKEN is set, but not UPSWING_NOTIFY_SLACK_CHANNEL: nothing is sent to Slack"
    if notify.slack_channel and not notify.slack_token:
        yield "UPSWING_NOTIFY_SLACK_CHANNEL is set, but not UPSWING_NOTIFY_SLACK_TOKEN: the channel is not used"
    if notify.smtp_host and not notify.email_from:
        yield "UPSWING_NOTIFY_SMTP_HOST is set, but not UPSWING_NOTIFY_EMAIL_FROM: no e-mail is sent"
    if notify.email_from and not notify.smtp_host:
        yield "UPSWING_NOTIFY_EMAIL_FROM is set, but not UPSWING_NOTIFY_SMTP_HOST: no e-mail is sent"
