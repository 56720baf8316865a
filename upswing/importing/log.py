"""Writes an import to the log: packed records, each partition in the one order of the units, every ack waited for.

Source: design (one input log; durability 1 and 7), definition 73.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.ingest.core.intake import Refused
from services.ingest.core.letters import letter_for
from shared.io.kafka import MAX_BATCH_BYTES, make_producer
from shared.kernel.codec import encode_line
from shared.kernel.controls import Backfill, Control, Tick
from shared.kernel.dead_letters import encode_letter
from shared.kernel.errors import DependencyError
from shared.kernel.identities import Identity, encode_identity, identity_key
from shared.kernel.ids import partition_for
from shared.kernel.topics import DEAD_LETTERS, EVENTS, IDENTITIES
from upswing.importing.tail import NOTHING, Cursor, header_of, read_cursors
from upswing.importing.units import Unit, cut

ACK_SECONDS = 120.0
UNDER_WAY_BYTES = 32 << 20
PIECE_BYTES = MAX_BATCH_BYTES * 3 // 4


class HistoryLog:
    """The log of one import. Use it as an async context manager. Shape: `cursors` say how far each partition is."""

    def __init__(self, bootstrap: str, prefix: str, import_id: str) -> None:
        self._bootstrap, self._prefix, self._import_id = bootstrap, prefix, import_id
        self._topic = prefix + EVENTS.name
        self._producer: AIOKafkaProducer | None = None
        self._under_way: deque[tuple[asyncio.Future[Any], int]] = deque()
        self._bytes = 0
        self.cursors: dict[int, Cursor] = {}

    async def __aenter__(self) -> Self:
        """Connect, and see how far the import is. Errors: `ConfigurationError`, `DependencyError`."""
        producer = make_producer(self._bootstrap, linger_ms=5)
        try:
            await producer.start()
            numbers = sorted(await producer.partitions_for(self._topic))
        except KafkaError as error:
            await producer.stop()
            raise DependencyError(f"no Kafka broker answers at {self._bootstrap}: start it first ({error})") from error
        self._producer = producer
        try:
            self.cursors = await read_cursors(self._bootstrap, self._topic, numbers, self._import_id)
        except BaseException:
            await producer.stop()
            raise
        return self

    async def __aexit__(self, kind: object, *_exception: object) -> None:
        """Disconnect; what is still under way is waited for unless something went wrong."""
        if self._producer is not None:
            if kind is None:
                await self.settle()
            await self._producer.stop()

    @property
    def begun(self) -> int:
        """The first unit that not every partition has whole."""
        return min(cursor.unit for cursor in self.cursors.values())

    @property
    def touched(self) -> bool:
        """Whether anything of this import is in the log already."""
        return any(cursor != NOTHING for cursor in self.cursors.values())

    async def control(self, unit: Unit) -> None:
        """Write a unit's control record to every partition that does not have it."""
        line = encode_line(_control(unit))
        for partition in self.cursors:
            await self._write(partition, Cursor(unit.number, 0), line)

    async def events(self, unit: Unit, lines: Sequence[tuple[int, bytes, int]]) -> None:
        """Write a unit's events, those that a partition does not have."""
        for partition, text, _count in lines:
            for piece, part in enumerate(cut(text, PIECE_BYTES)):
                await self._write(partition, Cursor(unit.number, piece), part)

    async def identities(self, known: Sequence[Identity]) -> None:
        """Tell every ingest which account each user belongs to."""
        for identity in known:
            key = identity_key(identity.source, identity.user_id)
            await self._send(IDENTITIES.name, self._place(key.decode()), encode_identity(identity), key=key)

    async def letters(self, refused: Sequence[tuple[Refused, str]], source: str, now_ms: int) -> None:
        """Leave a dead letter about each event that was refused. Shape: each comes with where it was."""
        for each, origin in refused:
            letter = letter_for(each, source, origin, now_ms)
            place = letter.account_id or letter.letter_id
            await self._send(DEAD_LETTERS.name, self._place(place), encode_letter(letter), key=place.encode())

    async def settle(self) -> None:
        """Return when all that was written is acknowledged."""
        while self._under_way:
            await self._oldest()

    def _place(self, name: str) -> int:
        return partition_for(name, len(self.cursors))

    async def _write(self, partition: int, cursor: Cursor, value: bytes) -> None:
        if cursor > self.cursors[partition]:
            self.cursors[partition] = cursor
            await self._send(EVENTS.name, partition, value, headers=header_of(self._import_id, cursor))

    async def _send(self, topic: str, partition: int, value: bytes, **more: Any) -> None:
        if self._producer is None:
            raise DependencyError("the log is not connected")
        try:
            async with asyncio.timeout(ACK_SECONDS):
                future = await self._producer.send(self._prefix + topic, value, partition=partition, **more)
        except (KafkaError, TimeoutError) as error:
            raise self._lost(error) from error
        self._under_way.append((future, len(value)))
        self._bytes += len(value)
        while self._bytes > UNDER_WAY_BYTES or (self._under_way and self._under_way[0][0].done()):
            await self._oldest()

    async def _oldest(self) -> None:
        future, size = self._under_way.popleft()
        self._bytes -= size
        try:
            async with asyncio.timeout(ACK_SECONDS):
                await future
        except (KafkaError, TimeoutError) as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> DependencyError:
        why = str(error) or type(error).__name__
        return DependencyError(
            f"the broker at {self._bootstrap} does not take what is written ({why}): run the same command again once "
            "it does, the import goes on where it was"
        )


def _control(unit: Unit) -> Control:
    if unit.kind == "tick":
        return Tick(at=unit.at_ms, live=False)
    return Backfill(at=unit.at_ms, state="begin" if unit.kind == "begin" else "end")
