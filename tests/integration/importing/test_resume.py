"""An import on a real broker: killed with kill -9 at any moment, the same command goes on, nothing twice."""

import asyncio
import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from shared.io.kafka import ensure_topics, make_producer
from shared.kernel.codec import Line, decode_record, encode_line
from shared.kernel.controls import Backfill, Tick
from shared.kernel.dead_letters import decode_letter
from shared.kernel.errors import ConfigurationError
from shared.kernel.events.envelope import Event
from shared.kernel.identities import decode_identity
from shared.kernel.ids import partition_for
from shared.kernel.topics import DEAD_LETTERS, EVENTS, IDENTITIES
from tests.support.broker import Broker
from tests.support.importing import asked, silent, write_mapping
from tests.support.ingest import read_records
from upswing.importing.run import Target, Voice, run_import

PARTITIONS = 4
ROWS = 20_000
DAYS = 20
ENTRY: dict[str, Any] = {
    "file": "usage.parquet",
    "type": "usage.recorded",
    "time": "at",
    "account": "account",
    "id": "id",
    "properties": {"metric": {"constant": "calls"}, "quantity": {"column": "quantity", "as": "number"}},
}
SECONDS = 120


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Twenty days of usage of fifty accounts, a thousand rows a day, and a tick an hour."""
    folder = tmp_path / "files"
    folder.mkdir()
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 'u' || i AS id, TIMESTAMP '2026-01-01' + to_milliseconds("  # noqa: S608 - our own numbers
            f"(hash(i) % {DAYS * 86_400_000})::BIGINT) AS at, 'a' || i % 50 AS account, i % 9 AS quantity "
            f"FROM range({ROWS}) AS t(i)) TO '{folder / 'usage.parquet'}' (FORMAT parquet)"
        )
    write_mapping(folder, [ENTRY], tick_hours=1)
    return folder


def _start(kafka: Broker, prefix: str, data: Path, files: Path, *more: str) -> subprocess.Popen[str]:
    options = ["--kafka", kafka.bootstrap, "--topic-prefix", prefix, "--data", str(data), *more]
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "upswing", "import", "run", *options, str(files)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )


def _run(kafka: Broker, prefix: str, data: Path, files: Path, *more: str) -> tuple[int, str]:
    process = _start(kafka, prefix, data, files, *more)
    _out, told = process.communicate(timeout=SECONDS)
    return process.returncode, told


async def _refused(kafka: Broker, prefix: str, data: Path, files: Path) -> str:
    """Return the sentence with which an import ends before it begins; in this process, as only that counts."""
    target = Target(kafka.bootstrap, prefix, data / "import" / prefix)
    with pytest.raises(ConfigurationError) as caught:
        await run_import(asked(files), target, Voice(silent, lambda _quality: None, lambda _done, _all: None))
    return str(caught.value)


def _kill_after(process: subprocess.Popen[str], line: str, seconds: float) -> str:
    """Kill a process a while after it has said something; return what it said."""
    said = []
    assert process.stderr
    for told in process.stderr:
        said.append(told)
        if re.search(line, told):
            threading.Timer(seconds, lambda: os.kill(process.pid, signal.SIGKILL)).start()
            break
    said += list(process.stderr)
    process.wait(timeout=SECONDS)
    process.stderr.close()
    return "".join(said)


async def _lines(kafka: Broker, prefix: str) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = {}
    for partition, _key, value in await read_records(kafka.bootstrap, prefix + EVENTS.name):
        good, bad = decode_record(value or b"")
        assert not bad
        found.setdefault(partition, []).extend(line for _number, line in good)
    return found


def _check(partitions: dict[int, list[Line]], rows: int) -> None:
    """Begin, events and ticks by time, end: once, in each partition, and every row once in the right one."""
    seen: Counter[str] = Counter()
    for number, lines in partitions.items():
        kinds = [line.state for line in lines if isinstance(line, Backfill)]
        assert kinds == ["begin", "end"]
        assert isinstance(lines[0], Backfill)
        assert isinstance(lines[-1], Backfill)
        clock = at = 0
        for line in lines[1:-1]:
            if isinstance(line, Tick):
                assert line.at > clock
                assert not line.live
                clock = line.at
            else:
                assert isinstance(line, Event)
                assert isinstance(line.occurred_at, int)
                assert line.occurred_at >= clock
                assert line.occurred_at >= at
                assert partition_for(line.account_id, PARTITIONS) == number
                at = line.occurred_at
                seen[line.id] += 1
    assert len(seen) == rows
    assert max(seen.values()) == 1
    assert len({sum(isinstance(line, Tick) for line in lines) for lines in partitions.values()}) == 1


async def test_an_import_that_is_killed_goes_on_without_losing_or_doubling(
    kafka: Broker, topic_prefix: str, tmp_path: Path, files: Path
) -> None:
    """Killed while files are read, and at random moments while it writes; then run to its end."""
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    chance = random.Random(20_261_122)  # noqa: S311 - moments, no secrets
    _kill_after(_start(kafka, topic_prefix, tmp_path / "data", files), "sorting|reading", 0.02)
    amid = 0
    for _kill in range(3):
        told = _kill_after(
            _start(kafka, topic_prefix, tmp_path / "data", files), r"\d+ of 20,000 events", chance.uniform(0.05, 0.3)
        )
        lines = await _lines(kafka, topic_prefix)
        amid += bool(lines) and not any(
            isinstance(part[-1], Backfill) and part[-1].state == "end" for part in lines.values()
        )
        if "history has ended" in told:
            break
    assert amid >= 2
    code, told = _run(kafka, topic_prefix, tmp_path / "data", files)
    assert code == 0, told
    assert "going on with the import that was begun" in told
    _check(await _lines(kafka, topic_prefix), ROWS)
    before = await _lines(kafka, topic_prefix)
    code, told = _run(kafka, topic_prefix, tmp_path / "data", files)
    assert (code, "this import is complete already: nothing was written again" in told) == (0, True)
    assert await _lines(kafka, topic_prefix) == before
    write_mapping(files, [ENTRY], tick_hours=3)
    told = await _refused(kafka, topic_prefix, tmp_path / "data", files)
    assert told.startswith("another import (20,000 events) has ended in this log")


async def test_files_that_change_amid_an_import_are_refused(
    kafka: Broker, topic_prefix: str, tmp_path: Path, files: Path
) -> None:
    """What is in the log cannot be taken back; nothing is in it yet: it begins anew."""
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    _kill_after(_start(kafka, topic_prefix, tmp_path / "data", files), r"[1-9][\d,]* of 20,000 events", 0.2)
    assert await _lines(kafka, topic_prefix)
    write_mapping(files, [ENTRY], tick_hours=2)
    told = await _refused(kafka, topic_prefix, tmp_path / "data", files)
    assert "its files, mapping or playbook have changed since: restore them" in told


@pytest.mark.parametrize(
    ("control", "sentence"),
    [
        (Tick(at=1_780_000_000_000, live=True), "a live tick was written to .* history can be loaded only before"),
        (Backfill(at=1_780_000_000_000, state="end"), "already holds records that this import has not written"),
    ],
)
async def test_a_log_that_is_not_new_is_refused(
    kafka: Broker, topic_prefix: str, tmp_path: Path, files: Path, control: Tick | Backfill, sentence: str
) -> None:
    """Before anything is read: definition 73."""
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    producer = make_producer(kafka.bootstrap)
    await producer.start()
    with contextlib.suppress(KeyError):
        await producer.send_and_wait(topic_prefix + EVENTS.name, encode_line(control), partition=2)
    await producer.stop()
    assert re.search(sentence, await _refused(kafka, topic_prefix, tmp_path / "data", files))
    assert [path.name for path in await asyncio.to_thread(lambda: list((tmp_path / "data").rglob("*.duckdb")))] == []


CALLS: list[dict[str, Any]] = [
    {"event": "$pageview", "timestamp": "2026-01-01T09:00:00Z"},
    {"event": "$identify", "timestamp": "2026-01-02T10:00:00+02:00", "properties": {"$groups": {"company": "acme"}}},
    {"event": "Report Exported", "timestamp": "2026-01-02T09:00:00"},
    {"event": "survey.answered", "timestamp": "2026-01-03T09:00:00", "properties": {"survey": "nps", "score": 11}},
]


async def test_what_calls_teach_and_what_is_refused_reaches_its_topics(
    kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    """The account of a user, so that live calls go on with it; a dead letter about an event that means nothing."""
    await ensure_topics(kafka.bootstrap, PARTITIONS, prefix=topic_prefix)
    folder = tmp_path / "files"
    folder.mkdir()
    calls = [{"uuid": str(n), "distinct_id": "ann", "properties": {}} | call for n, call in enumerate(CALLS)]
    (folder / "events.jsonl").write_bytes(b"".join(msgspec.json.encode(call) + b"\n" for call in calls))
    (folder / "usage.csv").write_text("id,at,account,quantity\n1,2026-01-04,acme,-5\n2,2026-01-05,acme,5\n")
    item = {"uuid": "uuid", "event": "event", "distinct_id": "distinct_id"}
    entry = {"file": "events", "dialect": "posthog", "time": "timestamp"}
    write_mapping(
        folder,
        [entry | {"item": item | {"properties": {"column": "properties", "as": "json"}}}, ENTRY | {"file": "usage"}],
    )
    code, told = _run(kafka, topic_prefix, tmp_path / "data", folder, "--source", "web")
    assert code == 0, told
    lines = [line for part in (await _lines(kafka, topic_prefix)).values() for line in part if isinstance(line, Event)]
    assert sorted((type(line).__name__, line.account_id, line.source, line.user_id) for line in lines) == [
        ("FeatureUsed", "acme", "web", "ann"),
        ("SessionStarted", "acme", "web", "ann"),
        ("UsageRecorded", "acme", "web", None),
        ("UserProvisioned", "acme", "web", "ann"),
    ]
    (identity,) = [
        decode_identity(value)
        for *_, value in await read_records(kafka.bootstrap, topic_prefix + IDENTITIES.name)
        if value
    ]
    assert (identity.source, identity.user_id, identity.account_id) == ("web", "ann", "acme")
    letters = [
        decode_letter(value)
        for *_, value in await read_records(kafka.bootstrap, topic_prefix + DEAD_LETTERS.name)
        if value
    ]
    assert [(letter.field, letter.event_id) for letter in letters] == [("properties.quantity", "usage/1/1")]
