"""Accounts: what signals explained last, and what the pipeline made of it."""

from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.api.accounts.schemas import AccountDetails, AccountView, TimelineEntry
from services.pipeline.api.call import Call, read_cursor, write_cursor
from services.pipeline.api.csqls.schemas import view_csql
from services.pipeline.api.shapes import Page, view_change, view_evidence
from services.pipeline.api.tasks.schemas import view_task
from services.pipeline.core.scorecard import read_gist
from services.pipeline.errors import NotFoundError
from services.pipeline.repository import accounts, csqls, history, tasks, triggers
from services.pipeline.repository.tasks import TaskFilter
from services.pipeline.tables import AccountEventRow, AccountRow, HistoryRow, TriggerRow
from shared.kernel.clock import iso

NEWEST = 200


async def list_accounts(
    session: AsyncSession, segment: str | None, cursor: str | None, limit: int
) -> Page[AccountView]:
    """Return a page of accounts, by id."""
    after = read_cursor(cursor, tuple[str])
    rows = await accounts.page(session, segment, after[0] if after else None, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items=[_view(row) for row in rows[:limit]], next_cursor=write_cursor(last.account_id) if last else None)


async def read_account(session: AsyncSession, call: Call, account_id: str) -> AccountDetails:
    """Return everything about an account. Errors: `NotFoundError`."""
    row = await accounts.get(session, account_id)
    if row is None:
        raise NotFoundError("account", account_id)
    snapshot: dict[str, Any] = msgspec.json.decode(row.body)
    evidence = await triggers.of_account(session, account_id, NEWEST)
    todo = await tasks.page(session, TaskFilter(account_id=account_id), None, NEWEST)
    return AccountDetails(
        account_id=account_id,
        name=row.name,
        as_of=iso(row.at),
        held=[view_evidence(one) for one in evidence if one.state == "held"],
        csqls=[view_csql(one, call.context.playbook.csql) for one in await csqls.of_account(session, account_id)],
        tasks=[view_task(one) for one in todo],
        timeline=_timeline(
            await accounts.events(session, account_id, NEWEST),
            evidence,
            await history.of_account(session, account_id, NEWEST),
        ),
        notices=snapshot.get("notices", []),  # none in what signals wrote before it knew them
        **{name: snapshot[name] for name in _FROM_SNAPSHOT},
    )


_FROM_SNAPSHOT = (
    "segment",
    "lifecycle",
    "today",
    "activation_status",
    "recommended_motion",
    "estimated_expansion_acv",
    "facts",
    "health",
    "gate",
    "rules",
    "active_triggers",
    "playbook_version",
)


def _view(row: AccountRow) -> AccountView:
    gist = read_gist(row.body)
    return AccountView(
        account_id=row.account_id,
        name=row.name,
        segment=gist.segment,
        lifecycle=gist.lifecycle,
        health_score=gist.health.score,
        activation_status=gist.activation_status,
        expansion_readiness=gist.gate.readiness,
        open=gist.gate.open,
        active_triggers=sorted(gist.active_triggers),
    )


def _timeline(
    happened: list[AccountEventRow] | Any, evidence: list[TriggerRow] | Any, changes: list[HistoryRow] | Any
) -> list[TimelineEntry]:
    found: list[tuple[int, TimelineEntry]] = []
    for event in happened:
        details = {"properties": msgspec.json.decode(event.body).get("properties", {}), "source": event.source}
        found.append((event.occurred_at, _entry(event.occurred_at, "event", event.type, details)))
    for trigger in evidence:
        for state, column in triggers.INSTANTS.items():
            at = getattr(trigger, column)
            if at is not None:
                details = {"record": state, "trigger_id": trigger.trigger_id, "play": trigger.play}
                found.append((at, _entry(at, "trigger", trigger.rule, details)))
    for change in changes:
        details = {"item": change.item, "item_id": change.item_id, **view_change(change).model_dump()}
        found.append((change.at, _entry(change.at, "change", change.change, details)))
    return [entry for _at, entry in sorted(found, key=lambda pair: pair[0], reverse=True)[:NEWEST]]


def _entry(at: int, kind: Any, what: str, details: dict[str, Any]) -> TimelineEntry:
    return TimelineEntry(at=iso(at), kind=kind, what=what, details=details)
