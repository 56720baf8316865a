"""`upswing init` as docs/first-hour.md shows it: the commands there are run, and say what is recorded there."""

import asyncio
import os
import re
import shlex
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
import pytest_asyncio
import yaml
from aiohttp import web

from deploy.local.ports import free_port
from services.ingest.key_file import read_keys
from shared.kernel.ids import TEST_ACCOUNTS
from tests.support.e2e.hour import PAGE, SECONDS, Hour
from tests.support.receivers import mail_sink, slack_receiver

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

LAST = "The whole first hour, your history included: docs/first-hour.md"
DIALECTS = ("native", "segment", "rudderstack", "posthog", "cloudevents", "openmeter")
CHANGING = (
    (r"upw_[0-9a-f]{64}", "upw_KEY"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "INSTANT"),
    (r"\d{4}-\d\d-\d\d", "DATE"),
    (r"\d+ ms", "MS"),
    (r"[\d.]+ s;", "S;"),
    (r"events/\d+/\d+", "events/PLACE"),
    (rf"({TEST_ACCOUNTS}[a-z-]+)-\d+", r"\1-N"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hour(scratch: Path, jars: list[Path]) -> AsyncIterator[Hour]:
    """The documented command, run up to its last line; its stack stays up for the tests of this module."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    async with slack_receiver() as slack:
        running = Hour(folder, jars[0].parent, slack)
        running.up = await running.run(*running.words(0))
        try:
            await running.up.until(LAST)
            yield running
        finally:
            if running.up.process.returncode is None:
                running.up.process.send_signal(signal.SIGINT)
            code, _said = await running.up.end()
    shutil.rmtree(folder, ignore_errors=True)
    assert code == 0


def _plain(line: str, folder: Path) -> str:
    line = line.replace(str(folder), ".upswing").rstrip()
    for pattern, word in CHANGING:
        line = re.sub(pattern, word, line)
    return line


async def test_the_recorded_session_is_what_the_documented_command_prints(hour: Hour) -> None:
    """Each recorded line, in its order, apart from ids, times and places."""
    (recorded,) = re.findall(r"```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    said = iter([_plain(line, hour.folder) for line in hour.up.lines])
    for line in recorded.splitlines():
        wanted = _plain(line, hour.folder)
        assert wanted in ("…", "") or wanted in said, (wanted, hour.up.lines)


async def test_the_alert_arrives_with_its_evidence_and_says_that_it_is_a_test(hour: Hour) -> None:
    """One post at the receiver that was named, with the owner who was named."""
    (post,) = hour.slack.posts
    said = msgspec.json.encode(post).decode()
    for part in ("TEST of upswing init (not a customer)", "8,700 of 10,000 api_calls", "<@U0MARA>", "Tier migration"):
        assert part in said


async def test_what_was_written_is_what_was_said(hour: Hour) -> None:
    """A playbook of what differs, secrets for the owner alone, a key kept as a hash, answers without secrets."""
    playbook = yaml.safe_load((hour.folder / "playbook.yaml").read_text())
    assert playbook["extends"] == "default"
    assert playbook["plans"]["Growth"] == {
        "price": 299,
        "seat_price": 19,
        "limits": {"api_calls": 100_000},
        "features": ["dashboards", "reports", "alerts", "integrations", "automation"],
        "next": "Scale",
    }
    assert playbook["gate"] == {"mid_market": {"core_features": 3}, "enterprise": {"core_features": 3}}
    settings = hour.folder / "upswing.env"
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert f"UPSWING_NOTIFY_SLACK_WEBHOOK_URL={hour.slack.hook}" in settings.read_text()
    assert [key.source for key in read_keys(hour.folder / "keys.json").keys] == ["web"]
    for name in ("init.json", "playbook.yaml"):
        assert hour.slack.hook not in (hour.folder / name).read_text()
    checked = await hour.run(
        "doctor", *(f"--{name}-port={port}" for name, port in hour.ports.items()), "--partitions=3"
    )
    assert (await checked.end())[0] == 0


@pytest.mark.skipif(shutil.which("curl") is None, reason="three of them call curl")
async def test_every_snippet_can_be_pasted_and_its_events_are_taken(hour: Hour) -> None:
    """Each as it was printed, with the real key: every client's events are accepted, and none is rejected."""
    printed = "\n".join(hour.up.lines).partition("── curl")[2].partition("upswing: starting Kafka")[0]
    snippets = [part.partition("\n")[2].rstrip("─\n") for part in f"── curl{printed}".split("\n── ")]
    assert len(snippets) == 7
    for text in snippets:
        program = ("sh", "-c") if text.startswith("curl") else (sys.executable, "-c")
        process = await asyncio.create_subprocess_exec(
            *program,
            text,
            env=os.environ | {"NO_PROXY": "*"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(SECONDS):
            said, wrong = await process.communicate()
        assert process.returncode == 0, (text, wrong.decode())
        assert b'"code"' not in said, (text, said)
    async with httpx.AsyncClient(trust_env=False) as client:
        metrics = (await client.get(f"http://127.0.0.1:{hour.ports['ingest']}/metrics")).text
    heard = re.findall(r'^upswing_ingest_events_in_total{.*dialect="(\w+)".*} (\S+)$', metrics, re.MULTILINE)
    assert {name for name, count in heard if float(count)} == set(DIALECTS)
    assert re.findall(r"^upswing_ingest_events_rejected_total.* [1-9]", metrics, re.MULTILINE) == []
    for event in ("e-1", "my-product e-2", "e-4"):
        code, told = await (await hour.run("trace", event)).end()
        assert code == 0, told
        assert "logged    feature.used of account acme" in told


async def test_the_test_account_is_on_no_scorecard_and_its_event_can_be_followed(hour: Hour) -> None:
    """Neither it nor its lead is open afterwards."""
    database = f"postgresql+asyncpg://postgres@/upswing?host={hour.folder / 'postgres'}"
    issued = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "upswing", "tokens", "issue", "--role", "viewer", "--name", "test"),
        env=os.environ | {"UPSWING_PIPELINE_DATABASE": database},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    token = (await issued.communicate())[0].decode().strip()
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{hour.ports['pipeline']}",
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    ) as api:
        rows = (await api.get("/v1/scorecard")).json()["rows"]
        assert [row["account_id"] for row in rows if row["account_id"].startswith(TEST_ACCOUNTS)] == []
        (lead,) = (await api.get("/v1/csqls")).json()["items"]
        assert (lead["stage"], lead["owner"]["id"]) == ("disqualified", "mara-ilves")
        assert lead["account_id"].startswith(TEST_ACCOUNTS)
        async with asyncio.timeout(SECONDS):
            while (await _facts(api, lead["account_id"])).get("status") != "churned":
                await asyncio.sleep(0.1)
    follow = next(line for line in hour.up.lines if line.startswith("Follow it again: upswing "))
    words = shlex.split(follow.partition("upswing ")[2])[:-2]
    code, said = await (await hour.run(*words)).end()
    assert code == 0
    assert "alert     sent at " in said


async def _facts(api: httpx.AsyncClient, account_id: str) -> dict[str, object]:
    account = (await api.get(f"/v1/accounts/{account_id}")).json()
    facts: dict[str, object] = account["facts"]
    return facts


async def test_a_second_init_changes_the_channel_of_the_running_stack_and_keeps_the_key(hour: Hour) -> None:
    """The documented e-mail variant: the services read the new settings, and the mail arrives."""
    keys, playbook = (hour.folder / "keys.json").read_bytes(), (hour.folder / "playbook.yaml").read_text()
    with mail_sink() as (mailbox, port):
        words = hour.words(1)
        at = words.index("--smtp-user")
        del words[at : at + 4]  # the sink asks nobody for a name
        words[words.index("--smtp") + 1] = f"127.0.0.1:{port}"
        code, said = await (await hour.run(*words, "--smtp-tls", "none")).end()
    assert code == 0, said
    assert "web has its write key already" in said
    assert "The alert went to e-mail" in said
    (mail,) = mailbox.mails
    assert "TEST of upswing init" in str(mail["Subject"])
    assert len(hour.slack.posts) == 1
    assert [key.source for key in read_keys(hour.folder / "keys.json").keys] == ["web"]
    assert (keys, playbook) == ((hour.folder / "keys.json").read_bytes(), (hour.folder / "playbook.yaml").read_text())


async def test_a_key_that_nobody_issued_stops_at_ingest(hour: Hour) -> None:
    """The first hop: what was expected, what was found, and what to do."""
    code, said = await (await hour.run("init", "--yes", "--key", "upw_wrong")).end()
    assert code == 1
    assert re.search(r"upswing: stopped at ingest: expected 200 and \d+ events accepted; found 401 ", said), said
    assert "`upswing keys issue` makes another" in said
    assert "cleaned up" not in said  # nothing was taken, so there is nothing to end


async def test_a_hop_that_fails_is_named_with_what_to_do(hour: Hour) -> None:
    """A webhook that Slack does not know: exit code 1 and the hop; the test account is ended all the same."""
    hour.slack.plan = [web.Response(status=404, text="no_service")] * 5
    code, said = await (await hour.run("init", "--yes", "--slack-webhook", hour.slack.hook, "--allow-local")).end()
    assert code == 1
    assert (
        "upswing: stopped at notify: expected the alert to be sent on slack; found dead on slack after 1 attempt:"
        in said
    )
    assert "404" in said.splitlines()[-1]
    assert "Run `upswing init` again to change it." in said
    assert "cleaned up lead disqualified" in said


@pytest.mark.long
async def test_a_mail_server_that_does_not_answer_is_no_alert(hour: Hour) -> None:
    """The same alert waits in the product, too; that is not what was asked for."""
    words = ["--smtp", f"127.0.0.1:{free_port()}", "--smtp-tls", "none", "--mail-from", "a@example.com"]
    code, said = await (await hour.run("init", "--yes", *words, "--mail-to", "b@example.com", "--allow-local")).end()
    assert code == 1, said
    assert "upswing: stopped at notify: expected the alert to be sent on email; found pending on email after" in said
    assert "(elsewhere: sent on in-app)" in said
    assert "The alert went to" not in said
