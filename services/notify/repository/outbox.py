"""The outbox: claiming a delivery under a lease, and settling it by the lease's token.

Source: design (durability 4), reliability (2: the lease pattern).
"""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Uuid, and_, bindparam, case, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.core.schedule import OWNER_AWAITED, Settlement
from services.notify.core.words import UNSETTLED, Action, State
from services.notify.tables import channels, deliveries

LEASE_ENDED = "the sender died or stalled while sending; it may have arrived"


CLAIM = (
    text("""
    WITH due AS (
        SELECT delivery.delivery_id, delivery.state AS former FROM notify.deliveries delivery
         WHERE delivery.channel = :channel AND delivery.state IN ('pending', 'unknown') AND delivery.not_before <= :now
           AND EXISTS (SELECT FROM notify.channels WHERE channel = :channel AND free_at <= :free_by)
           AND NOT EXISTS (
               SELECT FROM notify.deliveries earlier
                WHERE earlier.message_id = delivery.message_id AND earlier.channel = delivery.channel
                  AND earlier.delivery_id < delivery.delivery_id
                  AND earlier.state IN ('pending', 'sending', 'unknown')
           )
         ORDER BY delivery.delivery_id LIMIT 1 FOR UPDATE OF delivery SKIP LOCKED
    ), leased AS (
        UPDATE notify.deliveries delivery
           SET state = 'sending', attempts = attempts + 1, lease_token = :token, lease_until = :lease_until
          FROM due WHERE delivery.delivery_id = due.delivery_id
        RETURNING delivery.*, due.former
    )
    SELECT leased.*, placement.ref, coalesce(placement.version, 0) AS shown,
           coalesce(message.version, 0) AS current_version, message.closed_at IS NOT NULL AS closed
      FROM leased
      LEFT JOIN notify.messages message ON message.message_id = leased.message_id
      LEFT JOIN notify.placements placement
        ON placement.message_id = leased.message_id AND placement.channel = leased.channel
""")
    .bindparams(bindparam("token", type_=Uuid), bindparam("now", type_=BigInteger))
    .columns(sample=JSONB, ref=JSONB)
)


class Lease(msgspec.Struct, frozen=True):
    """The right to send one delivery. Units: `until` an instant in milliseconds."""

    token: UUID
    until: int


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery under our lease. Shape: `ref` is where its message is shown, `shown` the version shown there.

    Units: `decided_at`, `received_at` are instants in milliseconds; `attempt` is 1 at the first.
    """

    delivery_id: int
    token: UUID
    channel: str
    action: Action
    message_id: int | None
    version: int
    current_version: int
    closed: bool
    trigger_id: str
    account_id: str
    play: str
    sample: dict[str, Any] | None
    marks: tuple[str, ...]
    resent: bool
    may_repeat: bool
    attempt: int
    decided_at: int
    received_at: int | None
    ref: dict[str, str] | None
    shown: int
    lease_until: int


async def register_channels(connection: AsyncConnection, names: list[str]) -> None:
    """Make sure that each channel has its limiter."""
    rows = [{"channel": name, "free_at": 0} for name in sorted(names)]
    await connection.execute(insert(channels).values(rows).on_conflict_do_nothing())


async def reserve(connection: AsyncConnection, channel: str, now_ms: int, interval_ms: int) -> bool:
    """Take a channel's slot, if it is free; a rollback gives it back. Slots lie at least one interval apart."""
    statement = (
        update(channels)
        .where(channels.c.channel == channel, channels.c.free_at <= now_ms)
        .values(free_at=now_ms + interval_ms)
        .returning(channels.c.channel)
    )
    return (await connection.execute(statement)).first() is not None


async def hold_until(connection: AsyncConnection, channel: str, at: int) -> None:
    """Let a channel send nothing before an instant; a later one that is known already stays."""
    later = func.greatest(channels.c.free_at, at)
    await connection.execute(update(channels).where(channels.c.channel == channel).values(free_at=later))


