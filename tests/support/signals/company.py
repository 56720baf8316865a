"""A lively company on a real log, for the real engine: what workers made of it against an engine in peace.

The log is the truth: misplaced lines come back to it, so the reference reads what the partitions hold in the end.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from services.signals.core.engine import Engine
from shared.kernel.clock import DAY_MS
from shared.kernel.dead_letters import decode_letter
from shared.kernel.ids import partition_for
from shared.kernel.playbook import Playbook, playbook_to_json
from shared.kernel.snapshots import Snapshot, decode_snapshot
from shared.kernel.topics import DEAD_LETTERS, EVENTS, FACTS, TRIGGERS
from shared.kernel.triggers import Trigger, decode_trigger
from tests.oracle.writing import WIDE_OPEN, control, event, instant, playbook
from tests.support.signals.stream import Stream

__all__ = ["Company", "Memory"]

ACCOUNTS = 40
USERS = 12
START_MS = instant("2026-03-01 08:00")
STEP_MS = 20 * 60_000
PROBE_NOW_MS = START_MS + 400 * DAY_MS
FEATURES = ("dashboards", "reports", "alerts", "imports", "integrations", "sso", "roles", "forecasting")
TriggerKey = tuple[str, str]


class Memory:
    """Pages in a dictionary, for an engine without a worker."""

    def __init__(self, pages: dict[bytes, bytes] | None = None) -> None:
        self._pages = dict(pages or {})

    def get(self, key: bytes) -> bytes | None:
        """Return a page."""
        return self._pages.get(key)

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Give the pages whose keys begin with `prefix`, in order."""
        return iter(sorted((key, value) for key, value in self._pages.items() if key.startswith(prefix)))


