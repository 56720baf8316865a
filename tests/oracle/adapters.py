"""One face for the oracle and for the engine, so that every test can be put to both.

The engine's pages live in a dictionary; `EngineSubject` flushes, restarts and crashes as the shell does.
"""

import importlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import Any

from shared.kernel.playbook import Playbook
from shared.kernel.snapshots import Snapshot, decode_snapshot
from shared.kernel.topics import DEAD_LETTERS, EVENTS, FACTS, SNAPSHOTS, TRIGGERS
from shared.kernel.triggers import Trigger, decode_trigger
from tests.oracle.model import Oracle
from tests.oracle.records import Said, Terms
from tests.oracle.rules import ONE_OFFS
from tests.oracle.subject import Explained, Told, rounded

EPOCH = "epoch-1"
WALL_STEP_MS = 60_000


class OracleSubject:
    """The oracle behind the common face."""

    def __init__(self, playbooks: list[Playbook], partition: int = 0, partitions: int = 1) -> None:
        by_version = {playbook.version: playbook for playbook in playbooks}
        self.oracle = Oracle(partition, partitions, Terms(playbooks[0]), by_version)

    def fold(self, value: bytes) -> list[Told]:
        """Read one record and return what it made the oracle say."""
        return [self._told(said) for said in self.oracle.fold(value)]

    def explain(self, account: str) -> Explained | None:
        """Return what is known of an account, None when it does not exist."""
        if account not in self.oracle.accounts:
            return None
        known = self.oracle.accounts[account]
        gate, health = known.gate(), known.health()
        return Explained(
            segment=known.segment(),
            today=known.day_text(),
            health=rounded(health.score),
            components={name: round(float(points), 6) for name, points in health.components.items()},
            overridden=health.overridden,
            open=gate.open,
            readiness=gate.readiness,
            confidence=round(float(gate.confidence), 6),
            met={one.name: one.met for one in gate.criteria},
            attainments={one.name: round(float(one.attainment), 6) for one in gate.criteria},
            held_because=tuple(sorted(gate.held_because)),
            states={
                (str(key[0]), key[1], key[2]): "held" if trigger.held else "fired"
                for key, trigger in known.open.items()
            },
            active=tuple(sorted({str(key[0]) for key in known.open})),
            values={
                (value.rule, value.scope, level.name): round(float(number), 6)
                for value in known.values()
                for level in value.levels
                if (number := value.at(level)) is not None and (value.rule != "nps_drop" or number)
            },
        )

    @staticmethod
    def _told(said: Said) -> Told:
        return Told(
            record=said.record,
            trigger_id=said.trigger_id,
            account=said.account,
            rule=said.rule,
            scope=said.scope,
            level=said.level,
            decided_by=said.decided_by,
            occurred_at=said.occurred_at,
            held_because=tuple(sorted(said.held_because)),
            value=rounded(said.value),
            threshold=float(said.threshold),
            comparison=said.comparison,
        )


