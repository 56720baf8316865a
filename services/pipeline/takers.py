"""What is done with the records of a feed, in one transaction for all that were fetched together."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import msgspec
from aiokafka.structs import ConsumerRecord
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline import closing, erasing, intake
from services.pipeline.context import Context
from services.pipeline.letters import bury
from services.pipeline.metrics import ACCOUNT_RECORDS, DUPLICATES, TRIGGER_SECONDS, TRIGGERS
from services.pipeline.repository import accounts, removals
from shared.kernel.codec import decode_record, encode_line
from shared.kernel.controls import Control
from shared.kernel.errors import Problem, Reason
from shared.kernel.snapshots import Snapshot, decode_snapshot
from shared.kernel.topics import FACTS
from shared.kernel.triggers import Trigger, decode_trigger

T = TypeVar("T")
CROSS_SELL = "cross_sell_fit"
Settled = Callable[[int], None]
Taker = Callable[[AsyncSession, Context, Sequence[ConsumerRecord], int], Awaitable[Settled]]


async def take_triggers(
    session: AsyncSession, context: Context, records: Sequence[ConsumerRecord], now: int
) -> Settled:
    """Take records of `expansion.triggers`; what it returns is to be called after the commit."""
    batch: list[Trigger] = []
    for source in records:
        trigger = _read(decode_trigger, source)
        if isinstance(trigger, Problem):
            await bury(session, context, source, trigger, now)
        elif trigger.kind != "ops":  # about the installation: notify tells ops, nobody has a lead or a task
            batch.append(trigger)
    batch = await erasing.veil_triggers(session, batch)
    fresh = await intake.take_triggers(session, context, batch, now)

    def settled(committed_at: int) -> None:
        for trigger in fresh:
            TRIGGERS.labels(trigger.record).inc()
            TRIGGER_SECONDS.observe(max(0, committed_at - trigger.emitted_at) / 1000)
        for record, number in (Counter(one.record for one in batch) - Counter(one.record for one in fresh)).items():
            DUPLICATES.labels(record).inc(number)

    return settled


async def take_accounts(
    session: AsyncSession, context: Context, records: Sequence[ConsumerRecord], now: int
) -> Settled:
    """Take records of `account.facts` and `account.snapshots`: of these the newest of each account."""
    facts = context.topic(FACTS)
    events: list[dict[str, Any]] = []
    snapshots: dict[str, dict[str, Any]] = {}
    removed: dict[str, int] = {}
    for source in records:
        if source.value is None:
            if source.topic != facts:
                account_id = (source.key or b"").decode(errors="replace")
                snapshots.pop(account_id, None)
                removed[account_id] = source.timestamp
            continue
        if source.topic == facts:
            events += await _read_facts(session, context, source, now)
            continue
        snapshot = _read(decode_snapshot, source)
        if isinstance(snapshot, Problem):
            await bury(session, context, source, snapshot, now)
        else:
            snapshots[snapshot.account_id] = _snapshot_row(context, snapshot, source.value)
    erased = await erasing.keep_events(session, events)
    for account_id, at in removed.items():
        await removals.remove_account(session, account_id, at)
        await closing.close_work(session, context, account_id, at, now)
    await accounts.keep_snapshots(session, list(snapshots.values()))
    await erasing.forget(session, erased)

    def settled(_committed_at: int) -> None:
        for source in records:
            ACCOUNT_RECORDS.labels("facts" if source.topic == facts else "snapshots").inc()

    return settled


def _read(decode: Callable[[bytes], T], source: ConsumerRecord) -> T | Problem:
    try:
        return decode(source.value or b"")
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        return Problem(Reason.WRONG_TYPE, path.rstrip("`"), message)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Problem(Reason.UNREADABLE, "", f"not readable as JSON: {error}")


async def _read_facts(
    session: AsyncSession, context: Context, source: ConsumerRecord, now: int
) -> list[dict[str, Any]]:
    lines, bad = decode_record(source.value)
    for _number, _raw, problem in bad:
        await bury(session, context, source, problem, now)
    return [
        {
            "account_id": line.account_id,
            "source": line.source,
            "event_id": line.id,
            "received_at": line.received_at if line.received_at is not None else line.occurred_at,
            "type": line.__struct_config__.tag,
            "user_id": line.user_id,
            "occurred_at": line.occurred_at,
            "body": encode_line(line),
        }
        for _number, line in lines
        if not isinstance(line, Control)
    ]


def _snapshot_row(context: Context, snapshot: Snapshot, body: bytes) -> dict[str, Any]:
    name, score = snapshot.facts.get("name"), snapshot.health.score
    churned = snapshot.facts.get("status") == "churned"
    healthy = score is not None and score >= context.playbook.health.green and not churned
    return {
        "account_id": snapshot.account_id,
        "name": name if isinstance(name, str) else None,
        "segment": snapshot.segment,
        "readiness": snapshot.gate.readiness,
        "epoch": snapshot.log.epoch,
        "log_offset": snapshot.log.offset,
        "at": snapshot.at,
        "body": body,
        "usage_per_seat": None if churned else snapshot.usage_per_seat,
        "cross_sell": CROSS_SELL in snapshot.active_triggers if healthy else None,
    }
