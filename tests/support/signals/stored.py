"""Changelogs as a release wrote them, with the log that they came from: later releases must read and fold on from them.

`python -m tests.support.signals.stored` writes one of today's format; see docs/operations.md, *Upgrades*.
"""

import gzip
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from services.signals.core.engine import Engine
from services.signals.core.pages import Stamp, stamp_of
from services.signals.store import tombstone_headers
from shared.kernel.clock import midnight_ms
from shared.kernel.playbook import playbook_to_json
from tests.oracle.writing import control, event, instant
from tests.support.signals.verdict import Memory
from tests.support.simulate import PACK, Story, small

__all__ = ["FOLDER", "Stored", "read", "write"]

FOLDER = Path(__file__).parent / "changelogs"
EPOCH = "log-of-the-fixture"
ACCOUNTS, DAYS, GOES_ON = 3, 45, 10
CROWD = 8_400  # users: so many that their pages have keys of their own
FLUSH_EVERY = 7
NOW_MS = instant("2026-06-01")


class Stored(msgspec.Struct):
    """A changelog and the log it came from. Shape: `upto` is the last offset that its pages hold; `pages` in order."""

    playbook: bytes
    upto: int
    log: list[bytes]
    pages: list[tuple[bytes, bytes | None, Stamp]]

    def records(self) -> list[Any]:
        """Return the pages as records of a changelog."""
        return [
            SimpleNamespace(offset=number, key=key, value=page, headers=() if page else tombstone_headers(stamp))
            for number, (key, page, stamp) in enumerate(self.pages)
        ]


def read(path: Path) -> Stored:
    """Return a stored changelog."""
    return msgspec.msgpack.decode(gzip.decompress(path.read_bytes()), type=Stored)


def write(path: Path) -> Stored:
    """Write a changelog of today's format: a simulated company, a crowd, a quantity beyond 64 bits."""
    story = Story(small(seed=5, accounts=ACCOUNTS, days=DAYS))
    log, upto = _log(story)
    playbook = story.company.request.playbook
    engine = Engine(0, 1, EPOCH, False, playbook, store := Memory())
    stored = Stored(playbook_to_json(playbook), upto, log, [])
    for offset, value in enumerate(log[: upto + 1]):
        engine.fold(offset, value, NOW_MS)
        if offset % FLUSH_EVERY == 0 or offset == upto:
            _flush(engine, store, stored)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(msgspec.msgpack.encode(stored), mtime=0))
    return stored


def _flush(engine: Engine, store: Memory, stored: Stored) -> None:
    engine.take_outputs()
    groups = engine.take_dirty()
    meta = groups[-1][-1][1]
    assert meta is not None
    for key, page in (one for group in groups for one in group):
        stored.pages.append((key, page, stamp_of(page if page is not None else meta)))
        if page is None:
            store.pages.pop(key, None)
        else:
            store.pages[key] = page


def _log(story: Story) -> tuple[list[bytes], int]:
    """Return the log, and the last offset before the days that go on from the changelog."""
    log: list[bytes] = []
    upto = 0
    first = story.company.request.first_day
    for number, arrivals in enumerate(story.days):
        at = midnight_ms(first + number)
        log.append(control("tick", at))
        lines = [msgspec.json.encode(arrival[2]) for arrival in arrivals]
        log += [b"\n".join(lines[start : start + PACK]) for start in range(0, len(lines), PACK)]
        if number == DAYS - GOES_ON - 1:
            log.append(event("usage.recorded", "wide", at, "w", properties={"metric": "api_calls", "quantity": 10**15}))
            crowd = [event("session.started", "crowd", at, f"c{user}", user=f"u{user}") for user in range(CROWD)]
            log += [b"\n".join(crowd[start : start + 1_000]) for start in range(0, CROWD, 1_000)]
            upto = len(log) - 1
    return log, upto


if __name__ == "__main__":
    made = write(FOLDER / f"{sys.argv[1]}.gz")
    sys.stdout.write(f"{len(made.pages)} pages up to offset {made.upto} of {len(made.log)}\n")
