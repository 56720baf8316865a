"""The way of an event without a broker: the published SDK's messages, ingest's core, and the engine, in one process."""

from collections.abc import Iterator
from typing import Any

import msgspec
from segment.analytics.client import Client

from services.ingest.core.identities import Identities
from services.ingest.core.intake import World
from services.ingest.core.tracking import Tracking
from services.signals.core.engine import Engine
from shared.kernel.clock import iso
from shared.kernel.codec import encode_line
from shared.kernel.controls import Backfill, Control, Tick
from shared.kernel.playbook import Playbook
from shared.kernel.snapshots import Snapshot, decode_snapshot
from shared.kernel.topics import DEAD_LETTERS, SNAPSHOTS, TRIGGERS
from shared.kernel.triggers import Trigger, decode_trigger
from tests.support.intake import NOW, take
from upswing.history.calls import Call
from upswing.history.sender import call_sdk

__all__ = ["NOW", "MemoryStack"]

BATCH = 500


class _NoPages:
    """A store with nothing in it."""

    def get(self, key: bytes) -> bytes | None:  # noqa: ARG002 - the port's signature
        """Return no page."""
        return None

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:  # noqa: ARG002 - the port's signature
        """Yield no page."""
        return iter(())


class MemoryStack:
    """Sender, clock and worker in one; implements the player's ports. No event may be later than `NOW`."""

    def __init__(self, playbook: Playbook) -> None:
        tracking = Tracking(playbook.tracking, playbook.time)
        self._world = World(tracking, Identities(), lambda _account: 0, 100_000)
        self._client = Client("key", send=False)
        self._engine = Engine(0, 1, "log", adopt=False, playbook=playbook, pages=_NoPages())
        self._messages: list[dict[str, Any]] = []
        self._offset = 0
        self.triggers: list[Trigger] = []
        self.refused: list[bytes] = []

    def send(self, call: Call) -> None:
        """Make the SDK's message of a call."""
        _done, message = call_sdk(self._client, call)
        self._messages.append(message)

    def flush(self) -> None:
        """Take all messages in, as the SDK would post them, and fold what becomes of them."""
        for start in range(0, len(self._messages), BATCH):
            body = {"batch": self._messages[start : start + BATCH], "sentAt": iso(NOW), "writeKey": "key"}
            intake = take("/v1/batch", body, self._world, "demo")
            self.refused += [rejected.line for rejected in intake.refused]
            for group in intake.groups.values():
                self._fold(msgspec.json.Encoder().encode_lines(group))
        self._messages = []

    async def begin(self, at_ms: int) -> None:
        """Begin history."""
        self._control(Backfill(at=at_ms, state="begin"))

    async def tick(self, at_ms: int) -> None:
        """Tell history's time."""
        self._control(Tick(at=at_ms, live=False))

    async def end(self, at_ms: int) -> None:
        """End history."""
        self._control(Backfill(at=at_ms, state="end"))

    def snapshots(self) -> dict[str, Snapshot]:
        """Return the latest snapshot of each account touched."""
        outputs = self._engine.take_snapshots(NOW + 10**9)
        found = [decode_snapshot(output.value) for output in outputs if output.topic is SNAPSHOTS]
        return {snapshot.account_id: snapshot for snapshot in found}

    def _control(self, control: Control) -> None:
        self._fold(encode_line(control))

    def _fold(self, value: bytes) -> None:
        self._engine.fold(self._offset, value, NOW)
        self._offset += 1
        for output in self._engine.take_outputs():
            if output.topic is TRIGGERS:
                self.triggers.append(decode_trigger(output.value))
            elif output.topic is DEAD_LETTERS:
                self.refused.append(output.value)
