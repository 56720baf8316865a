"""The player on a real broker with a real ingest: the published SDK's events and the ticks lie in the log in order."""

from pathlib import Path

import pytest

from shared.io.kafka import ensure_topics
from shared.kernel.clock import DAY_MS, HOUR_MS, parse_instant
from shared.kernel.codec import Line, decode_record
from shared.kernel.controls import Backfill, Tick
from shared.kernel.errors import ConfigurationError, DependencyError
from shared.kernel.events.envelope import Event
from shared.kernel.topics import EVENTS
from tests.support.broker import Broker
from tests.support.ingest import IngestProcess, read_records
from upswing.history.calls import Call
from upswing.history.controls import LogControls
from upswing.history.sender import SegmentSender
from upswing.history.whole import play_to_the_end, play_until_now

PARTITIONS = 4
FIRST = parse_instant("2026-01-01")


def _calls(count: int = 600) -> list[Call]:
    return [
        Call(
            at_ms=FIRST + number * HOUR_MS,
            method="page",
            account_id=f"a{number % 7}",
            user_id=f"u{number % 5}",
            message_id=f"m{number}",
            name="Home",
        )
        for number in range(count)
    ]


async def test_no_tick_overtakes_an_event_and_all_events_are_there_once(
    kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    """In each partition: begin, then events and ticks by time, then end."""
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    ingest = IngestProcess(tmp_path, kafka.bootstrap, topic_prefix)
    ingest.start()
    sender = SegmentSender(ingest.url, ingest.key)
    calls, until = _calls(), FIRST + 600 * HOUR_MS
    try:
        async with LogControls(kafka.bootstrap, topic_prefix) as controls:
            await controls.begin(FIRST)
            await play_until_now(
                calls, sender, controls, now_ms=lambda: until, step_ms=6 * HOUR_MS, told=lambda _sent: None
            )
            with pytest.raises(ConfigurationError, match=r"the log already holds .* records"):
                await controls.begin(FIRST)
    finally:
        sender.close()
        ingest.stop()
    seen = []
    for lines in (await _lines_by_partition(kafka.bootstrap, topic_prefix)).values():
        assert isinstance(lines[0], Backfill)
        assert (lines[0].state, lines[-1].state) == ("begin", "end")
        clock = 0
        for line in lines[1:-1]:
            if isinstance(line, Tick):
                assert not line.live
                assert line.at > clock
                clock = line.at
            else:
                assert line.occurred_at >= clock
                seen.append(line.account_id)
        assert clock == until - 6 * HOUR_MS
    assert len(seen) == len(calls)


async def test_history_of_the_past_ends_with_its_last_days_events(
    kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    """The end and one tick lie before them, and nothing after them."""
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    ingest = IngestProcess(tmp_path, kafka.bootstrap, topic_prefix)
    ingest.start()
    sender = SegmentSender(ingest.url, ingest.key)

    async def at_once() -> None:
        return

    try:
        async with LogControls(kafka.bootstrap, topic_prefix) as controls:
            await play_to_the_end(
                _calls(60), sender, controls, step_ms=DAY_MS, told=lambda _sent: None, before_last_day=at_once
            )
    finally:
        sender.close()
        ingest.stop()
    after = []
    for lines in (await _lines_by_partition(kafka.bootstrap, topic_prefix)).values():
        place = next(number for number, line in enumerate(lines) if isinstance(line, Backfill))
        assert isinstance(lines[place + 1], Tick)
        assert lines[place + 1].at == FIRST + 2 * DAY_MS
        after += lines[place + 2 :]
    assert len(after) == 12
    assert all(isinstance(line, Event) for line in after)


async def test_a_wrong_key_or_an_absent_ingest_is_one_sentence(
    kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    """Neither is retried for ever."""
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    ingest = IngestProcess(tmp_path, kafka.bootstrap, topic_prefix)
    ingest.start()
    sender = SegmentSender(ingest.url, "no key of ours")
    try:
        sender.send(_calls(1)[0])
        with pytest.raises(DependencyError, match=r"refused events \(401"):
            sender.flush()
    finally:
        sender.close()
        ingest.stop()
    with pytest.raises(DependencyError, match="no Kafka broker answers"):
        async with LogControls("127.0.0.1:1"):
            pass


async def _lines_by_partition(bootstrap: str, prefix: str) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = {}
    for partition, _key, value in await read_records(bootstrap, prefix + EVENTS.name):
        good, bad = decode_record(value or b"")
        assert not bad
        found.setdefault(partition, []).extend(line for _number, line in good)
    return found
