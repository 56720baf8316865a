"""`upswing playbook publish` on a real broker with a running worker: new numbers judge while all goes on."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import yaml

from shared.io.kafka import ensure_topics, make_producer
from shared.kernel.ids import partition_for
from shared.kernel.playbook import playbook_to_json
from shared.kernel.topics import DEAD_LETTERS, EVENTS, PLAYBOOKS, TRIGGERS
from shared.kernel.triggers import Trigger, decode_trigger
from tests.oracle.writing import WIDE_OPEN, control, event, playbook
from tests.support.broker import Broker
from tests.support.signals.worker import Worker
from upswing.topic import read_topic

PARTITIONS = 2
NOON = "2026-03-02 12:00"
NEXT_DAY = "2026-03-03 00:01"
Saved = Callable[..., str]


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    """Write the open playbook with changes to a file, `green` past all checks, and return its path.

    `plan` is what the plan Growth is called there.
    """

    def save(name: str, green: int = 75, plan: str = "Growth", **changes: object) -> str:
        body = playbook_to_json(playbook(WIDE_OPEN | {"version": name.partition("-")[0]} | changes))
        data = msgspec.json.decode(body.replace(b'"Growth"', msgspec.json.encode(plan)))
        data["health"]["green"] = green
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(data))
        return str(path)

    return save


async def upswing(kafka: Broker, prefix: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a person does."""
    command = [sys.executable, "-m", "upswing", *words, "--kafka", kafka.bootstrap, "--topic-prefix", prefix]
    return await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=120, env=dict(os.environ), check=False
    )


async def first_trigger(broker: Broker, prefix: str) -> Trigger:
    """Return the only trigger, once it is there."""
    async with asyncio.timeout(60):
        while True:
            found = [decode_trigger(record.value) async for record in read_topic(broker.bootstrap, prefix, TRIGGERS)]
            if found:
                (only,) = found
                return only
            await asyncio.sleep(0.1)


async def write(broker: Broker, prefix: str, *lines: bytes, account: str | None = "acme") -> None:
    """Append lines to the partition of an account, or to all partitions."""
    home = range(PARTITIONS) if account is None else [partition_for(account, PARTITIONS)]
    async with make_producer(broker.bootstrap) as producer:
        for number in home:
            await producer.send_and_wait(prefix + EVENTS.name, b"\n".join(lines), partition=number)


async def test_published_numbers_judge_from_then_on_and_wrong_ones_change_nothing(
    kafka: Broker, topic_prefix: str, make_worker: Callable[..., Worker], saved: Saved
) -> None:
    """A wrong file is refused before anything is written; a good one fires at the next day under its own name."""
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    worker = make_worker("w1", PLAYBOOK=saved("first"))
    worker.start(engine="real", ready=True)
    await write(kafka, topic_prefix, *eight_of_ten_seats())

    wrong = await upswing(kafka, topic_prefix, "playbook", "publish", saved("bad", green=101))
    assert wrong.returncode == 1
    assert "WRONG health.green: found 101" in wrong.stdout
    assert "was not published, and what is in force stays" in wrong.stderr
    assert [record async for record in read_topic(kafka.bootstrap, topic_prefix, PLAYBOOKS)] == []

    same = await upswing(kafka, topic_prefix, "playbook", "publish", saved("first-lower", green=80))
    assert "version first judges already, by the file in signals' settings" in same.stderr

    lower = saved("second", **{"rules.seat_saturation.active_percent": 70})
    dry = await upswing(kafka, topic_prefix, "playbook", "publish", lower, "--dry-run")
    assert (dry.returncode, dry.stdout.splitlines()[0]) == (0, "in force is first, as the newest snapshot says")
    lost = await upswing(kafka, topic_prefix, "playbook", "publish", saved("bare", plan="Grown"), "--dry-run")
    assert (lost.returncode, "plan 'Growth' goes, and on it is account acme" in lost.stdout) == (1, True), lost.stdout
    assert "first stays in force: with bare, 1 account would lose the limits" in lost.stderr
    done = await upswing(kafka, topic_prefix, "playbook", "publish", lower)
    assert done.returncode == 0, done.stderr
    assert "signals judges by it from now on" in done.stdout
    again = await upswing(kafka, topic_prefix, "playbook", "publish", saved("third", plan="Grown"), "--dry-run")
    assert "in force is second, published 20" in again.stdout
    assert "second -> third: " in again.stdout
    assert "and on it is account acme" in again.stdout

    await write(kafka, topic_prefix, control("tick", NEXT_DAY), account=None)
    fired = await first_trigger(kafka, topic_prefix)
    assert (fired.rule, fired.scope, fired.playbook_version) == ("seat_saturation", "active", "second")
    assert (fired.evidence.value, fired.evidence.threshold) == (80, 70)
    await the_commands_tell_of(fired, kafka, topic_prefix, saved("second-other"))
    assert await asyncio.to_thread(worker.stop) == 0


def eight_of_ten_seats() -> list[bytes]:
    """Return an account of ten seats of which eight are in use."""
    facts = event("account.updated", "acme", NOON, "f", properties={"seats": 10, "segment": "SMB", "plan": "Growth"})
    used = event("feature.used", "acme", NOON, "d", user="u0", properties={"feature": "dashboards"})
    return [facts, used, *(event("session.started", "acme", NOON, f"s{n}", user=f"u{n}") for n in range(8))]


async def the_commands_tell_of(fired: Trigger, kafka: Broker, prefix: str, clash: str) -> None:
    """Check what `versions`, `explain` and a version that is published with other numbers say."""
    refused = await upswing(kafka, prefix, "playbook", "publish", clash)
    assert "version second has been published with other numbers" in refused.stderr
    listed = await upswing(kafka, prefix, "playbook", "versions")
    assert [line.split()[1] for line in listed.stdout.splitlines()] == ["second"]
    assert listed.stdout.endswith("in force\n")
    explained = await upswing(kafka, prefix, "explain", "acme")
    assert "playbook second" in explained.stdout
    assert fired.trigger_id in explained.stdout
    unknown = await upswing(kafka, prefix, "explain", "nobody")
    assert unknown.stderr.startswith("upswing: nothing is known of account nobody")


async def test_a_body_that_cannot_be_used_is_a_dead_letter_and_the_log_goes_on(
    kafka: Broker, topic_prefix: str, make_worker: Callable[..., Worker], saved: Saved
) -> None:
    """Written past the command's checks: each partition refuses it once, and folds what comes after."""
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    worker = make_worker("w1", PLAYBOOK=saved("first"))
    worker.start(engine="real", ready=True)
    async with make_producer(kafka.bootstrap) as producer:
        await producer.send_and_wait(topic_prefix + PLAYBOOKS.name, b'{"version":"odd"}', key=b"odd", partition=0)
    await write(kafka, topic_prefix, control("playbook", NOON, version="odd", digest=""), account=None)
    facts = event("account.updated", "acme", NOON, "f", properties={"seats": 1, "segment": "SMB"})
    used = event("feature.used", "acme", NOON, "d", user="u", properties={"feature": "dashboards"})
    await write(kafka, topic_prefix, facts, used)
    assert (await first_trigger(kafka, topic_prefix)).playbook_version == "first"
    letters = [msgspec.json.decode(r.value) async for r in read_topic(kafka.bootstrap, topic_prefix, DEAD_LETTERS)]
    assert [(letter["field"], letter["reason"]) for letter in letters] == [("version", "unusable")] * PARTITIONS
    assert await asyncio.to_thread(worker.stop) == 0