async def expire_leases(connection: AsyncConnection, channel: str, now_ms: int) -> int:
    """Make what was being sent under an ended lease `unknown`, and return how many those were."""
    statement = (
        update(deliveries)
        .where(
            deliveries.c.channel == channel,
            deliveries.c.state == State.SENDING,
            deliveries.c.lease_until <= now_ms,
        )
        .values(state=State.UNKNOWN, reason=LEASE_ENDED, not_before=now_ms, lease_token=None, lease_until=None)
    )
    return (await connection.execute(statement)).rowcount


async def next_due(connection: AsyncConnection, channel: str, now_ms: int) -> int | None:
    """Return when a channel has something to do next: free again, a wait over, a lease ended. None: nothing waits."""
    at = case((deliveries.c.state == State.SENDING, deliveries.c.lease_until), else_=deliveries.c.not_before)
    mine = and_(deliveries.c.channel == channel, deliveries.c.state.in_([str(state) for state in UNSETTLED]))
    waiting = select(func.min(at)).where(mine, at > now_ms).scalar_subquery()
    free = select(channels.c.free_at).where(channels.c.channel == channel, channels.c.free_at > now_ms)
    some = select(deliveries.c.delivery_id).where(mine).exists()
    statement = select(func.coalesce(free.where(some).scalar_subquery(), waiting))
    found: int | None = (await connection.execute(statement)).scalar_one()
    return found


async def wake(connection: AsyncConnection, message_id: int, now_ms: int) -> set[str]:
    """Let what waits for the owner of a message's lead be sent now, and return its channels."""
    statement = (
        update(deliveries)
        .where(
            deliveries.c.message_id == message_id,
            deliveries.c.state == State.PENDING,
            deliveries.c.reason == OWNER_AWAITED,
        )
        .values(not_before=now_ms)
        .returning(deliveries.c.channel)
    )
    return {str(row.channel) for row in await connection.execute(statement)}


async def claim(connection: AsyncConnection, channel: str, lease: Lease, now_ms: int, free_by: int) -> Claim | None:
    """Lease the next delivery of a channel; None when none is due, or the channel is free later than `free_by` only.

    A delivery waits while an earlier one of the same message and channel is unsettled: no update overtakes its post.
    """
    values = {"channel": channel, "token": lease.token, "lease_until": lease.until, "now": now_ms, "free_by": free_by}
    row = (await connection.execute(CLAIM, values)).mappings().one_or_none()
    return None if row is None else _claim(dict(row), lease.token)


def _claim(row: dict[str, Any], token: UUID) -> Claim:
    return Claim(
        delivery_id=row["delivery_id"],
        token=token,
        channel=row["channel"],
        action=Action(row["action"]),
        message_id=row["message_id"],
        version=row["version"],
        current_version=row["current_version"],
        closed=row["closed"],
        trigger_id=row["trigger_id"],
        account_id=row["account_id"],
        play=row["play"],
        sample=row["sample"],
        marks=tuple(row["marks"]),
        resent=row["resend_of"] is not None,
        may_repeat=row["former"] == State.UNKNOWN,
        attempt=row["attempts"],
        decided_at=row["decided_at"],
        received_at=row["received_at"],
        ref=row["ref"],
        shown=row["shown"],
        lease_until=row["lease_until"],
    )


async def settle(
    connection: AsyncConnection, claimed: Claim, settlement: Settlement, target: str | None, now_ms: int
) -> bool:
    """Write what became of a delivery; return False when the lease was lost to somebody else."""
    values: dict[str, Any] = {
        "state": settlement.state,
        "reason": settlement.reason,
        "not_before": settlement.not_before,
        "marks": list(claimed.marks),
        "lease_token": None,
        "lease_until": None,
    }
    if target is not None:
        values["target"] = target
    if settlement.state is State.SENT:
        values["sent_at"] = now_ms
    statement = (
        update(deliveries)
        .where(deliveries.c.delivery_id == claimed.delivery_id, deliveries.c.lease_token == claimed.token)
        .values(values)
    )
    return (await connection.execute(statement)).rowcount == 1
