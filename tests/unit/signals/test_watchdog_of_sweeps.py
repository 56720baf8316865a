"""A partition that goes through its accounts at one record does not stand still."""

from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from services.signals import watchdog
from services.signals.owned import Owned
from services.signals.settings import Settings
from services.signals.watchdog import Watchdog
from shared.io.readiness import Readiness
from shared.kernel.errors import InvariantError

EVENTS = TP("events", 0)
END = 11


class Broker:
    """A log that ends; a second reader that looks whether a gap is left there."""

    looked = 0

    async def highwaters(self, *tps: TP) -> dict[TP, int]:
        """Return the ends."""
        return dict.fromkeys(tps, END)

    async def pass_end(self, _owned: Owned, _end: int) -> None:
        """Look."""
        self.looked += 1


@pytest.mark.parametrize("sweeps", [True, False])
async def test_progress_is_the_offset_or_accounts(monkeypatch: pytest.MonkeyPatch, *, sweeps: bool) -> None:
    """Nobody looks for a gap meanwhile; where neither moves, the worker leaves."""
    clock, broker = 0.0, Broker()
    monkeypatch.setattr(watchdog.time, "monotonic", lambda: clock)
    engine: Any = SimpleNamespace(offset=9, swept=0)
    owned = Owned(EVENTS, TP("pages", 0), 0, engine, SimpleNamespace())  # type: ignore[arg-type]  # it has no pages
    reader: Any = SimpleNamespace(owned={EVENTS: owned}, gaps=broker, halted=False)
    dog = Watchdog(Settings(progress_seconds=5), reader, Readiness())
    left = False
    for _look in range(10):
        clock += 2
        engine.swept += 25 * sweeps
        try:
            await dog._check_progress(broker)
        except InvariantError:
            left = True
            break
    assert (left, broker.looked == 0) == (not sweeps, sweeps)
