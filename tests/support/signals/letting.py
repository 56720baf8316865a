"""An engine over pages that are written when a test asks for it, whose accounts are let go and loaded."""

from services.signals.core.engine import Engine
from services.signals.core.meta import Meta
from shared.kernel.playbook import Playbook
from tests.oracle.adapters import Pages
from tests.oracle.writing import WIDE_OPEN, event, playbook

__all__ = ["EVERYTHING", "LATER_MS", "NAMES", "OPEN", "Kept", "session", "written"]

OPEN = playbook(WIDE_OPEN)
EVERYTHING = 1 << 60
NAMES = ("a", "b", "c")
LATER_MS = 1_900_000_000_000


class Kept:
    """An engine over pages that are written when asked for."""

    def __init__(self, most_swept: int | None = None, judged_by: Playbook | None = None) -> None:
        self.store, self.offset, self.judged_by = Pages(), -1, judged_by or OPEN
        self.begin_anew(most_swept)

    def begin_anew(self, most_swept: int | None) -> None:
        """Begin with what is stored."""
        self.engine = Engine(0, 1, "log-1", adopt=False, playbook=self.judged_by, pages=self.store)
        self.engine.most_swept = most_swept

    def fold(self, *lines: bytes) -> None:
        """Fold records, each in one call."""
        for line in lines:
            self.offset += 1
            self.engine.fold(self.offset, line, 0)

    def write(self) -> None:
        """Write what has changed."""
        for group in self.engine.take_dirty():
            self.store.apply(group)

    def there(self) -> list[str]:
        """Return the names of the accounts in memory, the one first that goes first."""
        return list(self.engine.state.accounts)


def session(name: str, number: int = 1) -> bytes:
    """Return a session of a user of an account."""
    return event("session.started", name, "2026-03-02 10:00", f"{name}{number}", user=f"u{number}")


def written(kept: Kept) -> Meta:
    """Return the partition's page as it is stored."""
    meta = kept.engine.state.shelf.meta()
    assert meta is not None
    return meta
