"""What init writes: all of it at the end, whole or not at all, and nothing of somebody else's without asking.

Shape: `playbook.yaml`, `upswing.env` (readable by its owner alone) and `init.json`, the answers without secrets, in the
data folder. Errors: `ConfigurationError` when a file cannot be read or written.
"""

import hashlib
import os
import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from shared.kernel.errors import ConfigurationError
from upswing.init.answers import Answers

__all__ = ["Kept", "merge_settings", "read_kept", "read_text", "spare_name", "was_changed", "write_all"]

OWNER_ONLY, FOR_ALL = 0o600, 0o644
NAME = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=")
PLAIN = re.compile(r"[\w./:@%+,=-]*")
HEAD = (
    "# Settings of the services, `NAME=value`; docs/settings.md lists them all. Secrets: keep this file to yourself.\n"
)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What an earlier init has left. Shape: `playbook_digest` is that of the file as init wrote it."""

    answers: Answers = Answers()
    playbook_digest: str = ""
    playbook_number: int = 0


def read_kept(path: Path) -> Kept | None:
    """Return what an earlier init has left, or None."""
    text = read_text(path)
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=Kept)
    except msgspec.DecodeError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error}): remove it, init then asks everything anew"
        ) from None


def read_text(path: Path) -> str | None:
    """Return the text of a file, None when there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None


def was_changed(text: str | None, kept: Kept | None) -> bool:
    """Tell whether a playbook file is there that init did not write, or that somebody has changed since."""
    return text is not None and (kept is None or digest(text) != kept.playbook_digest)


def digest(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def spare_name(path: Path) -> Path:
    """Return a name beside a file under which it can be kept: `playbook.yaml.1`, or the next that is free."""
    return next(spare for n in range(1, 10_000) if not (spare := path.with_name(f"{path.name}.{n}")).exists())


def merge_settings(text: str | None, values: Mapping[str, str | None]) -> str:
    """Return a settings file with values set, or taken out where None; all other lines stay as they are."""
    left = dict(values)
    lines = []
    for line in (HEAD if text is None else text).splitlines():
        found = NAME.match(line)
        if found is None or found[1] not in values:
            lines.append(line)
        elif (value := left.pop(found[1], None)) is not None:
            lines.append(_line(found[1], value))
    lines += [_line(name, value) for name, value in left.items() if value is not None]
    return "\n".join(lines) + "\n"


def write_all(files: Mapping[Path, tuple[str, bool]]) -> None:
    """Write files: all drafts first, then each takes its name; Ctrl-C waits until that is done.

    Shape: path → its text, and whether it is a secret.
    """
    drafts = {}
    try:
        for path, (text, secret) in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            drafts[path] = _draft(path, text, OWNER_ONLY if secret else FOR_ALL)
        with _undisturbed():
            for path, draft in drafts.items():
                draft.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{error.filename} cannot be written: {error.strerror}") from error
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def _draft(path: Path, text: str, mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    return draft


@contextmanager
def _undisturbed() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _line(name: str, value: str) -> str:
    if "\n" in value:
        raise ConfigurationError(f"{name} must be one line")
    if PLAIN.fullmatch(value):
        return f"{name}={value}"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{escaped}'"
