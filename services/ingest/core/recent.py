"""A bounded memory of ids that were acknowledged, to tell a client about repeats.

It decides nothing: every event goes to the log, and the signals service counts each once. Source: design (state),
definition 8.
"""


class RecentIds:
    """The latest ids of each source, in two generations; the young one grows old once it holds `limit` ids."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._young: dict[str, set[str]] = {}
        self._old: dict[str, set[str]] = {}

    def note(self, source: str, ids: list[str]) -> int:
        """Remember acknowledged ids. Shape: how many of them were there before, or stand twice in this list."""
        young = self._young.get(source)
        if young is None:
            young = self._young[source] = set()
        old = self._old.get(source)
        known = 0 if old is None or old.isdisjoint(ids) else len(old.intersection(ids) - young)
        before = len(young)
        young.update(ids)
        added = len(young) - before
        self._size += added
        if self._size > self._limit:
            self._old, self._young, self._size = self._young, {}, 0
        return len(ids) - added + known
