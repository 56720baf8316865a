"""Reading topics from outside of every group: from an instant on, up to what is there now.

Nothing is committed, so looking never disturbs a service.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.io.kafka import connect_admin, make_consumer
from shared.kernel.errors import DependencyError

Wanted = Callable[[bytes], bool]


class Logbook:
    """One consumer without a group. Use it as an async context manager. Errors: `DependencyError` without a broker."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._bootstrap, self._prefix = bootstrap, prefix
        self._consumer: AIOKafkaConsumer | None = None

    async def __aenter__(self) -> Self:
        """Connect."""
        consumer = make_consumer(self._bootstrap, None)
        try:
            await consumer.start()
        except (KafkaError, OSError) as error:
            raise DependencyError(f"no Kafka broker answers at {self._bootstrap}: is the stack up?") from error
        self._consumer = consumer
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        if self._consumer is not None:
            await self._consumer.stop()

    async def partitions(self, topic: str) -> list[int]:
        """Return the partitions of a topic. Errors: `DependencyError` when there is no such topic."""
        async with connect_admin(self._bootstrap) as admin:
            answers = await admin.describe_topics([self._prefix + topic])
        found = [row["partition"] for answer in answers for row in answer["partitions"]]
        if not found:
            raise DependencyError(f"there is no topic {self._prefix + topic}: run `upswing topics create`")
        return sorted(found)

    async def read(
        self, topic: str, partitions: Iterable[int], since_ms: int, wanted: Wanted = lambda _value: True
    ) -> AsyncIterator[Any]:
        """Yield the records since an instant whose value is wanted, up to the end as it is now."""
        consumer = self._connected()
        tps = [TopicPartition(self._prefix + topic, partition) for partition in partitions]
        ends = await consumer.end_offsets(tps)
        begins = await consumer.offsets_for_times(dict.fromkeys(tps, since_ms)) if since_ms else {}
        left = {}
        consumer.assign(tps)
        for tp in tps:
            consumer.seek(tp, ends[tp])
            found = begins.get(tp)
            if since_ms and found is None:
                continue  # nothing as young as that
            start = found.offset if found is not None else (await consumer.beginning_offsets([tp]))[tp]
            if start < ends[tp]:
                left[tp] = ends[tp]
                consumer.seek(tp, start)
        while left:
            # all partitions are asked for: what is left in the buffer for one of them would stop the others
            for tp, records in (await consumer.getmany(timeout_ms=1000)).items():
                for record in records:
                    if record.offset < ends[tp] and wanted(record.value or b""):
                        yield record
            for tp in list(left):
                if await consumer.position(tp) >= left[tp]:
                    del left[tp]

    async def committed(self, group: str, topic: str, partition: int) -> int:
        """Return up to which offset a group is through with a partition; 0 when it has not begun."""
        tp = TopicPartition(self._prefix + topic, partition)
        async with connect_admin(self._bootstrap) as admin:
            offsets = await admin.list_consumer_group_offsets(self._prefix + group)
        found = offsets.get(tp)
        return 0 if found is None else max(0, found.offset)

    def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise RuntimeError("use the logbook as a context manager")
        return self._consumer
