"""Leads."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.tables import CsqlRow, TriggerRow


class CsqlFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which leads are asked for; None: any."""

    account_id: str | None = None
    stage: str | None = None
    owner_id: str | None = None
    play: str | None = None
    trigger_id: str | None = None
    open: bool | None = None


async def open_one(session: AsyncSession, account_id: str, play: str) -> CsqlRow | None:
    """Return the open lead of an account and play, held to the end of the transaction."""
    found = select(CsqlRow).where(CsqlRow.account_id == account_id, CsqlRow.play == play, CsqlRow.closed_at.is_(None))
    return await session.scalar(found.with_for_update())


async def open_ones(session: AsyncSession, wanted: Sequence[tuple[str, str]]) -> Sequence[CsqlRow]:
    """Return the open leads of pairs of account and play, held to the end of the transaction."""
    if not wanted:
        return ()
    found = select(CsqlRow).where(tuple_(CsqlRow.account_id, CsqlRow.play).in_(wanted), CsqlRow.closed_at.is_(None))
    return (await session.scalars(found.order_by(CsqlRow.account_id, CsqlRow.play).with_for_update())).all()


async def get(session: AsyncSession, csql_id: str, *, hold: bool = False) -> CsqlRow | None:
    """Return a lead; `hold` it to the end of the transaction in order to change it."""
    found = select(CsqlRow).where(CsqlRow.csql_id == csql_id)
    return await session.scalar(found.with_for_update() if hold else found)


async def page(
    session: AsyncSession, wanted: CsqlFilter, after: tuple[int, str] | None, most: int
) -> Sequence[CsqlRow]:
    """Return leads, newest first, that come after the given instant of creation and id."""
    found = _matching(wanted).order_by(CsqlRow.created_at.desc(), CsqlRow.csql_id.desc()).limit(most)
    if after:
        found = found.where(tuple_(CsqlRow.created_at, CsqlRow.csql_id) < after)
    return (await session.scalars(found)).all()


async def of_account(session: AsyncSession, account_id: str) -> Sequence[CsqlRow]:
    """Return all leads of an account, newest first."""
    return await page(session, CsqlFilter(account_id=account_id), None, 1_000)


async def missed(session: AsyncSession, now: int, most: int) -> Sequence[CsqlRow]:
    """Return open leads whose due instant has passed without an escalation, held; others may do theirs meanwhile."""
    found = select(CsqlRow).where(
        CsqlRow.closed_at.is_(None), CsqlRow.escalated_at.is_(None), CsqlRow.due_at.is_not(None), CsqlRow.due_at <= now
    )
    return (await session.scalars(found.order_by(CsqlRow.due_at).limit(most).with_for_update(skip_locked=True))).all()


async def count_by_stage(session: AsyncSession) -> dict[str, int]:
    """Return how many open leads there are in each stage."""
    counted = select(CsqlRow.stage, func.count()).where(CsqlRow.closed_at.is_(None)).group_by(CsqlRow.stage)
    return dict((await session.execute(counted)).all())


def _matching(wanted: CsqlFilter) -> Select[CsqlRow]:
    found = select(CsqlRow)
    for name in ("account_id", "stage", "owner_id", "play"):
        value = getattr(wanted, name)
        if value is not None:
            found = found.where(getattr(CsqlRow, name) == value)
    if wanted.trigger_id is not None:
        of_trigger = select(TriggerRow.item_id).where(TriggerRow.trigger_id == wanted.trigger_id)
        found = found.where(CsqlRow.csql_id.in_(of_trigger))
    if wanted.open is not None:
        found = found.where(CsqlRow.closed_at.is_(None) if wanted.open else CsqlRow.closed_at.is_not(None))
    return found
