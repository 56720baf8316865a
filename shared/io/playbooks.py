"""Reading playbooks from YAML, strictly: a key that stands twice is refused instead of losing its first value.

Errors: `ConfigurationError` with one sentence.
"""

from collections.abc import Hashable
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook import Playbook, build_playbook, playbook_problems
from shared.kernel.playbook.checks import CHECKS

MOST_CHARS = 2_000_000
DEFAULT = "default"  # `extends: default` is the playbook that comes with Upswing, wherever the file lies
DEFAULT_FILE = Path(__file__).parents[2] / "playbooks" / "default.yaml"
BEGIN = f"begin with `extends: {DEFAULT}`, and write only what differs"
FOUND: dict[type, str] = {type(None): "nothing", str: "a text", list: "a list"}
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
    data = _mapping(_parsed(text))
    if "extends" in data:
        raise ConfigurationError("playbook: extends: is for files only; give the whole playbook")
    return build_playbook(data)


def read_playbook(path: str | Path) -> Playbook:
    """Return the playbook in a file, with what it leaves out taken from the file that it `extends`.

    Shape: mappings are merged field by field; lists, and the offers in `plans`, `products` and `addons`, replace.
    Errors: `ConfigurationError`, also when a file cannot be read.
    """
    problems: list[str] = []
    data = _read(Path(path), (), problems)
    if problems:
        raise ConfigurationError(f"playbook: {problems[0]}")
    return build_playbook(data)


def find_problems(path: str | Path) -> list[str]:
    """Return all that is wrong with the playbook in a file, a sentence each; none: it can be used.

    Shape: what only makes sense together is looked at when each part by itself is right, and it is known what the file
    extends; until then its parts are held against the default playbook.
    Errors: `ConfigurationError` when it, or the file that it extends, cannot even be read.
    """
    problems: list[str] = []
    data = _read(Path(path), (), problems)
    based = not any(problem.startswith("extends:") for problem in problems)
    return [*problems, *playbook_problems(data, CHECKS if based else ())]


def _read(path: Path, below: tuple[Path, ...], problems: list[str]) -> dict[str, Any]:
    """Return the data of a file with what it extends; what is wrong with that is added to `problems`."""
    if path.resolve() in below:
        raise ConfigurationError(f"playbook: extends: {path} leads back to itself")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigurationError(f"playbook: cannot read {path}: {why}; name an existing file") from None
    parsed = _parsed(text)
    data = _mapping({} if parsed is None else parsed)
    parent = data.pop("extends", None)
    if parent is None and (below or not _lacks_most(data)):
        return data
    lower = path.parent / parent if isinstance(parent, str) and parent != DEFAULT else DEFAULT_FILE
    if parent is None:
        problems.append(f"extends: is missing, and so are most parts of a playbook: {BEGIN}")
    elif not isinstance(parent, str) or not lower.exists():
        problems.append(f"extends: found {parent!r:.200}, {_allowed(parent)}")
        lower = DEFAULT_FILE
    if "version" not in data:
        problems.append(f"version: is missing in {path}, it is not taken from another file")
    merged: dict[str, Any] = _merged(_read(lower, (*below, path.resolve()), problems), data, ())
    return merged


def _lacks_most(data: dict[str, Any]) -> bool:
    wanted = [field.name for field in msgspec.structs.fields(Playbook) if field.required]
    return 2 * sum(name in data for name in wanted) < len(wanted)


def _allowed(parent: object) -> str:
    if isinstance(parent, str) and get_close_matches(parent, [DEFAULT]):
        return f"did you mean {DEFAULT}?"
    return f"allowed is {DEFAULT}, or the name of a file beside this one"


def _merged(lower: Any, upper: Any, path: tuple[str, ...]) -> Any:
    if not isinstance(lower, dict) or not isinstance(upper, dict) or path in REPLACED:
        return upper
    return lower | {key: _merged(lower.get(key), value, (*path, str(key))) for key, value in upper.items()}


def _mapping(data: object) -> dict[str, Any]:
    if not isinstance(data, dict):
        found = FOUND.get(type(data), "a single value")
        raise ConfigurationError(f"playbook: found {found}, allowed is a mapping of its parts")
    return dict(data)


@lru_cache(maxsize=2)  # what files extend is read again and again, and takes a tenth of a second
def _parsed(text: str) -> Any:
    return parse_yaml(text, "playbook")
