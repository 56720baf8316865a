"""The check of the sources: is each write key heard, and is none silent?"""

import asyncio
import time
from collections.abc import AsyncIterator

from aiokafka.errors import KafkaError

from services.ingest.key_file import read_keys
from shared.kernel.errors import UpswingError
from upswing.doctor.finding import Finding, Setup, note, ok, wrong
from upswing.events.unmapped import read_tallies
from upswing.heard import describe, last_heard

__all__ = ["heard"]

BROKER_SECONDS = 10.0


async def heard(setup: Setup) -> AsyncIterator[Finding]:
    """When each source with a write key was last heard. Shape: nothing where no broker is looked at."""
    if setup.kafka is None:
        return
    try:
        keys = (await asyncio.to_thread(read_keys, setup.settings.data / "keys.json")).keys
        async with asyncio.timeout(BROKER_SECONDS):
            found = last_heard(await read_tallies(setup.kafka, setup.settings.topic_prefix))
    except (UpswingError, KafkaError, OSError, TimeoutError):
        return  # the checks of keys, broker and topics have said what is wrong
    now_ms = time.time_ns() // 1_000_000
    for source in sorted({key.source for key in keys}):
        known = found.get(source)
        said = f"source {source}: {describe(known, now_ms)}"
        if known is None:
            yield note(f"{said}: send an event with its key, `upswing keys list` shows when it has come")
        elif known.silent_since is not None:
            yield wrong(f"{said}: look at its SDK and its latest release, or revoke the key if it is no longer needed")
        else:
            yield ok(said)