class Company(Stream):
    """A made-up company's events, over days that pass quickly. Shape: `write` moves its clock."""

    def __init__(self, bootstrap: str, prefix: str, partitions: int = 4, seed: int = 1) -> None:
        super().__init__(bootstrap, prefix, partitions, seed)
        self.playbook: Playbook = playbook(WIDE_OPEN)
        self._clock = START_MS
        self._number = 0
        self._names = [f"co-{number}" for number in range(ACCOUNTS)]
        self._begun = False

    def save_playbook(self, folder: Path) -> Path:
        """Write the company's playbook to a file and return it."""
        path = folder / "playbook.yaml"
        path.write_bytes(playbook_to_json(self.playbook))
        return path

    async def write(self, count: int, *, producer: Any = None) -> None:
        """Append events and let time pass; each new day is ticked in every partition."""
        async with self._producer(producer) as sender:
            if not self._begun:
                self._begun = True
                await self._append(sender, [self._facts(name) for name in self._names])
            await self._append(sender, [self._line() for _ in range(count)])
            before, self._clock = self._clock, self._clock + STEP_MS
            if before // DAY_MS != self._clock // DAY_MS:
                tick = control("tick", self._clock // DAY_MS * DAY_MS)
                topic = self.prefix + EVENTS.name
                await asyncio.gather(
                    *[await sender.send(topic, tick, partition=number) for number in range(self.partitions)]
                )

    async def _append(self, sender: Any, lines: list[tuple[str, bytes]]) -> None:
        packs: dict[int, list[bytes]] = {}
        for account, line in lines:
            place = partition_for(account, self.partitions)
            if self._random.random() < 0.01:
                place = self._random.randrange(self.partitions)
            packs.setdefault(place, []).append(line)
        topic = self.prefix + EVENTS.name
        await asyncio.gather(
            *[await sender.send(topic, b"\n".join(pack), partition=place) for place, pack in packs.items()]
        )

    def _facts(self, name: str) -> tuple[str, bytes]:
        self._number += 1
        seats = random.Random(name).choice([4, 8, 12, 20])  # noqa: S311 - made-up, the same each time
        properties = {"name": name, "plan": "Starter", "seats": seats, "mrr": 500, "onboarded_at": "2025-06-01"}
        return name, event("account.updated", name, self._clock, f"f{self._number}", properties=properties)

    def _line(self) -> tuple[str, bytes]:
        self._number += 1
        rnd = self._random
        name, user = rnd.choice(self._names), f"u{rnd.randrange(USERS)}"
        kind, properties = rnd.choice(
            [
                ("session.started", {}),
                ("feature.used", {"feature": rnd.choice(FEATURES)}),
                ("feature.blocked", {"feature": rnd.choice(FEATURES[4:])}),
                ("usage.recorded", {"metric": "api_calls", "quantity": rnd.randrange(400)}),
                ("user.provisioned", {"department": rnd.choice(["Sales", "Ops"])}),
                ("user.deactivated", {}),
                ("survey.answered", {"survey": "nps", "score": rnd.randrange(11)}),
                ("usage.recorded", {"metric": "api_calls", "quantity": -1}),
            ]
        )
        late = rnd.choice([0, 0, 0, 0, 3_600_000, DAY_MS, 3 * DAY_MS])
        return name, event(kind, name, self._clock - late, f"e{self._number}", user=user, properties=properties)

    async def assert_as_undisturbed(self) -> Counter[TriggerKey]:
        """Compare what workers left with an engine that reads the same log in peace; return repeated triggers."""
        log, engines = await self._log(), {}
        triggers: dict[TriggerKey, Trigger] = {}
        letters: set[str] = set()
        facts: Counter[bytes] = Counter()
        for number in range(self.partitions):
            engine = engines[number] = self._engine(number, Memory())
            for record in log[number]:
                engine.fold(record.offset, record.value, START_MS)
            for output in engine.take_outputs():
                if output.topic is TRIGGERS:
                    trigger = decode_trigger(output.value)
                    triggers[trigger.trigger_id, trigger.record] = _timeless(trigger)
                elif output.topic is DEAD_LETTERS:
                    letters.add(decode_letter(output.value).letter_id)
                elif output.topic is FACTS:
                    facts[output.value] += 1
        found = [decode_trigger(record.value) for record in await self.records(TRIGGERS.name)]
        assert {(one.trigger_id, one.record): _timeless(one) for one in found} == triggers
        assert len(triggers) > ACCOUNTS, "the story is too dull to prove anything"
        assert {decode_letter(one.value).letter_id for one in await self.records(DEAD_LETTERS.name)} == letters
        assert {one.value for one in await self.records(FACTS.name)} == set(facts)
        await self._assert_same_state(engines, log)
        return Counter(
            {key: count for key, count in Counter((one.trigger_id, one.record) for one in found).items() if count > 1}
        )

    async def _assert_same_state(self, engines: dict[int, Engine], log: dict[int, list[Any]]) -> None:
        """Let the pages of the workers and the undisturbed engine live on for a day and compare every word."""
        pages = await self.partition_pages()
        for number, undisturbed in engines.items():
            end = log[number][-1].offset
            restored = self._engine(number, Memory(pages[number]))
            assert restored.offset == undisturbed.offset == end
            told, shown = self._live_on(restored, number, end)
            right_told, right_shown = self._live_on(undisturbed, number, end)
            for name, snapshot in right_shown.items():
                assert _fields(shown[name]) == _fields(snapshot)
            assert told == right_told

    def _live_on(self, engine: Engine, number: int, end: int) -> tuple[dict[TriggerKey, Trigger], dict[str, Snapshot]]:
        engine.take_outputs()
        engine.take_snapshots(PROBE_NOW_MS)
        later = self._clock + 2 * DAY_MS
        engine.fold(end + 1, control("tick", later), PROBE_NOW_MS)
        names = [name for name in self._names if partition_for(name, self.partitions) == number]
        for place, name in enumerate(names):
            line = event("session.started", name, later, f"probe{place}", user="probe")
            engine.fold(end + 2 + place, line, PROBE_NOW_MS)
        told = [decode_trigger(one.value) for one in engine.take_outputs() if one.topic is TRIGGERS]
        shown = [decode_snapshot(one.value) for one in engine.take_snapshots(PROBE_NOW_MS + DAY_MS)]
        assert len(shown) == len(names)
        return {(one.trigger_id, one.record): _timeless(one) for one in told}, {one.account_id: one for one in shown}

    def _engine(self, number: int, pages: Memory) -> Engine:
        return Engine(number, self.partitions, self._epoch, False, self.playbook, pages)

    async def _log(self) -> dict[int, list[Any]]:
        log: dict[int, list[Any]] = {number: [] for number in range(self.partitions)}
        for record in await self.records(EVENTS.name):
            log[record.partition].append(record)
        self._epoch = await self.epoch()
        return log


def _fields(snapshot: Snapshot) -> dict[str, object]:
    """Return a snapshot as data that a failing test can show the difference of."""
    return dict(msgspec.to_builtins(snapshot))


def _timeless(trigger: Trigger) -> Trigger:
    """Return a trigger without the wall clock in it."""
    return msgspec.structs.replace(trigger, emitted_at=0)
