"""`upswing trace` on a real broker: records as the services write them, and what a person is told of one event."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.io.kafka import ensure_topics
from shared.kernel.dead_letters import DeadLetter, encode_letter
from shared.kernel.errors import DependencyError, Reason
from shared.kernel.snapshots import encode_snapshot
from shared.kernel.topics import DEAD_LETTERS, EVENTS, SNAPSHOTS, TRIGGERS
from shared.kernel.triggers import Gate, encode_trigger
from tests.support.broker import Broker
from tests.support.notify import TOKEN, make_settings, running
from tests.support.pipeline.samples import NOON, make_snapshot, make_trigger
from tests.support.receivers import slack_receiver
from tests.support.topics import PARTITIONS, Topics
from upswing.trace.follow import Trail
from upswing.trace.logbook import Logbook

HELD = Gate(open=False, readiness=70, confidence=1.0, criteria=(), held_because=("sentiment", "core_features"))


def run_trace(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does."""
    return subprocess.run(  # noqa: S603 - our own command
        [Path(sys.executable).with_name("upswing"), "trace", *words],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


async def test_an_event_that_is_not_there_ends_in_one_line_again_and_again(topics: Topics) -> None:
    """In empty topics, among other events, and when nothing is as young as asked for: it never waits for more."""
    assert (await topics.told("nope")).startswith("nowhere   no event nope")
    for _ in range(3):
        await topics.log("e1", "nope-not", "a nope b")
        assert (await topics.told("nope")).startswith("nowhere   no event nope")
    tomorrow = time.time_ns() // 1_000_000 + 86_400_000
    assert await topics.trail("e1", since_ms=tomorrow) == Trail()


async def test_an_event_that_is_not_there_is_exit_code_1_with_a_hint(topics: Topics) -> None:
    """A script notices, and a person is told where was searched."""
    where = ("--kafka", topics.bootstrap, "--topic-prefix", topics.prefix)
    done = await asyncio.to_thread(run_trace, "nope", *where, "--hours", "2")
    assert done.returncode == 1
    assert done.stdout.startswith("nowhere   no event nope")
    assert done.stderr.startswith("upswing: only the last 2 hours were searched (--hours, --account)")


async def test_an_event_is_found_by_its_exact_id_in_its_line_and_its_repeats_too(topics: Topics) -> None:
    """Other lines of the record, other ids that contain it, and the same id of another account are told apart."""
    await topics.log("other")
    first = await topics.log("other-2", "e1", "e11")
    second = await topics.log("e1")
    await topics.log("e1", account="globex", source="web")
    trail = await topics.trail("e1", "acme")
    assert [(place.offset, place.line) for place in trail.places] == [(first, 1), (second, 0)]
    assert {place.event.account_id for place in (await topics.trail("e1")).places} == {"acme", "globex"}
    assert "again     usage.recorded of account acme" in await topics.told("e1")


async def test_ids_that_writers_of_json_escape_differently_are_found(topics: Topics) -> None:
    """Non-ASCII letters, slashes and quotes: written as they are or as escapes."""
    line = b'{"type":"session.started","id":"caf\\u00e9\\/1","account_id":"acme","occurred_at":%d}' % NOON
    await topics.write(EVENTS.name, line)
    await topics.log('say "é"')
    assert len((await topics.trail("café/1")).places) == 1
    assert len((await topics.trail('say "é"')).places) == 1


async def test_a_refused_event_shows_its_letter_once_and_rubbish_is_passed_over(topics: Topics) -> None:
    """A letter that was written twice is one; what others wrote on our topics stops nothing."""
    letter = DeadLetter(
        letter_id="l-1",
        service="ingest",
        reason=Reason.ACCOUNT_UNKNOWN,
        field="account_id",
        message="the account is not known",
        line="{}",
        origin="x",
        at=NOON,
        event_id="e1",
    )
    for value in (encode_letter(letter), b'\xff{"e1"', encode_letter(letter)):
        await topics.write(DEAD_LETTERS.name, value)
    assert await topics.told("e1") == (
        "refused   by ingest: account_unknown at account_id: the account is not known (l-1)"
    )
    await topics.log("e2")
    for topic in (EVENTS.name, TRIGGERS.name, SNAPSHOTS.name):
        await topics.write(topic, b"\x00rubbish e2\n{}")
    assert len((await topics.trail("e2")).places) == 1


async def test_an_event_is_folded_once_signals_has_committed_past_it(topics: Topics) -> None:
    """Before: how far signals is behind. After: folded, with the account's latest snapshot and why nothing fired."""
    await topics.log("e0")
    offset = await topics.log("e1")
    assert "signals is 2 records behind" in await topics.told("e1")
    await topics.commit(offset)
    assert "signals is 1 records behind" in await topics.told("e1")
    await topics.commit(offset + 1)
    assert "folded    yes" in await topics.told("e1")
    assert "account   not explained yet" in await topics.told("e1")
    for number in (1, 2):
        await topics.write(SNAPSHOTS.name, encode_snapshot(make_snapshot(at=NOON + number * 60_000)))
    told = await topics.told("e1")
    assert "explained at 2026-06-01T12:02:00" in told
    assert "trigger   none was decided by this event" in told
    assert "seat_saturation: fired since 2026-06-01; 46 of 50 seats" in told


async def test_what_an_event_decided_is_told_once_with_its_reasons(topics: Topics) -> None:
    """Held and later released; repeats, other accounts' and other events' triggers do not appear."""
    await topics.commit(await topics.log("e1") + 1)
    held = make_trigger(record="held", gate=HELD)
    evidence = make_trigger().evidence
    others = [
        make_trigger(rule="gated_exploration", decided_by="app/e2", evidence=type(evidence)(1, 1, ">=", "count")),
        make_trigger(account_id="globex"),
    ]
    for trigger in (held, held, *others, make_trigger(record="released")):
        await topics.write(TRIGGERS.name, encode_trigger(trigger), trigger.account_id)
    assert [trigger.record for trigger in (await topics.trail("e1")).triggers] == ["held", "released"]
    assert "held because of sentiment, core_features" in await topics.told("e1")
    assert "alert     none decided yet" in await topics.told("e1")


async def test_the_command_tells_of_the_alert_that_was_sent(topics: Topics, database_url: str) -> None:
    """A fired trigger, a real notify, a receiver: the delivery is the last line. Without the token it says so."""
    await topics.commit(await topics.log("e1") + 1)
    await topics.write(TRIGGERS.name, encode_trigger(make_trigger()))
    async with slack_receiver() as slack:
        settings = make_settings(topics.bootstrap, topics.prefix, database_url, slack_webhook_url=slack.hook)
        async with running(settings) as notify:
            await slack.wait_posts(1)
            await notify.wait_deliveries(lambda rows: any(row["state"] == "sent" for row in rows))
            words = ("e1", "--kafka", topics.bootstrap, "--topic-prefix", topics.prefix, "--hours", "1")
            address = f"http://127.0.0.1:{settings.port}"
            here = await asyncio.to_thread(run_trace, *words, "--notify", address, UPSWING_NOTIFY_API_TOKEN=TOKEN)
            shut = await asyncio.to_thread(run_trace, *words, "--notify", address, UPSWING_NOTIFY_API_TOKEN="")
    away = await asyncio.to_thread(run_trace, *words, "--notify", address, UPSWING_NOTIFY_API_TOKEN=TOKEN)
    assert (here.returncode, here.stderr) == (0, "")
    assert "fired     seat_saturation: 46 of 50 seats" in here.stdout
    assert " on slack: fired" in here.stdout.splitlines()[-1]
    assert here.stdout.splitlines()[-1].startswith("alert     sent at ")
    assert "alert     unknown: set UPSWING_NOTIFY_API_TOKEN" in shut.stdout
    assert f"alert     unknown: notify at {address} did not answer" in away.stdout


async def test_a_missing_topic_and_a_missing_broker_are_one_sentence_each(kafka: Broker, topic_prefix: str) -> None:
    """Exit code 1, and nothing but the sentence."""
    done = await asyncio.to_thread(run_trace, "e1", "--kafka", "127.0.0.1:1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "upswing: no Kafka broker answers at 127.0.0.1:1: start it, or correct the address\n"
    done = await asyncio.to_thread(run_trace, "e1", "--kafka", kafka.bootstrap, "--topic-prefix", topic_prefix)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"upswing: there is no topic {topic_prefix}events at {kafka.bootstrap}: run `upswing topics create`\n"
    )


async def test_a_broker_that_freezes_while_it_is_read_ends_in_a_sentence(own_kafka: Broker, topic_prefix: str) -> None:
    """A deadline without any progress ends the reading; nothing waits for ever, closing included."""
    await ensure_topics(own_kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    async with asyncio.timeout(120), Logbook(own_kafka.bootstrap, topic_prefix, stall_seconds=1) as book:
        with own_kafka.frozen(), pytest.raises(DependencyError, match=r"stopped answering .* for 1 s"):
            await anext(book.read(EVENTS.name, range(PARTITIONS), 0))
