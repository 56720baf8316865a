"""Gaps in a partition's offsets: passed when a second reader finds nothing in them, else a broken invariant.

Transactions leave gaps: their commit and abort markers take offsets, and records of an aborted one are never given to
a reader of committed records. The first reader cannot tell such a gap from records that it has skipped, so another,
outside of every group, reads from the last record folded: what it finds there must be what came next. It never begins
elsewhere: records that the broker has removed are lost, not a gap. It costs a second reading of the batches that have
gaps, and nothing where there are none. Source: design (durability 2).
"""

import asyncio
from typing import Any

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError
from faust.types import TP

from services.signals.metrics import GAPS
from services.signals.owned import Owned
from shared.io.kafka import make_consumer
from shared.io.logs import get_logger
from shared.kernel.errors import DependencyError, InvariantError

__all__ = ["COMMITTED", "Gaps"]

COMMITTED = "read_committed"
AHEAD_RECORDS = 20_000
POLL_MS = 200

log = get_logger(__name__)


class Proof(msgspec.Struct):
    """What the second reader found. Shape: every offset that has a record from `begin` up to before `through`."""

    begin: int
    through: int
    offsets: frozenset[int]

    def covers(self, first: int, last: int) -> bool:
        """Tell whether all offsets from first to last were looked at."""
        return self.begin <= first and last < self.through

    def is_empty(self, first: int, last: int) -> bool:
        """Tell whether there is no record from first to last."""
        return all(offset not in self.offsets for offset in range(first, last + 1))


class Gaps:
    """Looks into gaps. Units: `seconds` without an answer of the broker end a look."""

    def __init__(self, bootstrap: str, seconds: float) -> None:
        self._bootstrap, self._seconds = bootstrap, seconds
        self._proofs: dict[TP, Proof] = {}

    async def pass_to(self, owned: Owned, offset: int, last: int) -> None:
        """Let a partition go on at a record beyond a gap. Shape: `last` is the last offset of the fetched batch.

        Errors: `InvariantError` when there is a record in the gap, `DependencyError` when nobody can say.
        """
        if owned.closed:
            return
        proof = self._proofs.get(owned.events)
        if proof is None or not proof.covers(owned.next, offset):
            proof = self._proofs[owned.events] = await self._look(owned.events, owned.next, last)
        if not proof.is_empty(owned.next, offset - 1) or offset not in proof.offsets:
            raise InvariantError(f"{owned.events} jumped from {owned.next} to {offset}: records were skipped")
        GAPS.inc(offset - owned.next)
        owned.next = offset

    async def pass_end(self, owned: Owned, end: int) -> None:
        """Let a partition go on at the log's end when there is nothing but a gap before it.

        Errors: `InvariantError` when what was there has been removed, `DependencyError` when nobody can say.
        """
        first = owned.next
        proof = await self._look(owned.events, first, end - 1, whole=False)
        if proof.is_empty(first, end - 1) and owned.next == first and not owned.closed:
            GAPS.inc(end - first)
            owned.next = end

    async def _look(self, tp: TP, first: int, last: int, *, whole: bool = True) -> Proof:
        """Read a partition from one offset to another, and what was fetched beyond; else to its first record."""
        try:
            async with asyncio.timeout(self._seconds):
                proof = await self._read(TopicPartition(*tp), first, last, whole=whole)
        except OffsetOutOfRangeError:
            raise InvariantError(f"{tp} has nothing at {first} any more: records were removed unread") from None
        except (TimeoutError, KafkaError) as error:
            raise DependencyError(f"what lies in {tp} from {first} on could not be read: {error!r}") from error
        log.info("a gap was looked at", partition=tp.partition, first=first, through=proof.through)
        return proof

    async def _read(self, tp: TopicPartition, first: int, last: int, *, whole: bool) -> Proof:
        consumer: Any = make_consumer(self._bootstrap, None, isolation_level=COMMITTED, auto_offset_reset="none")
        try:
            await consumer.start()
            consumer.assign([tp])
            consumer.seek(tp, first)
            offsets: set[int] = set()
            while (position := await consumer.position(tp)) <= last and (whole or not offsets):
                for records in (await consumer.getmany(tp, timeout_ms=POLL_MS, max_records=AHEAD_RECORDS)).values():
                    offsets.update(record.offset for record in records)
            return Proof(first, position, frozenset(offsets))
        finally:
            await consumer.stop()
