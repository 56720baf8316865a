"""A newcomer's own past: files, `upswing import run`, `upswing up`; nobody hears of last week, today's state alerts."""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from deploy.local.ports import free_port
from deploy.local.settings import DEFAULT_PLAYBOOK
from shared.io.playbooks import read_playbook
from shared.kernel.clock import DAY_MS, iso
from tests.support.e2e.customers import LIMIT_METRIC, SEATS, SOURCE, Customer, deciding, past
from tests.support.e2e.opening import PARTITIONS, open_stand
from tests.support.e2e.stand import Stand
from tests.support.importing import write_mapping
from upswing.history.calls import Call

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

CUSTOMERS = (Customer("full", "Full House", active=SEATS), Customer("calm", "Calm Waters"))
ITEM: dict[str, Any] = {name: name for name in ("type", "event", "messageId", "userId", "anonymousId", "groupId")}
ITEM |= {name: {"column": name, "as": "json"} for name in ("properties", "traits")}
OPTIONAL = ["event", "userId", "anonymousId", "groupId", "properties", "traits"]


def _item(call: Call) -> dict[str, Any]:
    item = {"type": call.method, "messageId": call.message_id, "timestamp": iso(call.at_ms), "account": call.account_id}
    if call.method == "group":
        return item | {"userId": f"{call.account_id}-owner", "groupId": call.account_id, "traits": call.properties}
    item |= {"event": call.name, "properties": call.properties}
    return item | ({"userId": call.user_id} if call.user_id else {"anonymousId": "somebody"})


def _write_files(folder: Path) -> int:
    """Write the customers' past, and one event of the last minutes, as lines of JSON."""
    folder.mkdir()
    playbook = read_playbook(DEFAULT_PLAYBOOK)
    now_ms = time.time_ns() // 1_000_000
    calls = [call for customer in CUSTOMERS for call in past(customer, playbook, now_ms // DAY_MS)]
    rows = [_item(call) for call in calls]
    (folder / "calls.ndjson").write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    item = ITEM | {"context.groupId": "account"}
    entry = {"file": "calls", "dialect": "segment", "time": "timestamp", "item": item, "optional": OPTIONAL}
    write_mapping(folder, [entry], source=SOURCE)
    return len(rows)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(scratch: Path, jars: list[Path]) -> AsyncIterator[tuple[Path, str, int]]:
    """A data folder into which a past was imported, what the command said, and how many events there were."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    events = _write_files(folder / "files")
    ports = {f"UPSWING_LOCAL_{name}_PORT": str(free_port()) for name in ("KAFKA", "CONTROLLER")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "upswing", "import", "run", "--data", str(folder / "data")),
        *("--partitions", str(PARTITIONS), str(folder / "files")),
        env={**os.environ, **ports, "UPSWING_LOCAL_JARS": str(jars[0].parent)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _none = await process.communicate()
    assert process.returncode == 0, said.decode()
    yield folder / "data", said.decode(), events
    shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stand(told: tuple[Path, str, int], jars: list[Path]) -> AsyncIterator[Stand]:
    """The stack, started on what was imported."""
    async with open_stand(told[0], jars[0].parent, "webhook", history=False) as running:
        yield running


async def test_the_import_says_what_it_did_and_what_comes_next(told: tuple[Path, str, int]) -> None:
    """The report first, then progress, then the command that goes live."""
    data, said, events = told
    for sentence in (
        f"{events:,} events of 2 accounts and",
        "Gate criteria",
        f"{events:,} of {events:,} events (100 %)",
        f"now start the stack: upswing up --data {data}",
    ):
        assert sentence in said


async def test_what_was_held_while_history_was_loaded_is_released_when_the_stack_goes_live(stand: Stand) -> None:
    """Once: every seat has been in use for days, and one alert says so, today."""
    (post,) = await stand.slack.wait_posts(1, seconds=180)
    await stand.quiet()
    assert "Full House" in msgspec.json.encode(post).decode()
    records = [(record.rule, record.record) for record in await stand.trigger_records() if record.account_id == "full"]
    assert ("seat_saturation", "held") in records
    assert ("seat_saturation", "released") in records
    assert not [record for _rule, record in records if record == "fired"]
    held = next(record for record in await stand.trigger_records() if record.record == "held")
    assert "backfill" in held.gate.held_because


async def test_live_events_go_on_where_the_files_end(stand: Stand) -> None:
    """The source's key knows the users' accounts from the files; what happens now fires at once."""
    await stand.deliver(deciding("calm") | {"userId": "calm-owner", "context": {}})
    await stand.quiet()
    found = [
        record
        for record in await stand.trigger_records()
        if (record.account_id, record.scope) == ("calm", LIMIT_METRIC)
    ]
    assert [record.record for record in found] == ["fired"]
