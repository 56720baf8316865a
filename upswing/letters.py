"""Dead letters from the outside: read from their topic, told to a person, and sent again.

Source: design (outputs of signals), definition 78.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from services.ingest.core.identities import Identities
from services.ingest.core.letters import retake
from shared.io.kafka import connect_admin, make_consumer, make_producer
from shared.kernel.clock import iso
from shared.kernel.dead_letters import DeadLetter, decode_letter
from shared.kernel.errors import ConfigurationError, DependencyError, Problem
from shared.kernel.identities import decode_identity, decode_identity_key
from shared.kernel.ids import partition_for
from shared.kernel.topics import DEAD_LETTERS, EVENTS, IDENTITIES, Topic

ACK_SECONDS = 30.0
POLL_MS = 500
SHOWN_CHARS = 100


async def read_letters(bootstrap: str, prefix: str, reason: str | None = None) -> list[DeadLetter]:
    """Return the dead letters on the topic, oldest first; of repeats with the same id the newest.

    Errors: `DependencyError` when the broker or the topic is not there.
    """
    letters: dict[str, DeadLetter] = {}
    for record in await _read_all(bootstrap, prefix, DEAD_LETTERS):
        try:
            letter = decode_letter(record.value)
        except msgspec.DecodeError:
            continue  # not ours: somebody wrote something else on the topic
        if reason is None or letter.reason == reason:
            letters[letter.letter_id] = letter
    return sorted(letters.values(), key=lambda letter: letter.at)


def summary(letters: Collection[DeadLetter], most: int) -> Iterator[str]:
    """Yield the lines of a list: the newest letters, then how many there are for each reason."""
    if not letters:
        yield "there are no dead letters"
        return
    for letter in list(letters)[-most:]:
        where = letter.account_id or letter.event_id or letter.origin
        named = f"{letter.field}: " if letter.field and not letter.message.startswith(letter.field) else ""
        message = f"{named}{letter.message}"
        yield f"{letter.letter_id}  {iso(letter.at)}  {letter.reason:<15}  {where:.40}  {message:.{SHOWN_CHARS}}"
    counts = Counter(str(letter.reason) for letter in letters)
    yield f"{len(letters):,} in all: {', '.join(f'{count:,} {reason}' for reason, count in counts.most_common())}"


def find_letter(letters: Collection[DeadLetter], letter_id: str) -> DeadLetter:
    """Return a letter by its id or the beginning of it. Errors: `ConfigurationError` when none or several fit."""
    found = [letter for letter in letters if letter.letter_id.startswith(letter_id)]
    if len(found) != 1:
        how_many = "no dead letter begins" if not found else f"{len(found)} dead letters begin"
        raise ConfigurationError(f"{how_many} with {letter_id!r}: `upswing dead-letters list` shows them")
    return found[0]


def describe(letter: DeadLetter) -> str:
    """Return everything that is known of a letter, a line each."""
    fields = {name: getattr(letter, name) for name in letter.__struct_fields__ if name not in {"line", "at"}}
    lines = [f"{name:<11} {'–' if value is None else value}" for name, value in fields.items()]
    return "\n".join([*lines, f"{'at':<11} {iso(letter.at)}", f"{'line':<11} {letter.line}"])


async def replay_letters(
    bootstrap: str, prefix: str, letter_ids: Collection[str], reason: str | None, account_id: str | None
) -> tuple[int, list[tuple[str, str]]]:
    """Send letters again; return how many were sent, and why the others were not.

    Errors: `ConfigurationError` for an id that is not there, `DependencyError` when the broker does not take them.
    """
    letters = await read_letters(bootstrap, prefix, reason)
    wanted = [find_letter(letters, letter_id) for letter_id in letter_ids] if letter_ids else letters
    identities = await _read_identities(bootstrap, prefix)
    producer = make_producer(bootstrap)
    await producer.start()
    refused: list[tuple[str, str]] = []
    try:
        topic = prefix + EVENTS.name
        partitions = len(await producer.partitions_for(topic))
        async with asyncio.timeout(ACK_SECONDS):
            for letter in wanted:
                taken = retake(_belonging_to(letter, account_id), identities)
                if isinstance(taken, Problem):
                    refused.append((letter.letter_id, taken.message))
                    continue
                key = taken.account_id.encode()
                place = partition_for(taken.account_id, partitions)
                await producer.send_and_wait(topic, taken.line, key=key, partition=place)
    except (KafkaError, TimeoutError) as error:
        raise DependencyError(f"the broker at {bootstrap} did not take the letters: {error}") from error
    finally:
        await producer.stop()
    return len(wanted) - len(refused), refused


def _belonging_to(letter: DeadLetter, account_id: str | None) -> DeadLetter:
    """Return the letter with an account for a line that has none."""
    if account_id is None:
        return letter
    try:
        fields = msgspec.json.decode(letter.line)
    except msgspec.DecodeError:
        return letter
    if not isinstance(fields, dict) or fields.get("account_id") is not None:
        return letter
    return msgspec.structs.replace(letter, line=msgspec.json.encode(fields | {"account_id": account_id}).decode())


async def _read_identities(bootstrap: str, prefix: str) -> Identities:
    identities = Identities()
    for record in await _read_all(bootstrap, prefix, IDENTITIES):
        if record.value is None:
            identities.forget(*decode_identity_key(record.key))
        else:
            identities.learn(decode_identity(record.value))
    return identities


async def _read_all(bootstrap: str, prefix: str, topic: Topic) -> list[ConsumerRecord]:
    """Return all records that a topic holds now, partition by partition."""
    parts = await _partitions(bootstrap, prefix + topic.name)
    consumer: AIOKafkaConsumer = make_consumer(bootstrap, None)
    records: list[ConsumerRecord] = []
    try:
        await consumer.start()
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        await consumer.seek_to_beginning(*parts)
        while any([await consumer.position(part) < ends[part] for part in parts]):
            for found in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                records.extend(found)
    finally:
        await consumer.stop()
    return records


async def _partitions(bootstrap: str, name: str) -> list[TopicPartition]:
    async with connect_admin(bootstrap) as admin:
        if name not in await admin.list_topics():
            raise DependencyError(f"there is no topic {name} at {bootstrap}: run `upswing topics create`")
        (described,) = await admin.describe_topics([name])
    return [TopicPartition(name, row["partition"]) for row in described["partitions"]]
