"""Two processes that heard different things of a user: the later call stands, also once the topic was compacted."""

import asyncio
from pathlib import Path

from shared.io.kafka import make_producer
from shared.kernel.identities import Identity, decode_identity, encode_identity, identity_key
from shared.kernel.ids import partition_for
from shared.kernel.topics import IDENTITIES
from tests.support.ingest import IngestProcess, read_events, read_identities

NOW = 1_790_000_000_000
PATIENCE = 20.0


async def test_an_older_call_that_reaches_the_topic_later_is_written_over(
    own_ingest: IngestProcess, tmp_path: Path
) -> None:
    """The newest record of the key is all that compaction keeps, so it must be the one that holds."""
    ingest = IngestProcess(tmp_path / "quick", own_ingest.bootstrap, own_ingest.prefix, tally_seconds=0.1)
    ingest.start()
    try:
        ingest.post("/v1/group", {"userId": "ada", "groupId": "acme", "timestamp": NOW})
        stale = Identity(source="web", user_id="ada", account_id="old employer", at=NOW - 1_000)
        key = identity_key("web", "ada")
        records = [record for record in await read_identities(ingest) if record[0] == key]
        assert len(records) == 1
        async with make_producer(ingest.bootstrap) as producer:
            partitions = await producer.partitions_for(ingest.prefix + IDENTITIES.name)
            place = partition_for(key.decode(), len(partitions))
            await producer.send_and_wait(
                ingest.prefix + IDENTITIES.name, encode_identity(stale), key=key, partition=place
            )
        accounts: list[str] = []
        async with asyncio.timeout(PATIENCE):
            while accounts[-2:] != ["old employer", "acme"]:
                values = [value for each, value in await read_identities(ingest) if each == key and value is not None]
                accounts = [decode_identity(value).account_id for value in values]
        ingest.kill()
        ingest.start()
        track = {"event": "Report Exported", "userId": "ada", "messageId": "m"}
        assert ingest.post("/v1/track", track).json()["accepted"] == 1
        assert {event["account_id"] for event in await read_events(ingest) if event["id"] == "m"} == {"acme"}
    finally:
        ingest.kill()
