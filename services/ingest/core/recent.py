"""A bounded memory of ids that were acknowledged, to tell a client about repeats.

It decides nothing: every event goes to the log, and the signals service counts each once. Source: design (state),
definition 8.
"""

from collections.abc import Iterable


class RecentIds:
    """The latest ids of each source, in two generations; the young one grows old once it holds `limit` ids."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._young: dict[str, set[str]] = {}
        self._old: dict[str, set[str]] = {}

    def note(self, source: str, ids: Iterable[str]) -> int:
        """Remember acknowledged ids. Shape: how many of them were there before, or stand twice in this list."""
        given = list(ids)
        fresh = set(given)
        young = self._young.setdefault(source, set())
        old = self._old.get(source)
        known = 0 if old is None or old.isdisjoint(fresh) else len((fresh & old) - young)
        before = len(young)
        young |= fresh
        added = len(young) - before
        self._size += added
        if self._size > self._limit:
            self._old, self._young, self._size = self._young, {}, 0
        return len(given) - added + known
