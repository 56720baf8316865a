"""Who has been erased, and what of them is in the tables: rewritten in the caller's transaction.

Of an erasure the row of its event stays, without the id: what stands for it tells that what comes late, or from another
topic, is to be written without the name as well. Source: definition 67.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import delete, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.tables import (
    AccountEventRow,
    AccountRow,
    CsqlRow,
    HistoryRow,
    ReplyRow,
    TriggerRow,
)
from shared.kernel import unnamed

TYPE = "user.erased"
Erasures = dict[tuple[str, str], int]  # account and what stands for the person, with the latest instant


async def hold(session: AsyncSession, account_ids: Iterable[str], *, alone: bool) -> None:
    """Keep erasures of accounts apart from what may name somebody, to the end of the transaction."""
    lock = func.pg_advisory_xact_lock if alone else func.pg_advisory_xact_lock_shared
    for account_id in sorted(set(account_ids)):
        await session.execute(select(lock(func.hashtextextended(f"pipeline erasure {account_id}", 0))))


async def known(session: AsyncSession, persons: Iterable[tuple[str, str]]) -> Erasures:
    """Return which of these persons of accounts have been erased, and when."""
    tokens = {(account_id, unnamed.token(account_id, user_id)) for account_id, user_id in persons}
    if not tokens:
        return {}
    found = select(AccountEventRow.account_id, AccountEventRow.user_id, func.max(AccountEventRow.occurred_at)).where(
        AccountEventRow.type == TYPE,
        AccountEventRow.account_id.in_({account_id for account_id, _token in tokens}),
        AccountEventRow.user_id.in_({name for _account, name in tokens}),
    )
    rows = await session.execute(found.group_by(AccountEventRow.account_id, AccountEventRow.user_id))
    return {(account_id, name or ""): at for account_id, name, at in rows}


def veil(row: dict[str, Any], user_id: str) -> dict[str, Any]:
    """Return a row of an event without the person's id."""
    body: dict[str, Any] = msgspec.json.decode(row["body"])
    unnamed.unname_event(body, user_id)
    return row | {"user_id": unnamed.token(row["account_id"], user_id), "body": msgspec.json.encode(body)}


async def forget(session: AsyncSession, account_id: str, user_id: str, at: int) -> None:
    """Take a person who was erased at an instant out of everything that is kept of an account."""
    await _forget_events(session, account_id, user_id, at)
    for trigger in await session.scalars(select(TriggerRow).where(TriggerRow.account_id == account_id)):
        trigger.body = _without(trigger.body, user_id, unnamed.unname_trigger)
    account = await session.get(AccountRow, account_id)
    if account is not None:
        account.body = _without(account.body, user_id, unnamed.unname_snapshot)
    say = unnamed.sayer(user_id)
    for change in await session.scalars(select(HistoryRow).where(HistoryRow.account_id == account_id)):
        change.reason = None if change.reason is None else say(change.reason)
        change.fields = unnamed.unname(change.fields, say)
    for lead in await session.scalars(select(CsqlRow).where(CsqlRow.account_id == account_id)):
        lead.fields = unnamed.unname(lead.fields, say)
    await session.execute(delete(ReplyRow).where(_holds(ReplyRow.body, user_id.encode())))


async def _forget_events(session: AsyncSession, account_id: str, user_id: str, at: int) -> None:
    found = select(AccountEventRow).where(AccountEventRow.account_id == account_id, AccountEventRow.occurred_at <= at)
    for event in await session.scalars(found):
        event.body = _without(event.body, user_id, unnamed.unname_event)
        if event.user_id == user_id:
            event.user_id = unnamed.token(account_id, user_id)


def _without(body: bytes, user_id: str, take_out: Any) -> bytes:
    value: dict[str, Any] = msgspec.json.decode(body)
    before = msgspec.json.encode(value)
    take_out(value, user_id)
    after = msgspec.json.encode(value)
    return body if after == before else after


async def accounts_of(session: AsyncSession, user_id: str) -> Sequence[str]:
    """Return the accounts in which a person is known by name: by an event, or by a trigger that names them."""
    quoted = msgspec.json.encode(user_id)
    by_event = select(AccountEventRow.account_id).where(AccountEventRow.user_id == user_id)
    by_trigger = select(TriggerRow.account_id).where(_holds(TriggerRow.body, quoted))
    both = union(by_event, by_trigger).subquery()
    return (await session.scalars(select(both.c.account_id).order_by(both.c.account_id))).all()


async def known_accounts(session: AsyncSession, account_ids: Sequence[str]) -> Sequence[str]:
    """Return those of these accounts of which there is a snapshot, an event or a trigger."""
    columns = (AccountRow.account_id, AccountEventRow.account_id, TriggerRow.account_id)
    known = union(*(select(column).where(column.in_(account_ids)) for column in columns)).subquery()
    return (await session.scalars(select(known.c.account_id))).all()


async def sources_of(session: AsyncSession, account_ids: Sequence[str]) -> Sequence[str]:
    """Return the sources from which events of accounts came."""
    found = select(AccountEventRow.source).where(AccountEventRow.account_id.in_(account_ids)).distinct()
    return (await session.scalars(found.order_by(AccountEventRow.source))).all()


def _holds(column: Any, wanted: bytes) -> Any:
    """Tell whether bytes hold others."""
    return func.strpos(func.encode(column, "hex"), wanted.hex()) > 0
