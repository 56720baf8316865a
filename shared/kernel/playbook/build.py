"""From plain data to a validated playbook: types and bounds first, then what only makes sense together.

Errors: `ConfigurationError` naming the path, what was found and what is allowed. Source: definition 74.
"""

import hashlib
import types
from collections.abc import Mapping
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook.checks import CHECKS
from shared.kernel.playbook.document import Playbook

_SHOWN_CHARS = 60


def build_playbook(data: Mapping[str, object]) -> Playbook:
    """Return the playbook that the data describes, with its digest.

    Errors: `ConfigurationError`, one sentence: path, what was found, what is allowed.
    """
    if isinstance(data, dict) and data.get("digest"):
        raise ConfigurationError("playbook: digest: is computed, not written; remove it")
    try:
        playbook = msgspec.convert(data, Playbook)
    except msgspec.ValidationError as error:
        raise ConfigurationError(_explain(data, error)) from None
    problems = [problem for check in CHECKS for problem in check(playbook)]
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ConfigurationError(f"playbook: {problems[0]}{more}")
    return msgspec.structs.replace(playbook, digest=digest_of(playbook))


def digest_of(playbook: Playbook) -> str:
    """Return the SHA-256 of the playbook's canonical JSON: sorted keys, no digest."""
    plain = msgspec.structs.replace(playbook, digest="")
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()


def playbook_to_json(playbook: Playbook) -> bytes:
    """Return the playbook's body as canonical JSON, as it lies on the topic `playbooks`."""
    return msgspec.json.encode(msgspec.structs.replace(playbook, digest=""), order="sorted")


def playbook_from_json(body: bytes) -> Playbook:
    """Return the playbook in a canonical body. Errors: as `build_playbook`."""
    try:
        data = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"playbook: not readable as JSON: {error}") from None
    return build_playbook(data)


def _explain(data: object, error: msgspec.ValidationError) -> str:
    path, value, message = _locate(Playbook, data, "") or ("", data, str(error))
    allowed = message.partition(" - at `")[0].replace("Expected", "allowed is").replace("`", "")
    where = path or "the whole file"
    if message.startswith("Object "):
        return f"playbook: {where}: {allowed[0].lower()}{allowed[1:]}"
    shown = f"{value!r}"
    shown = shown if len(shown) <= _SHOWN_CHARS else f"{shown[:_SHOWN_CHARS]}…"
    return f"playbook: {where}: found {shown}, {allowed}"


def _locate(kind: Any, value: Any, path: str) -> tuple[str, Any, str] | None:
    """Return the innermost place where `value` is not a `kind`: its path, what is there, and what msgspec says."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        for inner, below, name in _children(kind, value):
            found = _locate(inner, below, f"{path}.{name}".strip("."))
            if found:
                return found
        return path, value, str(error)
    return None


def _children(kind: Any, value: Any) -> list[tuple[Any, Any, str]]:
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _children(args[0], value)
    if origin in (Union, types.UnionType):
        return [child for arm in args for child in _children(arm, value)] if isinstance(value, dict | list) else []
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        hints = get_type_hints(kind, include_extras=True)
        return [(hints[name], value[name], name) for name in kind.__struct_fields__ if name in value]
    if origin is dict and isinstance(value, dict):
        keys = [(args[0], key, str(key)) for key in value]
        return keys + [(args[1], below, str(key)) for key, below in value.items()]
    if origin is tuple and isinstance(value, list):
        arms = [args[0]] * len(value) if args[-1] is Ellipsis else args
        return [(arm, below, str(place)) for place, (arm, below) in enumerate(zip(arms, value, strict=False))]
    return []
