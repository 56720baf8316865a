"""Dead letters: what ingest refuses is listed with its reason, and goes through once its cause is gone."""

from pathlib import Path

import msgspec
import pytest

from shared.io.kafka import ensure_topics
from shared.kernel.errors import ConfigurationError, DependencyError
from tests.support.broker import Broker
from tests.support.ingest import IngestProcess, read_events
from upswing.letters import describe, find_letter, read_letters, replay_letters, summary


async def test_an_event_of_an_unknown_account_is_listed_and_replayed_once_its_account_is_known(
    kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    """By a later group call of its user, or by hand; other letters say why they cannot go."""
    bootstrap = kafka.bootstrap
    await ensure_topics(bootstrap, 4, prefix=topic_prefix)
    ingest = IngestProcess(tmp_path, bootstrap, topic_prefix)
    ingest.start()
    try:
        assert list(summary(await read_letters(bootstrap, topic_prefix), 5)) == ["there are no dead letters"]
        ingest.post("/v1/track", {"userId": "ann", "event": "Report Exported", "messageId": "m1"})
        ingest.post("/v1/track", {"userId": "bob", "event": "Report Exported", "messageId": "m2"})
        ingest.post("/v1/events", {"type": "no.such.type", "id": "m3", "account_id": "a"})
        letters = await read_letters(bootstrap, topic_prefix)
        assert sorted(str(letter.reason) for letter in letters) == ["account_unknown"] * 2 + ["unknown_type"]
        assert list(summary(letters, 1))[-1] == "3 in all: 2 account_unknown, 1 unknown_type"
        ann = next(letter for letter in letters if letter.event_id == "m1")
        assert "account_unknown" in describe(find_letter(letters, ann.letter_id[:8]))

        assert await replay_letters(bootstrap, topic_prefix, [ann.letter_id], None, None) == (
            0,
            [(ann.letter_id, ann.message)],
        )
        ingest.post("/v1/group", {"userId": "ann", "groupId": "acme", "messageId": "m4"})
        ingest.wait_for(lambda: ingest.metric("upswing_ingest_letters_retaken_total") == 1)
        sent, refused = await replay_letters(bootstrap, topic_prefix, [ann.letter_id], None, None)
        assert (sent, "for account acme: --again sends it once more" in refused[0][1]) == (0, True)
        assert await replay_letters(bootstrap, topic_prefix, [], "account_unknown", "globex") == (1, [])
        assert await replay_letters(bootstrap, topic_prefix, [], "account_unknown", None) == (0, [])
        listed = list(summary(await read_letters(bootstrap, topic_prefix), 5))
        assert listed[-1] == "3 in all: 2 account_unknown, 1 unknown_type; 1 open, 2 sent again"
        assert sorted(line.rsplit(" for ", 1)[1] for line in listed if "sent again 2" in line) == ["acme", "globex"]
        assert await replay_letters(bootstrap, topic_prefix, [ann.letter_id], None, None, again=True) == (1, [])
        events = sorted((event["id"], event["account_id"]) for event in await read_events(ingest))
        assert events == [("m1", "acme"), ("m1", "acme"), ("m2", "globex"), ("m4", "acme")]
        sent, refused = await replay_letters(bootstrap, topic_prefix, [], "unknown_type", None)
        assert (sent, [why for _letter, why in refused]) == (0, ["no event type is named 'no.such.type'"])
    finally:
        ingest.stop()


async def test_what_is_not_there_is_said(kafka: Broker, topic_prefix: str) -> None:
    """No broker, no topic, no such letter."""
    with pytest.raises(ConfigurationError, match="no dead letter begins with 'x'"):
        find_letter([], "x")
    with pytest.raises(DependencyError, match="no Kafka broker answers"):
        await read_letters("127.0.0.1:1", topic_prefix)
    with pytest.raises(DependencyError, match="upswing topics create"):
        await read_letters(kafka.bootstrap, topic_prefix)
    assert msgspec.json.encode([]) == b"[]"
