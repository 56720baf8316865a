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

    def repeats(self, source: str, ids: list[str]) -> int:
        """Return how many ids were there before, or stand twice in this list."""
        fresh = set(ids)
        if young := self._young.get(source):
            fresh -= young
        if old := self._old.get(source):
            fresh -= old
        return len(ids) - len(fresh)

    def add(self, source: str, ids: Iterable[str]) -> None:
        """Remember acknowledged ids."""
        young = self._young.setdefault(source, set())
        before = len(young)
        young.update(ids)
        self._size += len(young) - before
        if self._size > self._limit:
            self._old, self._young, self._size = self._young, {}, 0
