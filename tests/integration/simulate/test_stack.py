"""A simulation on the real stack: files are imported, a worker folds them, and the score says what it noticed."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from deploy.local.ports import free_port
from shared.io.kafka import ensure_topics, make_consumer, make_producer
from shared.kernel.errors import DependencyError
from shared.kernel.topics import EVENTS
from tests.support.broker import Broker
from tests.support.ingest import IngestProcess, read_events, read_letters
from tests.support.signals.stream import Stream
from tests.support.signals.worker import Worker
from upswing.simulate.reading import read_topic
from upswing.trace.follow import GROUP

UPSWING = Path(sys.executable).with_name("upswing")
PARTITIONS = 4
EXACT = ("usage_ceiling", "seat_saturation", "gated_exploration")


def upswing(*arguments: object) -> str:
    """Run a command as a person does; return what it printed."""
    done = subprocess.run(  # noqa: S603 - our own command
        [UPSWING, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{arguments}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def scored(folder: Path, bootstrap: str, prefix: str) -> dict[str, Any]:
    """Score what is on the topic."""
    truth = folder / "truth.jsonl"
    text = upswing("simulate", "score", "--truth", truth, "--kafka", bootstrap, "--topic-prefix", prefix, "--json")
    return dict(msgspec.json.decode(text))


@pytest.mark.parametrize("written", ["native", pytest.param("parquet", marks=pytest.mark.long)])
async def test_every_exact_situation_of_imported_files_is_noticed(
    kafka: Broker, topic_prefix: str, tmp_path: Path, written: str
) -> None:
    """From files to the score, through the importer, the log and a worker; history holds every trigger."""
    folder = tmp_path / "sim"
    upswing(
        *("simulate", "files", "--out", folder, "--accounts", 50, "--days", 60, "--seed", 11, "--end", "2026-05-31"),
        *("--format", written),
    )
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    await asyncio.to_thread(
        upswing,
        *("import", "run", folder, "--mapping", folder / "mapping.yaml", "--data", tmp_path / "data"),
        *("--kafka", kafka.bootstrap, "--topic-prefix", topic_prefix),
    )
    worker = Worker(tmp_path, kafka.bootstrap, topic_prefix, PLAYBOOK=str(folder / "playbook.yaml"))
    worker.start(engine="real", ready=True)
    try:
        await Stream(kafka.bootstrap, topic_prefix, PARTITIONS, 1).settled()
    finally:
        worker.stop()
    score = await asyncio.to_thread(scored, folder, kafka.bootstrap, topic_prefix)
    rules = {row["rule"]: row for row in score["rules"]}
    for name in EXACT:
        assert (rules[name]["missed"], rules[name]["examples_missed"]) == (0, []), rules[name]
    assert sum(rules[name]["situations"] for name in EXACT) > 10
    assert rules["usage_ceiling"]["recall"] == 1.0
    assert score["overall"]["held"] > 0, "history is being loaded: everything is held"
    assert score["outcomes"]["accounts"] == 50
    assert score["unknown_accounts"] == 0


async def test_what_is_sent_live_is_taken_and_what_is_wrong_is_named(
    kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    """The sender's counts, ingest's answers, the log and the dead letters agree."""
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    ingest = IngestProcess(tmp_path, kafka.bootstrap, topic_prefix)
    ingest.start()
    try:
        said = await asyncio.to_thread(
            upswing,
            *("simulate", "send", "--url", ingest.url, "--key", ingest.key, "--rate", 4000, "--accounts", 15),
            *("--days", 15, "--seed", 2, "--truth", tmp_path / "truth.jsonl", "--json"),
        )
        sent = msgspec.json.decode(said)
        events, letters = await read_events(ingest), await read_letters(ingest)
        refused = await asyncio.to_thread(
            subprocess.run,
            [UPSWING, "simulate", "send", "--url", ingest.url, "--key", "upw_wrong", "--accounts", "2"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        ingest.stop()
    truth = [msgspec.json.decode(line) for line in (tmp_path / "truth.jsonl").read_bytes().splitlines()]
    wrong = [record for record in truth if record["record"] == "bad"]
    assert sent["sent"] == truth[-1]["events"] > 1_000
    assert sent["acked"] + sent["rejected"] == sent["sent"]
    assert len(events) == sent["acked"]
    assert sent["rejected"] == len(wrong) == len(letters) > 0
    assert sum(sent["codes"].values()) == len(wrong)
    assert sent["latency_ms"]["p50"] > 0
    assert refused.returncode == 1
    assert refused.stderr.startswith("upswing: ingest refused a batch (401)")
    assert refused.stderr.count("\n") == 1


def test_without_an_ingest_the_sender_says_so_soon() -> None:
    """One sentence that says where it looked, and exit code 1."""
    began = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own command
        [UPSWING, "simulate", "send", "--url", f"http://127.0.0.1:{free_port()}", "--key", "k", "--accounts", "2"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(
        "upswing: ingest did not take events for 5 s: ConnectError: is ingest running at http"
    )
    assert time.monotonic() - began < 30


async def test_a_quota_is_waited_out_and_nothing_is_lost(kafka: Broker, topic_prefix: str, tmp_path: Path) -> None:
    """429 with Retry-After puts events off; every one is in the log in the end."""
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    ingest = IngestProcess(tmp_path, kafka.bootstrap, topic_prefix)
    _row, key = ingest.issue("slow", quota=400)
    ingest.start()
    try:
        said = await asyncio.to_thread(
            upswing,
            *("simulate", "send", "--url", ingest.url, "--key", key, "--rate", 5000, "--seconds", 2, "--accounts", 30),
            *("--days", 10, "--seed", 2, "--clean", "--json"),
        )
        events = await read_events(ingest)
    finally:
        ingest.stop()
    sent = msgspec.json.decode(said)
    assert sent["throttled"] > 0
    assert sent["acked"] == sent["sent"] == len({event["id"] for event in events}) > 400


async def test_a_score_waits_for_signals_and_says_when_it_does_not_go_on(kafka: Broker, topic_prefix: str) -> None:
    """A log that is not folded yet would score as if nothing had been noticed."""
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    producer = make_producer(kafka.bootstrap)
    await producer.start()
    try:
        for _ in range(3):
            await producer.send_and_wait(f"{topic_prefix}{EVENTS.name}", b"{}", partition=1)
    finally:
        await producer.stop()
    told: list[int] = []
    with pytest.raises(DependencyError, match="still to fold 3 records, and has not gone on for"):
        await read_topic(kafka.bootstrap, topic_prefix, told.append, stall_seconds=0.5)
    assert told[0] == 3
    assert await read_topic(kafka.bootstrap, topic_prefix, None) == []
    consumer = make_consumer(kafka.bootstrap, topic_prefix + GROUP)
    await consumer.start()
    try:
        waiting = asyncio.create_task(read_topic(kafka.bootstrap, topic_prefix, told.append))
        while told[-1:] != [1]:
            partition = TopicPartition(f"{topic_prefix}{EVENTS.name}", 1)
            consumer.assign([partition])
            await consumer.commit({partition: 2})
            await asyncio.sleep(0.1)
        assert not waiting.done()
        await consumer.commit({partition: 3})
        assert await asyncio.wait_for(waiting, 30) == []
    finally:
        await consumer.stop()
