"""The ticker: writes `control.tick` into each owned partition, at each minute of the wall clock.

Nothing is written while pages are being recovered, nor while history is loaded into a partition: then its player writes
the ticks. The ticker is the only clock that decisions ever see. Source: design (one input log; durability 7).
"""

import asyncio

from services.signals.delivery import Delivery
from services.signals.metrics import TICKS
from services.signals.owned import Owned
from services.signals.reader import Reader, now_ms
from shared.kernel.clock import MINUTE_MS
from shared.kernel.codec import encode_line
from shared.kernel.controls import Tick

__all__ = ["Ticker"]

LOOK_SECONDS = 0.25


class Ticker:
    """Writes the ticks of the partitions that this worker owns."""

    def __init__(self, reader: Reader, delivery: Delivery) -> None:
        self._reader = reader
        self._delivery = delivery

    async def run(self) -> None:
        """Write ticks for ever. Errors: `DependencyError` when the broker does not take one."""
        while True:
            await self.write(now_ms() // MINUTE_MS * MINUTE_MS)
            await asyncio.sleep(LOOK_SECONDS)

    async def write(self, minute_ms: int) -> None:
        """Write a minute's tick to each owned partition that does not have it and takes ticks."""
        due = [owned for owned in self._reader.owned.values() if _is_due(owned, minute_ms)]
        if not due or self._reader.halted:
            return
        line = encode_line(Tick(at=minute_ms, live=True))
        sent = []
        for owned in due:
            owned.ticked_ms = minute_ms
            sent.append(await self._delivery.send_record(owned.events, line))
        await self._delivery.confirm(sent)
        TICKS.inc(len(sent))


def _is_due(owned: Owned, minute_ms: int) -> bool:
    """Return whether a tick is wanted: not before what the log held is folded, since history may begin there."""
    if owned.next < owned.owed or owned.engine.phase == "backfill":
        return False
    return max(owned.ticked_ms, owned.engine.ticked_at) < minute_ms
