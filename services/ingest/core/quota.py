"""How much is taken at once, and how fast: bytes in flight for the process, events a second for a key.

Source: reliability (security 8), design (durability 1).
"""


class ByteBudget:
    """Bytes of bodies that are being read, decoded or waiting for the broker's ack. Units: bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    def take(self, size: int) -> bool:
        """Reserve bytes, or say that there is no room."""
        if self.used + size > self.limit:
            return False
        self.used += size
        return True

    def force(self, size: int) -> None:
        """Reserve bytes that were let in before, in another form."""
        self.used += size

    def give(self, size: int) -> None:
        """Return reserved bytes."""
        self.used -= size


class EventQuota:
    """A token bucket: so many events a second, and a burst of as many as ten seconds allow."""

    BURST_SECONDS = 10

    def __init__(self, per_second: int, now_ms: int) -> None:
        self.per_second = per_second
        self._capacity = per_second * self.BURST_SECONDS
        self._tokens = float(self._capacity)
        self._at = now_ms

    def wait_seconds(self, events: int, now_ms: int) -> int:
        """Take tokens for events. Shape: 0 when there were enough, else the whole seconds to wait; then none is taken.

        A body of more events than the bucket holds passes when the bucket is full, so that no client is stuck for ever.
        """
        elapsed = max(0, now_ms - self._at)
        self._tokens = min(float(self._capacity), self._tokens + elapsed * self.per_second / 1000)
        self._at = now_ms
        wanted = min(events, self._capacity)
        if self._tokens >= wanted:
            self._tokens -= events
            return 0
        return max(1, -int(-(wanted - self._tokens) // self.per_second))
