"""What a partition's local store remembers besides pages: deletions, and keys that the changelog tells wrongly.

*Gone*: a deleted key with the stamp of its deletion, so that a paused worker's late page does not bring it back.
*Stale*: a key that such a late write has shadowed in the changelog, until the owner has written it again. Both lie in
the database itself, next to the pages, and are written in the same batch. Bound: `MOST_GONE` deletions a partition, the
newest; a worker that sleeps for longer than that takes is long dead.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from services.signals.core.pages import Stamp

__all__ = ["MARK_PREFIX", "Marks"]

MARK_PREFIX = b"__"
GONE = MARK_PREFIX + b"gone\0"
STALE = MARK_PREFIX + b"stale\0"
MOST_GONE = 10_000

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Stamp).decode


class Marks:
    """One partition's marks, in memory as they are in its database."""

    def __init__(self, stored: Iterable[tuple[bytes, bytes]]) -> None:
        self.gone: dict[bytes, Stamp] = {}
        self.stale: set[bytes] = set()
        for key, value in stored:
            if key.startswith(GONE):
                self.gone[key.removeprefix(GONE)] = _decode(value)
            elif key.startswith(STALE):
                self.stale.add(key.removeprefix(STALE))

    def note_page(self, batch: Any, key: bytes) -> None:
        """Add to a batch that a key is there, and right in the changelog."""
        if self.gone.pop(key, None) is not None:
            batch.delete(GONE + key)
        self._note_right(batch, key)

    def note_gone(self, batch: Any, key: bytes, stamp: Stamp) -> None:
        """Add to a batch that a key was deleted."""
        self.gone[key] = stamp
        batch.put(GONE + key, _encode(stamp))
        self._note_right(batch, key)

    def note_stale(self, batch: Any, key: bytes) -> None:
        """Add to a batch that a late write has shadowed a key."""
        self.stale.add(key)
        batch.put(STALE + key, b"")

    def prune(self, batch: Any) -> None:
        """Add to a batch that the oldest deletions are forgotten, when there are too many."""
        if len(self.gone) <= 2 * MOST_GONE:
            return
        oldest = sorted(self.gone, key=self.gone.__getitem__)[:-MOST_GONE]
        for key in oldest:
            del self.gone[key]
            batch.delete(GONE + key)

    def _note_right(self, batch: Any, key: bytes) -> None:
        if key in self.stale:
            self.stale.discard(key)
            batch.delete(STALE + key)
