"""What is in force, on a real broker: as the log was told, whatever the clock of who published said."""

import asyncio
import time

import pytest

from shared.io.kafka import make_producer
from shared.kernel.codec import encode_line
from shared.kernel.controls import PlaybookSet
from shared.kernel.playbook import playbook_to_json
from shared.kernel.snapshots import encode_snapshot
from shared.kernel.topics import EVENTS, PLAYBOOKS, SNAPSHOTS
from tests.oracle.writing import playbook
from tests.support.pipeline.samples import make_snapshot
from tests.support.topics import Topics
from upswing.publishing.in_force import BY_SNAPSHOTS, InForce, in_force
from upswing.publishing.publish import put_into_force
from upswing.publishing.versions import published
from upswing.trace.logbook import Logbook

HALF_AN_HOUR_MS = 1_800_000


async def found(topics: Topics) -> InForce | None:
    """Return what is in force of a stack elsewhere."""
    async with asyncio.timeout(60), Logbook(topics.bootstrap, topics.prefix) as book:
        return await in_force(book, await published(book), None, now())


def now() -> int:
    """Return the time of this machine, which is also that of the broker."""
    return time.time_ns() // 1_000_000


async def write_body(topics: Topics, version: str, body: bytes, at: int) -> None:
    """Write the body alone, as `publish` does first, with the clock of who publishes."""
    async with make_producer(topics.bootstrap) as producer:
        name = topics.prefix + PLAYBOOKS.name
        await producer.send_and_wait(name, body, key=version.encode(), partition=0, timestamp_ms=at)


async def tell(topics: Topics, version: str, partition: int = 0) -> None:
    """Write the control record into a partition."""
    line = encode_line(PlaybookSet(at=now(), version=version, digest=""))
    async with make_producer(topics.bootstrap) as producer:
        await producer.send_and_wait(topics.prefix + EVENTS.name, line, partition=partition)


@pytest.mark.parametrize("skew_ms", [90_000, -90_000, HALF_AN_HOUR_MS, -HALF_AN_HOUR_MS])
async def test_a_version_from_a_clock_that_is_wrong_is_in_force_once_the_log_was_told(
    topics: Topics, skew_ms: int
) -> None:
    """Until then the one before is, on a log on which nothing else happens."""
    await put_into_force(topics.bootstrap, topics.prefix, playbook({"version": "one"}), now())
    await write_body(topics, "two", playbook_to_json(playbook({"version": "two"})), now() + skew_ms)
    before = await found(topics)
    assert before is not None
    assert before.version == "one"
    await tell(topics, "two")
    after = await found(topics)
    assert after is not None
    assert (after.version, after.playbook) == ("two", playbook({"version": "two"}))


async def test_a_command_that_was_stopped_between_partitions_is_known_by_snapshots(topics: Topics) -> None:
    """Some accounts are judged by its version already: its numbers are those on the topic."""
    await write_body(topics, "one", playbook_to_json(playbook({"version": "one"})), now())
    await tell(topics, "one", partition=3)
    assert await found(topics) is None
    await topics.write(SNAPSHOTS.name, encode_snapshot(make_snapshot(playbook_version="one")))
    assert await found(topics) == InForce("one", playbook({"version": "one"}), BY_SNAPSHOTS)


async def test_a_body_is_read_as_signals_reads_it(topics: Topics) -> None:
    """Canonical JSON or YAML; what is neither leaves the version before in force."""
    body = playbook_to_json(playbook({"version": "one"}))
    await write_body(topics, "one", b"# JSON is YAML\n" + body, now())
    await tell(topics, "one")
    for version, unusable in {"odd": b"{}", "none": b"", "bytes": b"\xff"}.items():
        await write_body(topics, version, unusable, now())
        await tell(topics, version)
    judging = await found(topics)
    assert judging is not None
    assert judging.version == "one"
    async with asyncio.timeout(60), Logbook(topics.bootstrap, topics.prefix) as book:
        rows = await published(book)
    assert [(row.version, row.playbook is not None) for row in rows] == [
        ("one", True),
        ("odd", False),
        ("none", False),
        ("bytes", False),
    ]
