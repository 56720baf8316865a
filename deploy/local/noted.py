"""Where a running stack is: noted in its data folder for the tools that talk to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from deploy.local.leftovers import holder
from deploy.local.settings import PORTS, LocalSettings, local_settings
from shared.kernel.errors import ConfigurationError

__all__ = ["noted", "running_settings"]

NOTED = frozenset(
    {"partitions", "topic_prefix", "ingest_processes", "ingest_own_port", *(f"{name}_port" for name in PORTS)}
)


@contextmanager
def noted(settings: LocalSettings) -> Iterator[None]:
    """Keep `run/stack.json` in the data folder. Shape: one JSON object, the settings that say where the stack is."""
    note = _note(settings.data)
    note.parent.mkdir(parents=True, exist_ok=True)
    draft = note.with_suffix(".new")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(settings.model_dump(include=set(NOTED)))))
    draft.replace(note)
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def running_settings(**chosen: Any) -> LocalSettings:
    """Return the settings of a stack to talk to: what is chosen, the environment, what it has noted, the defaults.

    Shape: a note counts only while its stack runs. Errors: `ConfigurationError` for a wrong setting or note.
    """
    said = local_settings(**chosen)
    if holder(said.data) is None:
        return said
    rest = {name: value for name, value in _read(_note(said.data)).items() if name in NOTED - said.model_fields_set}
    return local_settings(**{name: getattr(said, name) for name in said.model_fields_set}, **rest)


def _note(data: Path) -> Path:
    return data / "run" / "stack.json"


def _read(note: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(note.read_bytes(), type=dict[str, Any])
    except FileNotFoundError:
        return {}  # its stack is only beginning
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"{note} cannot be read ({error}): start the stack again, it writes it anew") from None
