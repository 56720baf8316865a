"""kill -9 while events of unknown accounts are sent again: none is missing, none is sent again once it is marked."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.io.kafka import connect_admin, ensure_topics, repair_topics
from shared.kernel.topics import DEAD_LETTERS
from tests.support.broker import Broker
from tests.support.ingest import IngestProcess, read_events, read_letters

USERS = 30
KILLS = 3
PATIENCE = 60.0


@pytest.fixture
async def ingest(kafka: Broker, topic_prefix: str, tmp_path: Path) -> IngestProcess:
    """A service with topics of its own, not yet started."""
    await ensure_topics(kafka.bootstrap, partitions=4, prefix=topic_prefix)
    return IngestProcess(tmp_path, kafka.bootstrap, topic_prefix)


async def _tracked(ingest: IngestProcess) -> Counter[str]:
    return Counter(event["id"] for event in await read_events(ingest) if event["type"] == "feature.used")


async def _marked(ingest: IngestProcess) -> set[str | None]:
    return {letter.event_id for letter in await read_letters(ingest) if letter.retaken_at is not None}


def _track(ingest: IngestProcess, user: str) -> None:
    ingest.post("/v1/track", {"event": "Report Exported", "messageId": f"t {user}", "userId": user})


def _group(ingest: IngestProcess, user: str) -> None:
    ingest.post("/v1/group", {"userId": user, "groupId": "acme", "messageId": f"g {user}"})


async def test_a_crash_between_the_event_and_its_marker_repeats_the_event_and_no_other(
    ingest: IngestProcess, kafka: Broker, topic_prefix: str
) -> None:
    """The broker refuses the marker, at which the process ends: the letter is taken again after the restart, once."""
    ingest.start()
    _track(ingest, "early")
    _group(ingest, "early")
    ingest.wait_for(lambda: ingest.metric("upswing_ingest_letters_retaken_total") == 1, PATIENCE)
    _track(ingest, "ada")
    ingest.wait_for(lambda: ingest.metric("upswing_ingest_letters_waiting") == 1, PATIENCE)
    async with connect_admin(kafka.bootstrap) as admin:
        tiny = {"max.message.bytes": "100"}
        name = topic_prefix + DEAD_LETTERS.name
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, tiny)])
    _group(ingest, "ada")
    assert ingest.process is not None
    assert await asyncio.to_thread(ingest.process.wait, PATIENCE) == 1
    assert await _tracked(ingest) == {"t early": 1, "t ada": 1}
    assert await _marked(ingest) == {"t early"}
    await repair_topics(kafka.bootstrap, prefix=topic_prefix, topics=[DEAD_LETTERS])
    ingest.start()
    ingest.wait_for(lambda: ingest.metric("upswing_ingest_letters_retaken_total") == 1, PATIENCE)
    ingest.kill()
    assert await _marked(ingest) == {"t early", "t ada"}
    ingest.start()
    _track(ingest, "late")
    ingest.wait_for(lambda: ingest.metric("upswing_ingest_letters_waiting") == 1, PATIENCE)
    ingest.kill()
    assert await _tracked(ingest) == {"t early": 1, "t ada": 2}


@pytest.mark.long
async def test_killed_again_and_again_it_sends_every_event_and_marks_it(ingest: IngestProcess) -> None:
    """At moments drawn by lot, with letters and group calls under way."""
    lot = random.Random(11)  # noqa: S311 - moments of a test, the same in every run
    users = [f"user {number}" for number in range(USERS)]
    grouped = 0
    for _ in range(KILLS):
        ingest.start()
        for user in users[grouped : grouped + USERS // KILLS]:
            _track(ingest, user)
            _group(ingest, user)
        grouped += USERS // KILLS
        await asyncio.sleep(lot.uniform(0, 0.6))
        ingest.kill()
    ingest.start()
    wanted = {f"t {user}" for user in users}
    async with asyncio.timeout(PATIENCE):
        while await _marked(ingest) != wanted:
            await asyncio.sleep(0.2)
    found = await _tracked(ingest)
    assert set(found) == wanted
    assert max(found.values()) <= KILLS + 1
    ingest.kill()
    ingest.start()
    _track(ingest, "last")
    ingest.wait_for(lambda: ingest.metric("upswing_ingest_letters_waiting") == 1, PATIENCE)
    ingest.kill()
    assert await _tracked(ingest) == found
