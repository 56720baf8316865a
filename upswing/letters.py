"""Dead letters from the outside: read from their topic, told to a person, and sent again.

Source: design (outputs of signals), definition 78.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
from aiokafka.errors import KafkaError

from services.ingest.core.identities import Identities
from services.ingest.core.letters import Retaken, retake
from shared.io.kafka import make_producer
from shared.kernel.clock import iso
from shared.kernel.dead_letters import DeadLetter, as_retaken, decode_letter, encode_letter
from shared.kernel.errors import ConfigurationError, DependencyError, Problem
from shared.kernel.identities import decode_identity, decode_identity_key
from shared.kernel.ids import partition_for
from shared.kernel.topics import DEAD_LETTERS, EVENTS, IDENTITIES
from upswing.topic import read_topic

__all__ = ["describe", "find_letter", "read_letters", "replay_letters", "summary"]

ACK_SECONDS = 30.0
AT_ONCE = 500
SHOWN_CHARS = 100
NAME_CHARS = 40
HEADER = ("letter", "refused at", "reason", "account", "event", "why")
NONE = "–"


class Stored(msgspec.Struct):
    """A letter and where it lies; what is said of it later must go there, too."""

    letter: DeadLetter
    partition: int
    key: bytes | None


async def read_letters(bootstrap: str, prefix: str, reason: str | None = None) -> list[DeadLetter]:
    """Return the dead letters on the topic, oldest first; of repeats with the same id the newest.

    Shape: one whose event was sent again has `retaken_at`. Errors: `DependencyError` without a broker or the topic.
    """
    return [stored.letter for stored in await _read(bootstrap, prefix, reason)]


async def _read(bootstrap: str, prefix: str, reason: str | None) -> list[Stored]:
    letters: dict[str, Stored] = {}
    async for record in read_topic(bootstrap, prefix, DEAD_LETTERS):
        try:
            letter = decode_letter(record.value)
        except (msgspec.DecodeError, TypeError):
            continue  # not ours: somebody wrote something else on the topic
        if reason is not None and letter.reason != reason:
            continue
        former = letters.get(letter.letter_id)
        if letter.retaken_at is None:
            letters[letter.letter_id] = Stored(letter, record.partition, record.key)
        elif former is not None:  # else the letter itself is no longer kept
            said = {"retaken_at": letter.retaken_at, "retaken_for": letter.retaken_for}
            former.letter = msgspec.structs.replace(former.letter, **said)
    return sorted(letters.values(), key=lambda stored: stored.letter.at)


def summary(letters: Collection[DeadLetter], most: int) -> Iterator[str]:
    """Yield the lines of a list: a header, the newest letters, then how many there are for each reason."""
    if not letters:
        yield "there are no dead letters"
        return
    rows = [HEADER, *map(_row, list(letters)[-most:])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    for row in rows:
        yield "  ".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]])
    counts = Counter(str(letter.reason) for letter in letters)
    again = sum(letter.retaken_at is not None for letter in letters)
    ends = f"; {len(letters) - again:,} open, {again:,} sent again" if again else ""
    yield f"{len(letters):,} in all: {', '.join(f'{count:,} {reason}' for reason, count in counts.most_common())}{ends}"


def _row(letter: DeadLetter) -> tuple[str, ...]:
    """Return the cells of a letter; where neither account nor event is known, the latter says where it was."""
    named = f"{letter.field}: " if letter.field and not letter.message.startswith(letter.field) else ""
    message = f"{named}{letter.message}"
    if letter.retaken_at is not None:
        message = f"sent again {iso(letter.retaken_at)} for {letter.retaken_for}"
    account, event = letter.account_id or NONE, letter.event_id or (NONE if letter.account_id else letter.origin)
    names = (" ".join(name.split())[:NAME_CHARS] or NONE for name in (account, event))
    return letter.letter_id, iso(letter.at), str(letter.reason), *names, message[:SHOWN_CHARS]


def find_letter(letters: Collection[DeadLetter], letter_id: str) -> DeadLetter:
    """Return a letter by its id, the beginning of it, or its event's id.

    Errors: `ConfigurationError` when none or several fit.
    """
    found = [letter for letter in letters if letter.letter_id.startswith(letter_id)]
    if not found:
        found = [letter for letter in letters if letter.event_id == letter_id]
        if len(found) > 1:
            names = ", ".join(letter.letter_id for letter in found)
            raise ConfigurationError(f"{len(found)} dead letters are of event {letter_id!r}, name one of them: {names}")
    if len(found) != 1:
        how_many = "no dead letter begins" if not found else f"{len(found)} dead letters begin"
        event = "" if found else ", and none is of an event with this id"
        raise ConfigurationError(f"{how_many} with {letter_id!r}{event}: `upswing dead-letters list` shows them")
    return found[0]


def describe(letter: DeadLetter) -> str:
    """Return everything that is known of a letter, a line each."""
    instants = {"at": letter.at, "retaken_at": letter.retaken_at}
    fields = {name: getattr(letter, name) for name in letter.__struct_fields__ if name not in {"line", *instants}}
    lines = [f"{name:<12} {'–' if value is None else value}" for name, value in fields.items()]
    lines += [f"{name:<12} {'–' if value is None else iso(value)}" for name, value in instants.items()]
    return "\n".join([*lines, f"{'line':<12} {letter.line}"])


async def replay_letters(
    bootstrap: str,
    prefix: str,
    letter_ids: Collection[str],
    reason: str | None,
    account_id: str | None,
    *,
    again: bool = False,
) -> tuple[int, list[tuple[str, str]]]:
    """Send letters to the log and mark them; return how many were sent, and why the others were not.

    Shape: those that were sent before are left out, unless `again`; named by their id, they are refused.
    Errors: `ConfigurationError` for an id that is not there, `DependencyError` when the broker does not take them.
    """
    stored = {each.letter.letter_id: each for each in await _read(bootstrap, prefix, reason)}
    letters = [each.letter for each in stored.values()]
    named = [stored[find_letter(letters, letter_id).letter_id] for letter_id in letter_ids]
    wanted = named or [each for each in stored.values() if again or each.letter.retaken_at is None]
    identities = await _read_identities(bootstrap, prefix)
    ready: list[tuple[Stored, Retaken]] = []
    refused: list[tuple[str, str]] = []
    for each in wanted:
        taken = _retake(each.letter, account_id, identities, again=again)
        if isinstance(taken, Problem):
            refused.append((each.letter.letter_id, taken.message))
        else:
            ready.append((each, taken))
    await _send(bootstrap, prefix, ready)
    return len(ready), refused


def _retake(letter: DeadLetter, account_id: str | None, identities: Identities, *, again: bool) -> Retaken | Problem:
    if letter.retaken_at is not None and not again:
        when = f"it was sent again {iso(letter.retaken_at)} for account {letter.retaken_for}"
        return Problem(letter.reason, "", f"{when}: --again sends it once more, and it would count once more")
    return retake(_belonging_to(letter, account_id), identities)


async def _send(bootstrap: str, prefix: str, ready: Sequence[tuple[Stored, Retaken]]) -> None:
    """Send events, and once the broker has them the records that say so."""
    producer = make_producer(bootstrap)
    await producer.start()
    try:
        topic = prefix + EVENTS.name
        partitions = len(await producer.partitions_for(topic))
        for start in range(0, len(ready), AT_ONCE):
            some = ready[start : start + AT_ONCE]
            async with asyncio.timeout(ACK_SECONDS):
                await _deliver(producer, topic, [_event(taken, partitions) for _, taken in some])
                now_ms = time.time_ns() // 1_000_000
                markers = [_marker(each, taken.account_id, now_ms) for each, taken in some]
                await _deliver(producer, prefix + DEAD_LETTERS.name, markers)
    except (KafkaError, TimeoutError) as error:
        raise DependencyError(f"the broker at {bootstrap} did not take the letters: {error}") from error
    finally:
        await producer.stop()


async def _deliver(producer: Any, topic: str, records: Sequence[dict[str, Any]]) -> None:
    await asyncio.gather(*[await producer.send(topic, **record) for record in records])


def _event(taken: Retaken, partitions: int) -> dict[str, Any]:
    place = partition_for(taken.account_id, partitions)
    return {"value": taken.line, "key": taken.account_id.encode(), "partition": place}


def _marker(stored: Stored, account_id: str, now_ms: int) -> dict[str, Any]:
    letter = as_retaken(stored.letter, account_id, now_ms)
    key = stored.key or letter.letter_id.encode()
    return {"value": encode_letter(letter), "key": key, "partition": stored.partition}


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
    async for record in read_topic(bootstrap, prefix, IDENTITIES):
        if record.value is None:
            identities.forget(*decode_identity_key(record.key))
        else:
            identities.read(decode_identity(record.value))
    return identities
