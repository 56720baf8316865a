"""The pipeline as a process of its own, on a real broker and a real database."""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import httpx
import msgspec
import pytest

from shared.io.database import migrate
from shared.io.kafka import make_consumer
from shared.kernel.csql_changes import decode_change
from shared.kernel.dead_letters import decode_letter
from shared.kernel.people import decode_person
from shared.kernel.topics import CSQL_CHANGES, DEAD_LETTERS, SNAPSHOTS, TRIGGERS
from shared.kernel.topics import PEOPLE as PEOPLE_TOPIC
from tests.support.pipeline.log import Log
from tests.support.pipeline.process import ROOT, PipelineProcess
from tests.support.pipeline.queries import count, fetch, until
from tests.support.pipeline.samples import PEOPLE, make_snapshot, make_trigger

MEDIAN_MS = 250  # tens of milliseconds on an idle machine; the tests of a whole session run on two cores
ROUNDS = 30


@pytest.mark.usefixtures("pipeline")
async def test_a_trigger_reaches_the_changes_in_tens_of_milliseconds(log: Log, database: str) -> None:
    """From its ack to the reader of `csql.changes`; and one lead, one change for each."""
    consumer = make_consumer(log.bootstrap, None, log.prefix + CSQL_CHANGES.name)
    await consumer.start()
    took: list[float] = []
    try:
        for number in range(ROUNDS):
            trigger = make_trigger(f"a{number}", emitted_at=time.time_ns() // 1_000_000)
            await log.triggers(trigger)
            acknowledged = time.perf_counter()
            change = decode_change((await asyncio.wait_for(consumer.getone(), 20)).value)
            took.append((time.perf_counter() - acknowledged) * 1000)
            assert (change.account_id, change.trigger_ids) == (f"a{number}", (trigger.trigger_id,))
    finally:
        await consumer.stop()
    assert await count(database, "csqls") == ROUNDS
    assert statistics.median(took) < MEDIAN_MS


async def test_poison_is_buried_once_with_its_reason_and_the_next_proceeds(
    log: Log, pipeline: PipelineProcess, database: str
) -> None:
    """What cannot be decoded, and what the database refuses: a NUL character in an id, a number without end."""
    await log.put(TRIGGERS, "acme", b"rubbish")
    await log.put(SNAPSHOTS, "acme", b'{"account_id": 1}')
    await log.triggers(make_trigger("before"), make_trigger("nul\0"), make_trigger("after"))
    await log.triggers(make_trigger("huge", occurred_at=10**30))
    assert {change.account_id for change in await log.changes(2)} == {"before", "after"}
    records = await log.read(DEAD_LETTERS, lambda found: len(found) >= 4)
    letters = {letter.origin.split("/")[0] + ":" + letter.reason for letter in map(_letter, records)}
    assert letters == {
        f"{log.prefix}expansion.triggers:unreadable",
        f"{log.prefix}account.snapshots:wrong_type",
        f"{log.prefix}expansion.triggers:unusable",
    }
    assert await count(database, "csqls") == 2
    assert pipeline.running
    metrics = await pipeline.metrics()
    assert metrics['upswing_pipeline_dead_letters_total{reason="unreadable"}'] == 1


async def test_snapshots_and_people_go_their_ways(log: Log, pipeline: PipelineProcess, database: str) -> None:
    """Accounts come in over the log; people go out over it, tombstones too."""
    await log.snapshots(make_snapshot(offset=1), make_snapshot("other"), make_snapshot(offset=2, segment="smb"))
    token = issue_token(database, "admin")
    async with httpx.AsyncClient(
        base_url=pipeline.address, headers={"Authorization": f"Bearer {token}"}, timeout=20
    ) as admin:

        async def both_are_there() -> bool:
            shown = (await admin.get("/v1/accounts")).json()["items"]
            return [(one["account_id"], one["segment"]) for one in shown] == [("acme", "smb"), ("other", "mid_market")]

        await until(both_are_there, "both accounts")
        assert (await admin.put("/v1/people", json={"people": PEOPLE})).status_code == 200
        assert (await admin.put("/v1/people", json={"people": PEOPLE[1:]})).status_code == 200
    records = await log.read(PEOPLE_TOPIC, lambda found: len(found) >= 6)
    assert {decode_person(record.value).name for record in records if record.value} == {one["name"] for one in PEOPLE}
    assert [record.key for record in records if record.value is None] == [b"cleo"]


async def test_it_is_ready_only_when_migrated_assigned_and_publishing(
    tmp_path: Path, log: Log, database_url: str
) -> None:
    """Until then it says what is missing and what to do, and afterwards it takes what has waited."""
    await log.triggers(make_trigger())
    pipeline = PipelineProcess(tmp_path, log.bootstrap, log.prefix, database_url)
    pipeline.start()
    try:

        async def says_what_to_do() -> bool:
            ready, checks = await pipeline.readiness()
            assert not ready
            return "run `upswing migrate`" in checks.get("schema", "")

        await until(says_what_to_do, "the sentence that says what to do")
        await migrate("pipeline", database_url)
        await pipeline.wait_ready()
        _ready, checks = await pipeline.readiness()
        assert checks == dict.fromkeys(("database", "schema", "outbox", "triggers", "accounts"), "ok")
        await log.changes(1)
        assert await pipeline.stop() == 0
    finally:
        pipeline.kill()


async def test_the_metrics_tell_what_was_taken_and_what_is_open(log: Log, pipeline: PipelineProcess) -> None:
    """By record, by stage, by kind; and how often something came again."""
    held = make_trigger("b", record="held")
    await log.triggers(make_trigger(), make_trigger(), held, make_trigger("c", rule="nps_drop", kind="risk"))

    async def counted() -> bool:
        metrics = await pipeline.metrics()
        return (
            metrics.get('upswing_pipeline_triggers_records_total{record="fired"}') == 2
            and metrics.get('upswing_pipeline_triggers_records_total{record="held"}') == 1
            and metrics.get('upswing_pipeline_inbox_duplicates_total{record="fired"}') == 1
            and metrics.get('upswing_pipeline_csqls_open{stage="trigger_fired"}') == 1
            and metrics.get('upswing_pipeline_tasks_open{kind="risk"}') == 1
            and metrics.get("upswing_pipeline_triggers_held") == 1
            and metrics.get("upswing_pipeline_outbox_age_seconds") == 0
            and metrics.get('upswing_pipeline_lag_records{feed="triggers"}') == 0
        )

    await until(counted, "the counts")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "UPSWING_PIPELINE_DATABASE: Field required"),
        ({"DATABASE": "x", "PORT": "0"}, "UPSWING_PIPELINE_PORT: Input should be greater than or equal to 1"),
        ({"DATABASE": "postgresql+asyncpg://x", "PLAYBOOK": "none.yaml"}, "cannot read none.yaml"),
        ({"DATABASE": "postgresql+asyncpg://x", "HOLIDAYS": "XX"}, "country 'XX' is not known"),
    ],
)
def test_a_wrong_setting_is_one_clear_sentence(settings: dict[str, str], sentence: str) -> None:
    """And exit code 1, without a traceback."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("UPSWING_")}
    environment = clean | {f"UPSWING_PIPELINE_{name}": value for name, value in settings.items()}
    code = "from upswing.cli import main; main()"
    ended = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", code, "pipeline"], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_tokens_are_issued_listed_and_revoked_and_kept_only_as_hashes(
    database: str, pipeline: PipelineProcess
) -> None:
    """A token is shown once; revoked it is refused at the next request."""
    token = issue_token(database, "viewer")
    async with httpx.AsyncClient(base_url=pipeline.address, headers={"Authorization": f"Bearer {token}"}) as viewer:
        assert (await viewer.get("/v1/tasks")).status_code == 200
        (row,) = await fetch(database, "select * from pipeline.tokens")
        assert token.encode() not in msgspec.json.encode([str(value) for value in row.values()])
        assert row["token_id"] in run_tokens(database, "list")
        assert "is revoked" in run_tokens(database, "revoke", row["token_id"])
        assert (await viewer.get("/v1/tasks")).status_code == 401
        assert "revoked" in run_tokens(database, "list")


def issue_token(database: str, role: str) -> str:
    """Issue a token as an operator does."""
    return run_tokens(database, "issue", "--role", role, "--name", "tests").strip()


def run_tokens(database: str, *arguments: str) -> str:
    """Run `upswing tokens` and return what it prints."""
    code = "from upswing.cli import main; main()"
    command = [sys.executable, "-c", code, "tokens", *arguments, "--database", database]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own


def _letter(record: object) -> object:
    return decode_letter(record.value)  # type: ignore[attr-defined] # aiokafka has no types
