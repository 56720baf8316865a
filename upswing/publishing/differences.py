"""Two playbooks compared number by number."""

from collections.abc import Iterator
from typing import Any

import msgspec

from shared.kernel.playbook import Playbook, playbook_to_json

__all__ = ["Difference", "differences"]

ABSENT = "-"


class Difference(msgspec.Struct, frozen=True):
    """One number or text that differs. Shape: `path` as in the file; `-` stands for what is not there."""

    path: str
    before: str
    after: str


def differences(before: Playbook, after: Playbook) -> list[Difference]:
    """Return what differs between two playbooks, in the order of paths; the version itself is left out."""
    old, new = dict(_leaves(_plain(before), "")), dict(_leaves(_plain(after), ""))
    paths = sorted(old.keys() | new.keys())
    return [
        Difference(path, old.get(path, ABSENT), new.get(path, ABSENT))
        for path in paths
        if path != "version" and old.get(path) != new.get(path)
    ]


def _plain(playbook: Playbook) -> Any:
    return msgspec.json.decode(playbook_to_json(playbook))


def _leaves(found: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield each value with its path; rows of a list that carry a name go by it, so that an insertion is one change."""
    if isinstance(found, dict) and found:
        for name, value in found.items():
            yield from _leaves(value, f"{path}.{name}" if path else name)
    elif isinstance(found, list) and found and all(isinstance(row, dict) for row in found):
        for number, row in enumerate(found):
            yield from _leaves(row, f"{path}[{row.get('name', row.get('key', number))}]")
    else:
        yield path, msgspec.json.encode(found).decode()
