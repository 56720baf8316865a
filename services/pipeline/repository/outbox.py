"""What must reach Kafka: written with the change it tells of, published and deleted later.

Rows become visible when their transaction commits, not in the order of their ids; so all that are visible are sent,
never those "after the last one". One publisher at a time, so that an account's changes keep their order.
"""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.tables import OutboxRow

HAS_BOUND = "current_setting('transaction_timeout', true) is not null"  # servers before 17 have none
MAY_WAIT = f"""select set_config('idle_in_transaction_session_timeout', :wait_ms, true),
case when {HAS_BOUND} then set_config('transaction_timeout', '0', true) end"""
# Whoever waits for its turn holds nothing; from the moment that it is its turn, the whole transaction is bounded.
PUBLISHER_LOCK = f"""with held as materialized (select pg_advisory_xact_lock(hashtext('upswing pipeline outbox')))
select case when {HAS_BOUND} then set_config('transaction_timeout', :wait_ms, true) end from held"""  # noqa: S608 - as above


def add(session: AsyncSession, topic: str, key: str, value: bytes | None, at: int) -> None:
    """Write a record that must reach a topic; no value is a tombstone."""
    session.add(OutboxRow(topic=topic, key=key.encode(), value=value, created_at=at))


def add_everywhere(session: AsyncSession, topic: str, value: bytes, at: int) -> None:
    """Write a record that must reach every partition of a topic."""
    session.add(OutboxRow(topic=topic, key=None, value=value, created_at=at, everywhere=True))


async def claim(session: AsyncSession, most: int, wait_seconds: float) -> Sequence[OutboxRow]:
    """Return the oldest rows and hold them to the end of the transaction; other publishers wait.

    Units: the transaction may stand still for `wait_seconds`, until the broker has the rows.
    """
    wait = {"wait_ms": str(int(wait_seconds * 1000))}
    await session.execute(text(MAY_WAIT), wait)
    await session.execute(text(PUBLISHER_LOCK), wait)
    oldest = select(OutboxRow).order_by(OutboxRow.outbox_id).limit(most)
    return (await session.scalars(oldest.with_for_update(skip_locked=True))).all()


async def settle(session: AsyncSession, rows: Sequence[OutboxRow]) -> None:
    """Forget rows that have reached their topics."""
    await session.execute(delete(OutboxRow).where(OutboxRow.outbox_id.in_([row.outbox_id for row in rows])))


async def oldest(session: AsyncSession) -> int | None:
    """Return when the oldest waiting row was written."""
    return await session.scalar(select(func.min(OutboxRow.created_at)))
