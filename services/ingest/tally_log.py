"""What this process counts, written to the topic `ingest.tallies` every few seconds.

Counts are cumulative (`shared.kernel.tallies`), so a round that is left out is made up for by the next.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

from services.ingest.publisher import Parcel, Publisher, Ticket
from shared.kernel.tallies import Tally, encode_tally, tally_key

__all__ = ["Counter", "TallyLog"]

PARTITION = 0  # the topic has one
Counter = Callable[[int], Sequence[Tally]]
"""Returns what has changed since it was last asked. Units: it is told the instant, in milliseconds."""


class TallyLog:
    """The counters of a process. Shape: whoever counts appends a counter to `counters`."""

    def __init__(self, topic: str, process: str) -> None:
        self.topic = topic
        self.process = process
        self.counters: list[Counter] = []
        self._under_way: Ticket | None = None

    async def keep_writing(self, publisher: Publisher, seconds: float) -> None:
        """Write for ever; while the broker has not taken one round there is no other, so no memory is used."""
        while True:
            await asyncio.sleep(seconds)
            if self._under_way is None or not self._under_way.open:
                self.write(publisher)

    def write(self, publisher: Publisher) -> None:
        """Hand what has changed to the publisher."""
        now_ms = time.time_ns() // 1_000_000
        tallies = [tally for counter in self.counters for tally in counter(now_ms)]
        self._under_way = publisher.submit(
            [Parcel(self.topic, PARTITION, encode_tally(tally), key=tally_key(tally)) for tally in tallies]
        )
