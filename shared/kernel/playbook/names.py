"""Names of events and the globs that take them.

Source: playbook section 2 (tracking plan).
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase

_GLOB_MARKS = frozenset("*?[")


def is_glob(pattern: str) -> bool:
    """Say whether a pattern may take other names than the one it spells."""
    return not _GLOB_MARKS.isdisjoint(pattern)


def takes(patterns: Iterable[str], name: str) -> bool:
    """Say whether one of the patterns takes a name: it is the name, letter by letter, or a glob that covers it."""
    return any(pattern == name or fnmatchcase(name, pattern) for pattern in patterns)
