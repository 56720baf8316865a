"""The fold of one worker without its service: no broker, no threads, pages in a dictionary; process time of each part.

Import it after the core was chosen. A batch of a partition is folded as the reader folds what it fetches when it is
behind; flushes and snapshots come as often as they do in the service at about 100,000 events a second.
"""

import gc
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from services.signals.core.engine import Engine
from shared.io.playbooks import read_playbook
from shared.kernel.codec import decode_plain_events, decode_single_events
from shared.kernel.playbook import Playbook
from shared.kernel.topics import TRIGGERS
from tests.bench import whole
from tests.bench.contest import PARTITIONS, packed, singly
from tests.bench.encode import line
from tests.bench.job import GATED, events, make_job
from tests.bench.own_signals import ROOT, write_playbook
from tests.oracle.adapters import Pages

__all__ = ["JOBS", "Costs", "measure"]

BATCH_EVENTS = 32_000  # about what 8 MiB hold
SNAPSHOTS_EVENTS, FLUSH_EVENTS = 50_000, 150_000
STEP_MS = 500
BEGIN_MS = 1_800_000_000_000
Records = Iterable[tuple[int, bytes]]


class Costs(msgspec.Struct, kw_only=True):
    """What was measured, and what the fold said: how many triggers fired or were held. Units: µs an event."""

    core: str = ""
    events: int = 0
    triggers: int = 0
    decode: float = 0.0
    fold: float = 0.0
    flush: float = 0.0
    snapshots: float = 0.0


class _Worker:
    """The engines of all partitions."""

    def __init__(self, playbook: Playbook) -> None:
        self.pages = [Pages() for _ in range(PARTITIONS)]
        self.engines = [Engine(n, PARTITIONS, "bench", False, playbook, self.pages[n]) for n in range(PARTITIONS)]
        self.costs = Costs()
        self._now_ms = BEGIN_MS

    def take(self, place: int, values: list[bytes], number: int) -> None:
        """Fold so many events of a partition; before that they are decoded and dropped, to see what that takes."""
        engine, began = self.engines[place], time.process_time()
        if len(values) == number:
            decode_single_events(values)
        else:
            for value in values:
                decode_plain_events(value)
        decoded = time.process_time()
        engine.fold_run(engine.offset + 1, values, self._now_ms)
        self.costs.fold += time.process_time() - decoded
        self.costs.decode += decoded - began
        for output in engine.take_outputs():
            self.costs.triggers += output.topic.name == TRIGGERS.name

    def show(self) -> None:
        """Take the snapshots that are due."""
        began, self._now_ms = time.process_time(), self._now_ms + STEP_MS
        for engine in self.engines:
            engine.take_snapshots(self._now_ms)
        self.costs.snapshots += time.process_time() - began

    def flush(self) -> None:
        """Take the changed pages."""
        for engine, pages in zip(self.engines, self.pages, strict=True):
            began = time.process_time()
            groups = engine.take_dirty()
            self.costs.flush += time.process_time() - began
            for group in groups:
                pages.apply(group)


def measure(job: str, count: int, accounts: int) -> Costs:
    """Return what each part costs in one of the `JOBS`."""
    playbook, records = JOBS[job](count, accounts)
    batches = list(_batches(records))
    worker = _Worker(playbook)
    gc.collect()
    gc.freeze()  # what is read is not looked through by the collector: in the service it does not lie there
    costs, shown, flushed = worker.costs, 0, 0
    for place, values, number in batches:
        worker.take(place, values, number)
        costs.events += number
        if costs.events - shown >= SNAPSHOTS_EVENTS:
            shown = costs.events
            worker.show()
        if costs.events - flushed >= FLUSH_EVENTS:
            flushed = costs.events
            worker.flush()
    worker.show()
    worker.flush()
    gc.unfreeze()
    for part in ("decode", "fold", "flush", "snapshots"):
        setattr(costs, part, getattr(costs, part) / costs.events * 1e6)
    return costs


def _batches(records: Records) -> Iterator[tuple[int, list[bytes], int]]:
    """Yield records of a partition that are folded at once, with the number of their events."""
    waiting: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
    numbers = [0] * PARTITIONS
    for place, value in records:
        waiting[place].append(value)
        numbers[place] += value.count(b"\n") + 1
        if numbers[place] >= BATCH_EVENTS:
            yield place, waiting[place], numbers[place]
            waiting[place], numbers[place] = [], 0
    for place, values in enumerate(waiting):
        if values:
            yield place, values, numbers[place]


def _three_rules(form: Callable[..., Records]) -> Callable[[int, int], tuple[Playbook, Records]]:
    def make(count: int, accounts: int) -> tuple[Playbook, Records]:
        job = make_job(count, accounts)
        with tempfile.TemporaryDirectory() as folder:
            playbook = read_playbook(write_playbook(Path(folder), job.usage_limit, list(GATED)))
        return playbook, form(events(count, accounts), line)

    return make


def _every_rule(count: int, accounts: int) -> tuple[Playbook, Records]:
    return read_playbook(ROOT / "playbooks" / "default.yaml"), whole.records(count, accounts)


JOBS = {"three_rules": _three_rules(packed), "three_rules_single": _three_rules(singly), "every_rule": _every_rule}
