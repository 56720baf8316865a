"""An engine with its store, and every byte that is kept of what it wrote and said."""

from collections.abc import Iterator

from services.signals.core.engine import Engine
from shared.kernel.playbook.risk import Rules
from shared.kernel.topics import FACTS, SNAPSHOTS, TRIGGERS
from tests.oracle.adapters import EPOCH, Pages
from tests.oracle.writing import WIDE_OPEN, only, playbook

__all__ = ["EVERY_RULE", "Kept"]

EVERY_RULE = playbook(WIDE_OPEN | only(*Rules.__struct_fields__))


class Kept:
    """An engine with its store, and everything that it said. Shape: `changelog` has the latest value of each key."""

    def __init__(self) -> None:
        self.store = Pages()
        self.changelog: dict[bytes, bytes | None] = {}
        self.snapshots: dict[bytes, bytes | None] = {}
        self.triggers: list[bytes] = []
        self.offset = -1
        self.engine = self._start()

    def _start(self) -> Engine:
        return Engine(0, 1, EPOCH, adopt=False, playbook=EVERY_RULE, pages=self.store)

    def fold(self, *lines: bytes) -> None:
        """Fold a record of some lines."""
        self.offset += 1
        self.engine.fold(self.offset, b"\n".join(lines), 1_800_000_000_000 + self.offset * 60_000)
        for output in [*self.engine.take_outputs(), *self.engine.take_snapshots(1_800_000_000_000 + self.offset)]:
            if output.topic is SNAPSHOTS:
                self.snapshots[output.key] = output.value
            elif output.topic is TRIGGERS:
                self.triggers.append(output.value or b"")
            else:
                assert output.topic is FACTS

    def flush(self) -> None:
        """Write the pages."""
        for group in self.engine.take_dirty():
            self.store.apply(group)
            self.changelog |= dict(group)

    def restart(self) -> None:
        """Begin anew from the pages; all of them have been flushed."""
        self.engine = self._start()

    def everything(self) -> Iterator[bytes]:
        """Yield every key and value that is kept."""
        for kept in (self.store.pages, self.changelog, self.snapshots):
            for key, value in kept.items():
                yield key
                yield value or b""