class Pages:
    """The local store of one partition, as a dictionary."""

    def __init__(self) -> None:
        self.pages: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        """Return a page."""
        return self.pages.get(key)

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the pages whose key begins with a prefix, in the order of their keys."""
        keys = sorted(self.pages)
        for key in keys[bisect_left(keys, prefix) :]:
            if not key.startswith(prefix):
                return
            yield key, self.pages[key]

    def apply(self, group: list[tuple[bytes, bytes | None]]) -> None:
        """Write one group, all of it."""
        for key, page in group:
            if page is None:
                self.pages.pop(key, None)
            else:
                self.pages[key] = page


class EngineSubject:
    """The engine behind the common face. Shape: `log` are the records folded so far, by offset."""

    def __init__(self, playbooks: list[Playbook], partition: int = 0, partitions: int = 1) -> None:
        self.playbooks = {playbook.version: playbook for playbook in playbooks}
        self.first = playbooks[0]
        self.partition, self.partitions = partition, partitions
        self.store = Pages()
        self.log: list[bytes] = []
        self.snapshots: dict[str, Snapshot] = {}
        self.sent_back: list[Any] = []  # misplaced events, and rules switched off
        self.outputs: Counter[str] = Counter()
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.now_ms = 1_800_000_000_000
        self.engine = self._start()

    def _start(self) -> Any:
        engine_class = importlib.import_module("services.signals.core.engine").Engine
        engine = engine_class(
            partition=self.partition,
            partitions=self.partitions,
            epoch=EPOCH,
            adopt=False,
            playbook=self.first,
            pages=self.store,
        )
        self._supply(engine)
        return engine

    def _supply(self, engine: Any) -> None:
        version = engine.needs_playbook()
        if version is not None:
            engine.add_playbook(version, self.playbooks[version])

    def fold(self, value: bytes) -> list[Told]:
        """Append one record to the log, fold it and return what it made the engine say."""
        self.log.append(value)
        return self._fold(len(self.log) - 1)

    def _fold(self, offset: int) -> list[Told]:
        self.now_ms += WALL_STEP_MS
        self.engine.fold(offset, self.log[offset], self.now_ms)
        self._supply(self.engine)
        return self._drain()

    def _drain(self) -> list[Told]:
        told: list[Told] = []
        for output in [*self.engine.take_outputs(), *self.engine.take_snapshots(self.now_ms)]:
            self.outputs[output.topic.name] += 1
            if output.topic == TRIGGERS:
                told.append(self._told(decode_trigger(output.value)))
            elif output.topic == SNAPSHOTS and output.value is None:
                self.snapshots.pop(output.key.decode(), None)  # said again after a crash, maybe
            elif output.topic == SNAPSHOTS:
                snapshot = decode_snapshot(output.value)
                self.snapshots[snapshot.account_id] = snapshot
            elif output.topic == EVENTS:
                self.sent_back.append(output)
            else:
                assert output.topic in (FACTS, DEAD_LETTERS)
        self.counts += self.engine.take_counts()
        return told

    def flush(self, groups: int | None = None) -> None:
        """Write the dirty pages, or only the first so many groups as a crash would leave them."""
        dirty = self.engine.take_dirty()
        for group in dirty[:groups]:
            self.store.apply(group)

    def restart(self) -> list[Told]:
        """Begin anew from the stored pages and replay from the meta page's offset on; return what is said again."""
        self.engine = self._start()
        return [told for offset in range(self.engine.offset + 1, len(self.log)) for told in self._fold(offset)]

    def explain(self, account: str) -> Explained | None:
        """Return what the latest snapshot says of an account, None when there is none."""
        snapshot = self.snapshots.get(account)
        if snapshot is None:
            return None
        gate, health = snapshot.gate, snapshot.health
        return Explained(
            segment=snapshot.segment,
            today=snapshot.today,
            health=rounded(health.score),
            components={name: round(points, 6) for name, points in health.components.items()},
            overridden=health.overridden,
            open=gate.open,
            readiness=gate.readiness,
            confidence=round(gate.confidence, 6),
            met={one.name: one.met for one in gate.criteria},
            attainments={one.name: round(one.attainment, 6) for one in gate.criteria},
            held_because=tuple(sorted(gate.held_because)),
            states={
                (one.rule, one.scope, one.level): one.state for one in snapshot.rules if one.trigger_id is not None
            },
            active=snapshot.active_triggers,
            values={
                (one.rule, one.scope, one.level): round(one.evidence.value, 6)
                for one in snapshot.rules
                if one.evidence.value is not None and one.rule not in {*ONE_OFFS, "source_silent"}
                if one.rule != "nps_drop" or one.evidence.value
            },
        )

    @staticmethod
    def _told(trigger: Trigger) -> Told:
        return Told(
            record=trigger.record,
            trigger_id=trigger.trigger_id,
            account=trigger.account_id,
            rule=trigger.rule,
            scope=trigger.scope,
            level=trigger.level,
            decided_by=trigger.decided_by,
            occurred_at=trigger.occurred_at,
            held_because=tuple(sorted(trigger.gate.held_because)) if trigger.record == "held" else (),
            value=rounded(trigger.evidence.value),
            threshold=float(trigger.evidence.threshold),
            comparison=trigger.evidence.comparison,
        )


SUBJECTS: dict[str, type[OracleSubject] | type[EngineSubject]] = {"oracle": OracleSubject, "engine": EngineSubject}
