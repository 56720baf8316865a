"""Requests in Segment's dialect as bytes, each event with an id of its own, cheap to make while a load runs.

A pool of bodies is cut at the ids, so that a new body is one join.
"""

import secrets
import time
from random import Random
from urllib.parse import urlsplit

import msgspec

from shared.kernel.clock import iso

__all__ = ["Pool"]

POOL = 16
SEED = 99
ACCOUNTS, USERS, FEATURES = 1_000, 50, 20
MARK = "@@"


class Pool:
    """Requests with fresh ids. Shape: an id is `m-<tag>-<number of the request>-<place in the batch>`."""

    def __init__(self, url: str, write_key: str, batch: int) -> None:
        rng = Random(SEED)  # noqa: S311 - made-up input, no secret
        self._bodies = [_body(write_key, batch, rng).split(MARK.encode()) for _ in range(POOL)]
        self.tag = secrets.token_hex(4)
        self.number = 0
        parts = urlsplit(url)
        self._head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: "
        ).encode()

    def next(self) -> bytes:
        """Return the next request; `number` is its number."""
        self.number += 1
        body = f"{self.tag}-{self.number}".encode().join(self._bodies[self.number % POOL])
        return b"%s%d\r\n\r\n%s" % (self._head, len(body), body)


def _body(write_key: str, batch: int, rng: Random) -> bytes:
    now = iso(time.time_ns() // 1_000_000)
    calls = [
        {
            "type": "track",
            "event": "feature.used",
            "messageId": f"m-{MARK}-{place}",
            "userId": f"u{rng.randrange(USERS)}",
            "timestamp": now,
            "context": {"groupId": f"acct-{rng.randrange(ACCOUNTS)}"},
            "properties": {"feature": f"f{rng.randrange(FEATURES)}", "quantity": rng.randint(1, 10)},
        }
        for place in range(batch)
    ]
    return msgspec.json.encode({"batch": calls, "sentAt": now, "writeKey": write_key})
