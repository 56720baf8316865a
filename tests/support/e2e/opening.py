"""Starts the whole product on this machine: receivers, a write key, an API token, a log that begins as history."""

import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

from deploy.local.ports import free_port
from deploy.local.settings import PORTS, LocalSettings
from deploy.local.stack import LocalStack
from services.pipeline import security
from shared.io.database import make_engine, make_sessions
from tests.support.e2e.customers import SOURCE
from tests.support.e2e.stand import Stand
from tests.support.notify import TOKEN
from tests.support.receivers import Slack, mail_sink, slack_receiver
from upswing.commands.keys import issue_key
from upswing.history.controls import LogControls

__all__ = ["PARTITIONS", "SlackKind", "open_stand"]

SlackKind = Literal["webhook", "api"]
PARTITIONS = 3
PEOPLE = ({"person_id": "cleo", "name": "Cleo Marsh", "roles": ["csm"], "email": "cleo@example.com"},)


@contextlib.asynccontextmanager
async def open_stand(folder: Path, jars: Path, slack_kind: SlackKind, *, history: bool = True) -> AsyncIterator[Stand]:
    """Start everything, and stop it in the end. Shape: `history` begins the log with one that a test will play."""
    ports: dict[str, Any] = {f"{name}_port": free_port() for name in PORTS}
    settings = LocalSettings(data=folder, jars=jars, partitions=PARTITIONS, **ports)
    _id, write_key = issue_key(folder / "keys.json", SOURCE)
    (folder / "upswing.env").write_text(f"UPSWING_NOTIFY_API_TOKEN={TOKEN}\n")
    async with contextlib.AsyncExitStack() as opened:
        slack = await opened.enter_async_context(slack_receiver())
        mailbox, smtp_port = opened.enter_context(mail_sink())
        environment = _environment(slack, smtp_port, slack_kind)
        stack = await opened.enter_async_context(
            LocalStack(settings, environment=environment, before_services=[_begin_history] if history else [])
        )
        stand = Stand(stack, slack, mailbox, write_key, await _issue_token(stack.database_url))
        for client in (stand.api, stand.notify, stand.ingest):
            opened.push_async_callback(client.aclose)
        answer = await stand.api.put("/v1/people", json={"people": PEOPLE})
        assert answer.status_code == 200, answer.text
        yield stand


async def _begin_history(stack: LocalStack) -> None:
    async with LogControls(stack.bootstrap) as controls:
        await controls.begin(time.time_ns() // 1_000_000)


async def _issue_token(database_url: str) -> str:
    engine = make_engine(database_url)
    try:
        async with make_sessions(engine).begin() as session:
            _id, token = security.issue(session, "tests", "admin", time.time_ns() // 1_000_000)
            return token
    finally:
        await engine.dispose()


def _environment(slack: Slack, smtp_port: int, kind: SlackKind) -> dict[str, str]:
    own = {
        "allow_local_urls": "true",
        "slack_interval_ms": "0",
        "smtp_host": "127.0.0.1",
        "smtp_port": str(smtp_port),
        "smtp_tls": "none",
        "email_from": "upswing@example.com",
        "email_to": '["success@example.com"]',
    }
    if kind == "webhook":
        own |= {"slack_webhook_url": slack.hook}
    else:  # a post whose answer was lost is found by its metadata, so a short lease is safe
        own |= {"slack_token": "xoxb-test", "slack_channel": "C0TEST", "slack_api_url": slack.api}
        own |= {"send_seconds": "3", "lease_seconds": "5"}
    return {f"UPSWING_NOTIFY_{name.upper()}": value for name, value in own.items()}
