"""A source that falls silent, over real processes: told once to every partition, and once when it is heard again."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.local.settings import local_settings
from services.ingest.core.sources import CLAIM_MS
from shared.io.kafka import ensure_topics
from shared.kernel.clock import HOUR_MS
from shared.kernel.tallies import SourceTally
from tests.support.broker import Broker
from tests.support.ingest import IngestProcess, read_records
from tests.support.traffic import write_past, write_tallies
from upswing.doctor.finding import Finding, Setup
from upswing.doctor.rows import CHECKS
from upswing.events.unmapped import read_tallies

PARTITIONS = 4


@pytest.fixture
def pair(kafka: Broker, tmp_path: Path, topic_prefix: str) -> Iterator[list[IngestProcess]]:
    """Two services with the same keys, not yet started, which write their counts often."""
    asyncio.run(ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix))
    keys = tmp_path / "keys.json"
    both = [
        IngestProcess(tmp_path / name, kafka.bootstrap, topic_prefix, tally_seconds=0.5, keys_file=keys)
        for name in ("one", "two")
    ]
    for process in both:
        process.keys_path = keys
    both[0].key = both[1].key = both[0].issue("web")[1]
    yield both
    for process in both:
        if process.process is not None:
            process.kill()


async def controls(ingest: IngestProcess) -> list[tuple[int, dict[str, Any]]]:
    """Return the control records in the log, with their partitions."""
    found = []
    for partition, _key, value in await read_records(ingest.bootstrap, ingest.prefix + "events"):
        lines = [msgspec.json.decode(line) for line in (value or b"").splitlines()]
        assert len(lines) == 1 or not any(line["type"].startswith("control.") for line in lines)
        found += [(partition, line) for line in lines if line["type"] == "control.source"]
    return found


def shows(ingest: IngestProcess, silent: int) -> bool:
    """Tell whether the gauge of the source has a value."""
    return ingest.by_label("upswing_ingest_source_silent", "source").get("web") == silent


def listed(ingest: IngestProcess) -> str:
    """Return what `upswing keys list` says of the source."""
    words = ["keys", "--file", ingest.keys_path, "list", "--kafka", ingest.bootstrap, "--topic-prefix", ingest.prefix]
    command = [Path(sys.executable).with_name("upswing"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    return next(line for line in done.stdout.splitlines() if "web" in line)


async def looked_at(ingest: IngestProcess) -> list[Finding]:
    """Return what the doctor finds about the sources."""
    settings = local_settings(data=ingest.keys_path.parent, topic_prefix=ingest.prefix)
    setup = Setup(settings=settings, running=False, kafka=ingest.bootstrap, database=None)
    return [finding async for finding in CHECKS["sources"](setup)]


async def test_a_silent_source_is_told_once_by_two_processes_and_their_successors(pair: list[IngestProcess]) -> None:
    """Both see the same past and the same silence; one claims it. What comes later finds it told."""
    one, two = pair
    last = await write_past(one.bootstrap, one.prefix, "web", quiet_hours=3)
    for process in pair:
        await asyncio.to_thread(process.start)
    for process in pair:
        await asyncio.to_thread(process.wait_for, lambda process=process: shows(process, 1))
    one.kill()
    two.kill()
    await asyncio.to_thread(one.start)
    await asyncio.to_thread(one.wait_for, lambda: shows(one, 1))
    told = await controls(one)
    assert sorted(partition for partition, _ in told) == list(range(PARTITIONS)), "once in each partition"
    for _, line in told:
        assert (line["source"], line["silent"], line["at"]) == ("web", True, last + 2 * HOUR_MS)
        assert (line["last_heard_at"], line["usual_per_hour"]) == (last + HOUR_MS - 1, 120.0)

    assert "SILENT, heard 3 hours ago" in listed(one) or "SILENT, heard 4 hours ago" in listed(one)
    (finding,) = await looked_at(one)
    assert (finding.state, "look at its SDK" in finding.sentence) == ("wrong", True)

    event = {"id": "e1", "type": "session.started", "account_id": "acme", "user_id": "ada"}
    assert one.post("/v1/events", event).status_code == 200
    await asyncio.to_thread(one.wait_for, lambda: shows(one, 0))
    told = [line for _, line in await controls(one) if not line["silent"]]
    assert len(told) == PARTITIONS
    assert {line["source"] for line in told} == {"web"}
    heard_at = told[0]["at"]
    assert one.metric("upswing_ingest_source_heard_timestamp_seconds") == pytest.approx(heard_at / 1000)
    assert "SILENT" not in listed(one)
    assert [finding.state for finding in await looked_at(one)] == ["ok"]


async def test_a_process_that_died_between_claim_and_telling_is_replaced(pair: list[IngestProcess]) -> None:
    """Its claim stands in the topic; half a minute after it another process claims, and tells the same instant."""
    one, _ = pair
    last = await write_past(one.bootstrap, one.prefix, "web", quiet_hours=3)
    now_ms = time.time_ns() // 1_000_000
    claim = SourceTally(
        process="dead", source="web", silent=True, at=last + 2 * HOUR_MS, claimed_at=now_ms - CLAIM_MS + 6_000
    )
    await write_tallies(one.bootstrap, one.prefix, [claim])
    await asyncio.to_thread(one.start)
    await asyncio.to_thread(one.wait_for, lambda: shows(one, 1))
    (told,) = [
        tally
        for tally in await read_tallies(one.bootstrap, one.prefix)
        if isinstance(tally, SourceTally) and tally.told
    ]
    assert told.claimed_at >= claim.claimed_at + CLAIM_MS, "whoever claimed it first may still have been at it"
    assert [line["at"] for _, line in await controls(one)] == [claim.at] * PARTITIONS


async def test_a_revoked_key_is_missed_by_nobody(pair: list[IngestProcess]) -> None:
    """Its source has no key any more: that it is quiet is what was wanted."""
    one, _ = pair
    await write_past(one.bootstrap, one.prefix, "gone")
    await write_past(one.bootstrap, one.prefix, "web")
    await asyncio.to_thread(one.start)
    await asyncio.to_thread(one.wait_for, lambda: shows(one, 1))
    assert {line["source"] for _, line in await controls(one)} == {"web"}
