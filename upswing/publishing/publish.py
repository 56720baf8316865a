"""Puts a playbook into force: its body on `playbooks`, then `control.playbook` in every partition of the log.

The body goes first, because a partition that meets the control record cannot be folded on without it. A command that
was stopped in between is simply given again: the same version twice changes nothing.
Source: design (one input log), definitions 66 and 74.
"""

import asyncio
from collections.abc import Mapping

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.io.kafka import make_producer, stop_in_time
from shared.kernel.codec import encode_line
from shared.kernel.controls import PlaybookSet
from shared.kernel.errors import ConfigurationError, DependencyError
from shared.kernel.playbook import Playbook, playbook_to_json
from shared.kernel.topics import EVENTS, PLAYBOOKS
from upswing.publishing.versions import Published
from upswing.trace.follow import GROUP
from upswing.trace.logbook import Logbook

__all__ = ["check_version", "put_into_force", "wait_until_read"]

ACK_SECONDS = 30.0
LOOK_SECONDS = 0.3


def check_version(playbook: Playbook, versions: list[Published]) -> None:
    """Refuse a version that has been published with other numbers. Errors: `ConfigurationError`."""
    for known in versions:
        if known.version == playbook.version and known.playbook and known.playbook.digest != playbook.digest:
            raise ConfigurationError(
                f"version {playbook.version} has been published with other numbers, and triggers name it: "
                "give these a new `version`"
            )


async def put_into_force(bootstrap: str, prefix: str, playbook: Playbook, at_ms: int) -> dict[int, int]:
    """Publish a playbook and return the offset of its control record in each partition of the log.

    Errors: `DependencyError` when the broker does not take all of it; give the same version again then.
    """
    producer = make_producer(bootstrap, linger_ms=0)
    try:
        async with asyncio.timeout(ACK_SECONDS):
            await producer.start()
            body = playbook_to_json(playbook)
            await producer.send_and_wait(prefix + PLAYBOOKS.name, body, key=playbook.version.encode(), partition=0)
            return await _tell(producer, prefix + EVENTS.name, playbook, at_ms)
    except (KafkaError, TimeoutError) as error:
        raise DependencyError(
            f"the broker at {bootstrap} did not take the playbook in whole: {error!r}; publish the same file again"
        ) from error
    finally:
        await stop_in_time(producer)


async def _tell(producer: AIOKafkaProducer, topic: str, playbook: Playbook, at_ms: int) -> dict[int, int]:
    line = encode_line(PlaybookSet(at=at_ms, version=playbook.version, digest=playbook.digest))
    partitions = sorted(await producer.partitions_for(topic))
    sent = [await producer.send(topic, line, partition=number) for number in partitions]
    acks = await asyncio.gather(*sent)
    return {ack.partition: ack.offset for ack in acks}


async def wait_until_read(book: Logbook, offsets: Mapping[int, int], seconds: float) -> int:
    """Return in how many partitions signals has durably read the control record, after so many seconds at most."""
    ends = {number: offset + 1 for number, offset in offsets.items()}
    left = len(ends)
    try:
        async with asyncio.timeout(seconds):
            while left:
                done = [await book.committed(GROUP, EVENTS.name, number) >= end for number, end in ends.items()]
                left = done.count(False)
                if left:
                    await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        pass
    return len(ends) - left
