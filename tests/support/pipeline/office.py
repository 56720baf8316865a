"""A pipeline without Kafka: its API and its work on a real database, under a clock that the test sets."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from aiokafka.structs import ConsumerRecord
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.pipeline import escalation, takers
from services.pipeline.api.call import Desk
from services.pipeline.app import make_app
from services.pipeline.context import Context
from services.pipeline.security import ROLES, Role, issue
from services.pipeline.tables import OutboxRow
from services.pipeline.unit import Unit
from services.pipeline.workdays import Workdays
from shared.io.database import make_engine, make_sessions
from shared.io.readiness import Readiness
from shared.kernel.csql_changes import CsqlChange, decode_change
from shared.kernel.snapshots import Snapshot, encode_snapshot
from shared.kernel.topics import CSQL_CHANGES, FACTS, SNAPSHOTS, TRIGGERS, Topic
from shared.kernel.triggers import Trigger, encode_trigger
from tests.support.pipeline.samples import NOON
from tests.support.playbooks import shipped


class Office:
    """What a test does with it. `now` is the clock; `as_` gives a client with a token of that role."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.now = NOON
        self.unit = Unit(make_sessions(engine))
        self.context = Context(shipped(), Workdays())
        self.app = make_app(Desk(self.unit, self.context, lambda: self.now), Readiness())
        self.tokens: dict[str, str] = {}
        self._clients: list[httpx.AsyncClient] = []
        self._offset = 0

    def as_(self, role: Role | None) -> httpx.AsyncClient:
        """Return a client; None: without a token."""
        headers = {} if role is None else {"Authorization": f"Bearer {self.tokens[role]}"}
        client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://pipeline", headers=headers)
        self._clients.append(client)
        return client

    async def take(self, *triggers: Trigger) -> None:
        """Take triggers as the feed does, all in one batch."""
        await self.take_records([self.record(TRIGGERS, one.account_id, encode_trigger(one)) for one in triggers])

    async def take_records(self, records: Sequence[ConsumerRecord]) -> None:
        """Take records of triggers as the feed does."""
        await self.unit.run("triggers", lambda session: takers.take_triggers(session, self.context, records, self.now))

    async def show(self, *snapshots: Snapshot) -> None:
        """Take snapshots as the feed does."""
        await self.feed([self.record(SNAPSHOTS, one.account_id, encode_snapshot(one)) for one in snapshots])

    async def happen(self, account_id: str, *lines: bytes) -> None:
        """Take account events as the feed does, one record of several lines."""
        await self.feed([self.record(FACTS, account_id, b"\n".join(lines))])

    async def feed(self, records: Sequence[ConsumerRecord]) -> None:
        """Take records of facts and snapshots."""
        await self.unit.run("accounts", lambda session: takers.take_accounts(session, self.context, records, self.now))

    async def escalate(self) -> int:
        """Escalate what has been missed by now."""
        return await self.unit.run("escalate", lambda session: escalation.escalate(session, self.context, self.now))

    async def outbox(self) -> list[OutboxRow]:
        """Return what waits to be published."""
        return await self.unit.run("read", _outbox)

    async def changes(self) -> list[CsqlChange]:
        """Return the changes that wait to be published, in order."""
        return [decode_change(row.value or b"") for row in await self.outbox() if row.topic == CSQL_CHANGES.name]

    async def put_people(self, people: list[dict[str, Any]]) -> None:
        """Put people as an administrator does."""
        answer = await self.as_("admin").put("/v1/people", json={"people": people})
        assert answer.status_code == 200, answer.text

    async def close(self) -> None:
        """Close the clients."""
        for client in self._clients:
            await client.aclose()

    def record(self, topic: Topic, key: str, value: bytes | None) -> ConsumerRecord:
        """Return a record as aiokafka gives it."""
        self._offset += 1
        size = len(value or b"")
        return ConsumerRecord(topic.name, 0, self._offset, self.now, 0, key.encode(), value, None, len(key), size, ())


@asynccontextmanager
async def open_office(database_url: str) -> AsyncIterator[Office]:
    """Give an office on a migrated database, with a token for each role."""
    engine = make_engine(database_url)
    office = Office(engine)
    for role in ROLES:
        office.tokens[role] = await _issue(office, role)
    try:
        yield office
    finally:
        await office.close()
        await engine.dispose()


async def _issue(office: Office, role: Role) -> str:
    async def work(session: Any) -> tuple[str, str]:
        return issue(session, role.title(), role, office.now)

    _token_id, token = await office.unit.run("tokens", work)
    return token


async def _outbox(session: Any) -> list[OutboxRow]:
    return list(await session.scalars(select(OutboxRow).order_by(OutboxRow.outbox_id)))
