"""The outbox: claiming a delivery under a lease, and settling it by the lease's token.

Source: design (durability 4), reliability (2: the lease pattern).
"""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import and_, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.core.schedule import Settlement
from services.notify.core.words import UNSETTLED, Action, State
from services.notify.tables import channels, deliveries, messages, placements

CLAIMABLE = (State.PENDING, State.UNKNOWN)
LEASE_ENDED = "the sender died or stalled while sending; it may have arrived"


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


async def register_channels(connection: AsyncConnection, names: list[str]) -> None:
    """Make sure that each channel has its limiter."""
    rows = [{"channel": name, "free_at": 0} for name in sorted(names)]
    await connection.execute(insert(channels).values(rows).on_conflict_do_nothing())


async def free_at(connection: AsyncConnection, channel: str) -> int:
    """Return when a channel may send next, and keep other senders of the channel waiting till the commit."""
    statement = select(channels.c.free_at).where(channels.c.channel == channel).with_for_update()
    return int((await connection.execute(statement)).scalar_one())


async def set_free_at(connection: AsyncConnection, channel: str, at: int) -> None:
    """Say when a channel may send next."""
    await connection.execute(update(channels).where(channels.c.channel == channel).values(free_at=at))


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
    """Return when a channel has something to do later than now: a wait or a lease that ends. None: nothing waits."""
    at = case((deliveries.c.state == State.SENDING, deliveries.c.lease_until), else_=deliveries.c.not_before)
    statement = select(func.min(at)).where(
        deliveries.c.channel == channel, deliveries.c.state.in_([str(state) for state in UNSETTLED]), at > now_ms
    )
    found: int | None = (await connection.execute(statement)).scalar_one()
    return found


async def claim(connection: AsyncConnection, channel: str, token: UUID, now_ms: int, lease_ms: int) -> Claim | None:
    """Lease the next delivery of a channel; None when none is due.

    A delivery waits while an earlier one of the same message and channel is unsettled: no update overtakes its post.
    """
    earlier = deliveries.alias("earlier")
    blocked = (
        select(earlier.c.delivery_id)
        .where(
            earlier.c.message_id == deliveries.c.message_id,
            earlier.c.channel == deliveries.c.channel,
            earlier.c.delivery_id < deliveries.c.delivery_id,
            earlier.c.state.in_([str(state) for state in UNSETTLED]),
        )
        .exists()
    )
    due = (
        select(deliveries.c.delivery_id, deliveries.c.state.label("former"))
        .where(
            deliveries.c.channel == channel,
            deliveries.c.state.in_([str(state) for state in CLAIMABLE]),
            deliveries.c.not_before <= now_ms,
            ~blocked,
        )
        .order_by(deliveries.c.delivery_id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    leased = (
        update(deliveries)
        .where(deliveries.c.delivery_id == due.c.delivery_id)
        .values(
            state=State.SENDING,
            attempts=deliveries.c.attempts + 1,
            lease_token=token,
            lease_until=now_ms + lease_ms,
        )
        .returning(*deliveries.c, due.c.former)
        .cte("leased")
    )
    whole = select(
        leased,
        placements.c.ref.label("ref"),
        placements.c.version.label("shown"),
        messages.c.version.label("current_version"),
        messages.c.closed_at.label("closed_at"),
    ).select_from(
        leased.outerjoin(messages, messages.c.message_id == leased.c.message_id).outerjoin(
            placements,
            and_(placements.c.message_id == leased.c.message_id, placements.c.channel == leased.c.channel),
        )
    )
    row = (await connection.execute(whole)).mappings().one_or_none()
    return None if row is None else _claim(dict(row), token)


def _claim(row: dict[str, Any], token: UUID) -> Claim:
    return Claim(
        delivery_id=row["delivery_id"],
        token=token,
        channel=row["channel"],
        action=Action(row["action"]),
        message_id=row["message_id"],
        version=row["version"],
        current_version=row["current_version"] or 0,
        closed=row["closed_at"] is not None,
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
        shown=row["shown"] or 0,
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
