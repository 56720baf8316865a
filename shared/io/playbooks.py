"""Reading playbooks from YAML, strictly: a key that stands twice is refused instead of losing its first value.

Errors: `ConfigurationError` with one sentence.
"""

from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook import Playbook, build_playbook, playbook_problems

MOST_CHARS = 2_000_000
DEFAULT = "default"  # `extends: default` is the playbook that comes with Upswing, wherever the file lies
DEFAULT_FILE = Path(__file__).parents[2] / "playbooks" / "default.yaml"
REPLACED = {("plans",), ("products",), ("addons",)}  # the offers of one company are no addition to another's


class _StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return the mapping of a node. Errors: a `ConstructorError` at the second of two equal keys."""
        seen: set[Hashable] = set()
        for key_node, _value in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(None, None, "a key must be plain text", key_node.start_mark)
            if key in seen:
                why = f"the key {key!r} stands twice"
                raise yaml.constructor.ConstructorError(None, None, why, key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def parse_yaml(text: str, what: str) -> Any:
    """Return the data of a YAML text. Errors: `ConfigurationError` with the line."""
    if len(text) > MOST_CHARS:
        raise ConfigurationError(f"{what}: found {len(text)} characters, allowed are at most {MOST_CHARS}")
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ConfigurationError(f"{what}: {line}not readable as YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigurationError(f"{what}: not readable as YAML: {type(error).__name__}") from None


def load_playbook(text: str) -> Playbook:
    """Return the playbook written in a YAML text. Errors: `ConfigurationError` with path, found and allowed."""
    data = _mapping(text)
    if "extends" in data:
        raise ConfigurationError("playbook: extends: is for files only; give the whole playbook")
    return build_playbook(data)


def read_playbook(path: str | Path) -> Playbook:
    """Return the playbook in a file, with what it leaves out taken from the file that it `extends`.

    Shape: mappings are merged field by field; lists, and the offers in `plans`, `products` and `addons`, replace.
    Errors: `ConfigurationError`, also when a file cannot be read.
    """
    return build_playbook(_read(Path(path), ()))


def find_problems(path: str | Path) -> list[str]:
    """Return all that is wrong with the playbook in a file, a sentence each; none: it can be used.

    Errors: `ConfigurationError` when it, or the file that it extends, cannot even be read.
    """
    return playbook_problems(_read(Path(path), ()))


def _read(path: Path, below: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in below:
        raise ConfigurationError(f"playbook: extends: {path} leads back to itself")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigurationError(f"playbook: cannot read {path}: {why}; name an existing file") from None
    data = _mapping(text)
    parent = data.pop("extends", None)
    if parent is None:
        return data
    lower = DEFAULT_FILE if parent == DEFAULT else path.parent / parent if isinstance(parent, str) else None
    if lower is None or not lower.exists():
        what = "allowed is default, or the name of a file beside this one"
        raise ConfigurationError(f"playbook: extends: found {parent!r:.200}, {what}")
    if "version" not in data:
        raise ConfigurationError(f"playbook: version: is missing in {path}, it is not taken from another file")
    merged: dict[str, Any] = _merged(_read(lower, (*below, path.resolve())), data, ())
    return merged


def _merged(lower: Any, upper: Any, path: tuple[str, ...]) -> Any:
    if not isinstance(lower, dict) or not isinstance(upper, dict) or path in REPLACED:
        return upper
    return lower | {key: _merged(lower.get(key), value, (*path, str(key))) for key, value in upper.items()}


def _mapping(text: str) -> dict[str, Any]:
    return dict(_parsed(text))


@lru_cache(maxsize=2)  # what files extend is read again and again, and takes a tenth of a second
def _parsed(text: str) -> dict[str, Any]:
    data = parse_yaml(text, "playbook")
    if not isinstance(data, dict):
        raise ConfigurationError(f"playbook: found {type(data).__name__}, allowed is a mapping of its parts")
    return data
