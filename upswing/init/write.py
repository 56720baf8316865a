"""From answers to files: the playbook, tried with the real loader; the settings; what is kept for the next time."""

import secrets
import tempfile
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import msgspec
from dotenv import dotenv_values

from deploy.local.settings import OWN_PLAYBOOK, LocalSettings
from services.ingest.key_file import read_keys
from shared.io.playbooks import DEFAULT_FILE, find_problems, read_playbook
from shared.kernel.errors import ConfigurationError
from upswing.commands.keys import issue_key
from upswing.doctor.options import NO_DATABASE, wrong_values
from upswing.init.answers import Answers
from upswing.init.channels import Channels, channel_settings
from upswing.init.files import Kept, digest, merge_settings, read_kept, read_text, spare_name, was_changed, write_all
from upswing.init.own_playbook import playbook_text
from upswing.trace.alerts import TOKEN

__all__ = ["KEPT_FILE", "Written", "kept_in", "write"]

KEPT_FILE = "init.json"
KEY_FILE = "keys.json"
TOKEN_BYTES = 24


class Written(msgspec.Struct, frozen=True):
    """What was written.

    Shape: `key` is the new write key's secret, None when its source had one; `changed`: a running stack has to read
    its settings again.
    """

    told: tuple[str, ...]
    key: str | None
    changed: bool


def kept_in(settings: LocalSettings) -> Kept | None:
    """Return what an earlier init has left in a data folder."""
    return read_kept(settings.data / KEPT_FILE)


def write(
    settings: LocalSettings, answers: Answers, channels: Channels, may_replace: Callable[[Path], bool]
) -> Written:
    """Write playbook, settings and key. Shape: `may_replace` is asked before a playbook of somebody's own is replaced.

    Errors: `ConfigurationError`; then nothing was written.
    """
    kept = kept_in(settings) or Kept()
    told: list[str] = []
    files: dict[Path, tuple[str, bool]] = {}
    fresh = _playbook(settings, answers, kept, files, told, may_replace)
    old = read_text(settings.settings_file)
    values = channel_settings(channels)
    if TOKEN not in settings.file_environment():
        values[TOKEN] = secrets.token_urlsafe(TOKEN_BYTES)
    env = merge_settings(old, values)
    _try_settings(settings, env)
    has_key = any(key.source == answers.source for key in read_keys(settings.data / KEY_FILE).keys)
    if env != old:
        files[settings.settings_file] = (env, True)
        told.append(f"{settings.settings_file}: the settings of the services, readable by you alone")
    changed = bool(files)
    files[settings.data / KEPT_FILE] = (msgspec.json.format(msgspec.json.encode(fresh)).decode() + "\n", False)
    write_all(files)
    secret = None if has_key else issue_key(settings.data / KEY_FILE, answers.source)[1]
    return Written(tuple(told), secret, changed)


def _playbook(
    settings: LocalSettings,
    answers: Answers,
    kept: Kept,
    files: dict[Path, tuple[str, bool]],
    told: list[str],
    may_replace: Callable[[Path], bool],
) -> Kept:
    """Add the playbook to the files when it differs from the one that is there, and return what is to be kept."""
    path = settings.data / OWN_PLAYBOOK
    unchanged = msgspec.structs.replace(kept, answers=answers)
    if "playbook" in settings.model_fields_set:
        told.append(f"{settings.playbook}: your playbook is used as it is")
        return unchanged
    default, there = read_playbook(DEFAULT_FILE), read_text(path)
    if there is not None and there == playbook_text(answers, default, kept.playbook_number, str(path)):
        return unchanged
    if was_changed(there, kept) and not may_replace(path):
        told.append(f"{path}: somebody has changed it, so it stays as it is (--overwrite writes it anew)")
        return unchanged
    text = playbook_text(answers, default, kept.playbook_number + 1, str(path))
    _try(text)
    if there is not None and was_changed(there, kept):
        spare = spare_name(path)
        files[spare] = (there, False)  # before the new one: whatever happens between the two, the old one is there
        told.append(f"{spare}: the playbook as it was before")
    files[path] = (text, False)
    told.append(f"{path}: the playbook, only what differs from the default one")
    return Kept(answers=answers, playbook_digest=digest(text), playbook_number=kept.playbook_number + 1)


def _try_settings(settings: LocalSettings, text: str) -> None:
    """Refuse a settings file that notify would not start with."""
    values = {name: value for name, value in dotenv_values(stream=StringIO(text), interpolate=False).items() if value}
    given = settings.service_environment("notify", NO_DATABASE) | values
    if problems := list(wrong_values("notify", given)):
        raise ConfigurationError(f"notify would not start with these settings: {'; '.join(problems)}")


def _try(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / OWN_PLAYBOOK
        file.write_text(text, encoding="utf-8")
        problems = find_problems(file)
    if problems:
        raise ConfigurationError(f"these answers make no playbook: {'; '.join(problems)}")
