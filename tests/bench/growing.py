"""One worker that is far behind, without its service: what an event costs as accounts grow in number and in size.

There is no Kafka, and pages go into a dictionary. All else is as in the service, and by its own code: what is fetched
at once is folded in stretches as long as `stretches` makes them, a flush comes when `pace` says so or before more would
lie unflushed than `room` allows, with the snapshots that are due, and then accounts that lie idle are let go. So dear
events come in smaller stretches, and dear flushes further apart, by the same rules for every size.

Each account is made first, by an event of the morning; the events that are measured come in the afternoon of that day,
and are made while they are folded, outside the time. Midnights are not in it. Units: process time, in seconds.
Import it after the core was chosen.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from random import Random
from typing import Any, cast

import msgspec
import psutil

from services.signals.core.engine import Engine
from services.signals.fetching import Fetched, Part
from services.signals.pace import pause_after
from services.signals.room import fits, let_idle_go
from services.signals.settings import Settings
from services.signals.stretches import Slices
from shared.io.playbooks import read_playbook
from tests.bench.mixture import FIRST_DAY, SEED, uniform, zipf
from tests.bench.own_signals import ROOT
from tests.oracle.adapters import Pages

__all__ = ["Costs", "by_accounts", "by_users"]

PACK = 500
DAY_MS = 86_400_000
MORNING_MS = FIRST_DAY * DAY_MS
NOON_MS = MORNING_MS + DAY_MS // 2
USERS, USERS_IN_ALL = 5, 100_000  # who act in an account, where accounts grow in number; and where they do in size
BEGIN_MS = 1_800_000_000_000
SPREADS: dict[str, Callable[[int, Random], Iterator[int]]] = {"uniform": uniform, "zipf": zipf}
clock = time.process_time


class Costs(msgspec.Struct, kw_only=True):
    """What was measured. Units: `fold`, `snapshots` and `flush` in µs an event.

    Shape: `stretches` and `flushes` are how many there were, `written` and `let_go` how many accounts in all.
    """

    core: str = ""
    events: int = 0
    fold: float = 0.0
    snapshots: float = 0.0
    flush: float = 0.0
    stretches: int = 0
    flushes: int = 0
    written: int = 0
    let_go: int = 0
    rss_mb: float = 0.0


class _Worker:
    """One partition, and what of it the rules for flushing ask."""

    def __init__(self, settings: Settings) -> None:
        self.store, self._settings = Pages(), settings
        self.engine = Engine(0, 1, "bench", False, read_playbook(ROOT / "playbooks" / "default.yaml"), self.store)
        self.unflushed_bytes = 0
        self.costs = Costs()
        self._slices = Slices(settings.slice_ms)
        self._busy = self._due = 0.0

    def take(self, raw: Iterable[bytes]) -> None:
        """Fold events as they are fetched, 8 MiB at a time, and flush what is left."""
        values, size = list[bytes](), 0
        for value in _packed(raw):
            if size + len(value) > self._settings.fetch_partition_bytes:
                self._fold(values)
                values, size = [], 0
            values.append(value)
            size += len(value)
        if values:
            self._fold(values)
        self._flush()

    def _fold(self, values: list[bytes]) -> None:
        batch = Fetched([Part(self.engine.offset + 1, values, 0)])
        stretches, _behind = self._slices.of(batch.size())
        while (place := batch.place(self.engine.offset + 1)) < len(batch):
            cut = stretches.cut(batch, place)
            size = batch.size(place, place + len(cut))
            owned = cast("Any", self)
            if self._busy >= self._due or not fits(owned, [owned], size, self._settings.accounts_bytes):
                self._flush()
            began = clock()
            self.engine.fold_run(batch.offset(place), cut, self._now_ms)
            self.engine.take_outputs()
            seconds = clock() - began
            stretches.took(size, seconds)
            self.unflushed_bytes += size
            self.costs.fold += seconds
            self.costs.stretches += 1
            self._busy += seconds

    def _flush(self) -> None:
        began = clock()
        self.engine.take_snapshots(self._now_ms)
        shown = clock()
        groups = self.engine.take_dirty()
        for group in groups:
            self.store.apply(group)
        self.unflushed_bytes = 0
        let_idle_go([cast("Any", self)], self._settings.accounts_bytes)
        seconds = clock() - began
        self.costs.snapshots += shown - began
        self.costs.flush += seconds + began - shown
        self.costs.flushes += 1
        self.costs.written += len(groups) - 1
        self._busy += seconds
        self._due = self._busy + pause_after(seconds, self._settings.flush_seconds)
        self.costs.let_go += self.engine.take_counts()["let_go",]

    @property
    def _now_ms(self) -> int:
        return BEGIN_MS + int(self._busy * 1000)


def by_accounts(settings: Settings, accounts: int, spread: str, events: int) -> Costs:
    """Return what an event costs when so many accounts share the events of half a day."""
    worker, rng = _Worker(settings), Random(SEED)  # noqa: S311 - made-up input, no secret
    worker.take(_used(n, MORNING_MS + n, n, 0) for n in range(accounts))
    step, places, draw = DAY_MS / 2 / events, SPREADS[spread](accounts, rng), rng.random
    return _measured(
        worker, events, (_used(n, NOON_MS + int(n * step), next(places), int(draw() * USERS)) for n in range(events))
    )


def by_users(settings: Settings, users: int, events: int) -> Costs:
    """Return what an event costs in accounts of so many users, 100,000 in all."""
    worker, draw = _Worker(settings), Random(SEED).random  # noqa: S311 - made-up input, no secret
    accounts, step = USERS_IN_ALL // users, DAY_MS / 2 / events
    worker.take(_used(n, MORNING_MS + n, n // users, n % users) for n in range(USERS_IN_ALL))
    return _measured(
        worker,
        events,
        (_used(n, NOON_MS + int(n * step), int(draw() * accounts), int(draw() * users)) for n in range(events)),
    )


def _measured(worker: _Worker, events: int, raw: Iterable[bytes]) -> Costs:
    costs = worker.costs = Costs(events=events)
    worker.take(raw)
    for part in ("fold", "snapshots", "flush"):
        setattr(costs, part, getattr(costs, part) / events * 1e6)
    costs.rss_mb = psutil.Process().memory_info().rss / 1e6
    return costs


def _used(number: int, at_ms: int, account: int, user: int) -> bytes:
    who = f'"account_id":"acct-{account}","user_id":"u{user}","source":"bench","id":"e{at_ms}-{number}"'
    said = f'{{"feature":"f{number % 9}","metric":"api_calls","quantity":1}}'
    return f'{{"type":"feature.used",{who},"occurred_at":{at_ms},"received_at":{at_ms},"properties":{said}}}'.encode()


def _packed(raw: Iterable[bytes]) -> Iterator[bytes]:
    rest = iter(raw)
    while pack := list(islice(rest, PACK)):
        yield b"\n".join(pack)
