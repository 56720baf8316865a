"""Where a running stack is, and by which playbook: noted in its data folder for the tools that talk to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from deploy.local.leftovers import holder
from deploy.local.settings import PORTS, LocalSettings, local_settings
from shared.io.playbooks import read_playbook
from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook import Playbook, playbook_from_json, playbook_to_json

__all__ = ["DEMO_PREFIX", "StartedWith", "note", "noted", "running_settings", "settings_to_ask", "started_with"]

DEMO_PREFIX = "demo-"  # a demo's stack lies in a fresh folder of this kind, below the data folder
NOTED = frozenset(
    {"partitions", "topic_prefix", "ingest_processes", "ingest_own_port", "playbook", *(f"{p}_port" for p in PORTS)}
)


class StartedWith(msgspec.Struct, frozen=True):
    """The playbook that the services of a running stack read, as its file was then. Units: `at` in milliseconds."""

    path: Path
    playbook: Playbook
    at: int


@contextmanager
def noted(settings: LocalSettings) -> Iterator[None]:
    """Keep `run/stack.json` and `run/playbook.json` in the data folder.

    Shape: one JSON object, the settings that say where the stack is; and the playbook that its services read.
    """
    note(settings)
    try:
        yield
    finally:
        _note(settings.data).unlink(missing_ok=True)
        _body(settings.data).unlink(missing_ok=True)


def note(settings: LocalSettings) -> None:
    """Note where a stack is, and what its playbook says now: its file may be edited while the services go by it."""
    where = settings.model_dump(include=set(NOTED)) | {"playbook": str(settings.playbook.absolute())}
    _note(settings.data).parent.mkdir(parents=True, exist_ok=True)
    try:
        _write(_body(settings.data), playbook_to_json(read_playbook(settings.playbook)))
    except ConfigurationError:
        _body(settings.data).unlink(missing_ok=True)  # the services will say what is wrong with it
    _write(_note(settings.data), msgspec.json.format(msgspec.json.encode(where)))


def running_settings(**chosen: Any) -> LocalSettings:
    """Return the settings of a stack to talk to: what is chosen, the environment, what it has noted, the defaults.

    Shape: a note counts only while its stack runs. Errors: `ConfigurationError` for a wrong setting or note.
    """
    said = local_settings(**chosen)
    if holder(said.data) is None:
        return said
    rest = {name: value for name, value in _read(_note(said.data)).items() if name in NOTED - said.model_fields_set}
    return local_settings(**{name: getattr(said, name) for name in said.model_fields_set}, **rest)


def settings_to_ask(**chosen: Any) -> LocalSettings:
    """Return the settings of the stack that a tool asks: of the data folder, else of the demo that runs below it.

    Errors: `ConfigurationError` also when several demos run below it.
    """
    found = running_settings(**chosen)
    if holder(found.data) is not None:
        return found
    demos = [folder for folder in sorted(found.data.glob(f"{DEMO_PREFIX}*")) if holder(folder) is not None]
    if len(demos) > 1:
        raise ConfigurationError(f"several demos run: name one with --data ({', '.join(map(str, demos))})")
    return running_settings(**chosen | {"data": demos[0]}) if demos else found


def started_with(data: Path) -> StartedWith | None:
    """Return the playbook by which the services of the stack on a folder go; None where none runs.

    Errors: `ConfigurationError` for a note that cannot be read.
    """
    if holder(data) is None or (path := _read(_note(data)).get("playbook")) is None:
        return None
    try:
        body, at = _body(data).read_bytes(), _body(data).stat().st_mtime_ns // 1_000_000
    except FileNotFoundError:
        return None
    return StartedWith(Path(path), playbook_from_json(body), at)


def _note(data: Path) -> Path:
    return data / "run" / "stack.json"


def _body(data: Path) -> Path:
    return data / "run" / "playbook.json"


def _write(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".new")
    draft.write_bytes(content)
    draft.replace(path)


def _read(note: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(note.read_bytes(), type=dict[str, Any])
    except FileNotFoundError:
        return {}  # its stack is only beginning
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"{note} cannot be read ({error}): start the stack again, it writes it anew") from None
