"""The table of settings, from the settings classes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from deploy.local.settings import DEFAULT_PLAYBOOK, OWN_PLAYBOOK, LocalSettings
from services.ingest.settings import Settings as Ingest
from services.notify.settings import Settings as Notify
from services.pipeline.settings import Settings as Pipeline
from services.signals.settings import Settings as Signals
from upswing.reference.meanings import EVERYWHERE, MEANINGS

__all__ = ["CLASSES", "meaning_of", "settings"]

CLASSES: dict[str, type[BaseSettings]] = {
    "ingest": Ingest,
    "signals": Signals,
    "pipeline": Pipeline,
    "notify": Notify,
    "local": LocalSettings,
}
SHOWN_PLAYBOOK = f"playbooks/{DEFAULT_PLAYBOOK.name}"


def settings() -> str:
    """Return the tables of all settings as Markdown, a service after the other."""
    parts = []
    for service, shape in CLASSES.items():
        title = "The local stack" if service == "local" else service
        head = [f"## {title}", "", f"Prefix `{shape.model_config['env_prefix']}`", ""]
        table = ["| name | default | allowed | what |", "|---|---|---|---|"]
        rows = [_row(service, name, field) for name, field in shape.model_fields.items()]
        parts.append("\n".join([*head, *table, *rows]))
    return "\n\n".join(parts)


def meaning_of(service: str, name: str) -> str | None:
    """Return what a setting means."""
    return MEANINGS[service].get(name) or EVERYWHERE.get(name)


def _row(service: str, name: str, field: FieldInfo) -> str:
    return f"| `{name.upper()}` | {_default(field)} | {_allowed(field)} | {meaning_of(service, name) or ''} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default_factory is not None and field.annotation is Path:
        return f"`{OWN_PLAYBOOK}` in the data folder, else `{SHOWN_PLAYBOOK}`"
    if field.default_factory is not None:
        return "the host's name" if field.annotation is str else "none"
    if field.default is None or field.default in ("", ()):
        return "none"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def _allowed(field: FieldInfo) -> str:
    literal = next((hint for hint in _hints(field.annotation) if get_origin(hint) is Literal), None)
    if literal is not None:
        return ", ".join(f"`{value}`" for value in get_args(literal))
    if field.annotation is bool:
        return "true, false"
    return " ".join([_kind(field), *_bounds(field)])


def _hints(annotation: Any) -> Iterator[Any]:
    yield annotation
    if get_origin(annotation) is not Literal:
        yield from get_args(annotation)


def _kind(field: FieldInfo) -> str:
    hints = [*_hints(field.annotation)]
    if SecretStr in hints:
        return "secret"
    if int in hints:
        return "whole number"
    return "number" if float in hints else "text"


def _bounds(field: FieldInfo) -> Iterator[str]:
    for bound in field.metadata:
        for name, words in (("ge", "from"), ("gt", "above"), ("le", "to")):
            value = getattr(bound, name, None)
            if value is not None:
                yield f"{words} {value:,}"
        if getattr(bound, "min_length", None):
            yield f"of at least {bound.min_length}"
        pattern = getattr(bound, "pattern", None)
        if pattern is not None:
            yield f"matching `{pattern}`".replace("|", "\\|")
