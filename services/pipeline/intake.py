"""From a trigger to a lead or a task: what a record of `expansion.triggers` changes, in the caller's transaction.

Source: playbook sections 5, 8 and 9, definitions 62 and 79.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.changes import Change, name_item, record
from services.pipeline.context import Context
from services.pipeline.core import routing, sla
from services.pipeline.core.stages import Stage
from services.pipeline.repository import csqls, inbox, people, tasks, triggers
from services.pipeline.tables import CsqlRow, TaskRow
from shared.kernel.errors import InvariantError
from shared.kernel.people import Person
from shared.kernel.playbook.bounds import Deal
from shared.kernel.triggers import Trigger

LEADING = ("fired", "released")  # held ones make no lead, resolved ones end what they have made evidence of
OPEN_TASK = "open"
MOST_TRIES = 5


async def take_trigger(session: AsyncSession, context: Context, trigger: Trigger, now: int) -> bool:
    """Take a record of a trigger: once, however often it comes. Return whether it was new."""
    if not await inbox.take(session, trigger.trigger_id, trigger.record, now):
        return False
    await triggers.keep(session, trigger)
    if trigger.record in LEADING:
        if trigger.kind == "expansion":
            lead = await _join_or_create_csql(session, context, trigger, now)
            await triggers.attach(session, trigger.trigger_id, "csql", lead.csql_id)
        else:
            task = await _join_or_create_task(session, context, trigger, now)
            await triggers.attach(session, trigger.trigger_id, "task", task.task_id)
    return True


def deal_of(context: Context, play: str) -> Deal:
    """Return the kind of deal that a play is about."""
    known = context.playbook.plays.get(play)
    return known.deal if known else "other"


async def find_owner(session: AsyncSession, role: str, segment: str, named: dict[str, str], now: int) -> Person | None:
    """Return who takes the next item of a role, and remember that it was their turn."""
    colleagues = await people.colleagues(session)
    person_id = routing.choose_person(role, segment, named, colleagues)
    if person_id is None:
        return None
    await people.mark_assigned(session, person_id, now)
    return next(one.person for one in colleagues if one.person.person_id == person_id)


async def _join_or_create_csql(session: AsyncSession, context: Context, trigger: Trigger, now: int) -> CsqlRow:
    play = trigger.recommendation.play
    for _ in range(MOST_TRIES):
        row = await csqls.open_one(session, trigger.account_id, play)
        if row is not None:
            _join(row, trigger)
            record(session, context, row, Change(kind="joined", at=now, reason=_say(trigger)))
            return row
        row = await _create_csql(session, context, trigger, now)
        if row is not None:
            record(session, context, row, Change(kind="created", at=now, reason=_say(trigger)))
            return row
    raise InvariantError(f"the lead of account {trigger.account_id} and play {play} can be neither found nor made")


def _join(row: CsqlRow, trigger: Trigger) -> None:
    row.trigger_ids = [*row.trigger_ids, trigger.trigger_id]
    estimate = trigger.estimated_acv
    if estimate is None:
        return
    if row.acv_amount is None or (row.acv_currency == estimate.currency and row.acv_amount < estimate.amount):
        row.acv_amount, row.acv_currency, row.acv_basis = estimate.amount, estimate.currency, estimate.basis


async def _create_csql(session: AsyncSession, context: Context, trigger: Trigger, now: int) -> CsqlRow | None:
    play, segment, estimate = trigger.recommendation.play, trigger.segment, trigger.estimated_acv
    book = context.playbook
    owner = routing.choose_role(deal_of(context, play), segment, estimate, book.ownership, book.currency)
    person = await find_owner(session, owner.role, segment, trigger.people, now)
    calendar = context.workdays.of(person)
    return await csqls.create(
        session,
        {
            "csql_id": name_item("csql", trigger.trigger_id),
            "account_id": trigger.account_id,
            "play": play,
            "origin": "trigger",
            "segment": segment,
            "stage": Stage.TRIGGER_FIRED,
            "stage_since": trigger.occurred_at,
            "owner_role": owner.role,
            "owner_reason": owner.reason,
            "owner_id": person.person_id if person else None,
            "acv_amount": estimate.amount if estimate else None,
            "acv_currency": estimate.currency if estimate else None,
            "acv_basis": estimate.basis if estimate else None,
            "fields": {},
            "trigger_ids": [trigger.trigger_id],
            "due_at": sla.due_at(Stage.TRIGGER_FIRED, trigger.occurred_at, book.csql, calendar),
            "clock_at": trigger.occurred_at,
            "created_at": now,
            "updated_at": now,
            "version": 1,
        },
    )


async def _join_or_create_task(session: AsyncSession, context: Context, trigger: Trigger, now: int) -> TaskRow:
    play = trigger.recommendation.play
    clock = sla.task_clock(trigger, context.playbook.rules.contraction_risk)
    for _ in range(MOST_TRIES):
        row = await tasks.open_one(session, trigger.account_id, play)
        if row is not None:
            row.trigger_ids = [*row.trigger_ids, trigger.trigger_id]
            row.escalate_at, row.due_at = min(row.escalate_at, clock.escalate_at), min(row.due_at, clock.due_at)
            record(session, context, row, Change(kind="joined", at=now, reason=_say(trigger)))
            return row
        row = await _create_task(session, context, trigger, clock, now)
        if row is not None:
            record(session, context, row, Change(kind="created", at=now, reason=_say(trigger)))
            return row
    raise InvariantError(f"the task of account {trigger.account_id} and play {play} can be neither found nor made")


async def _create_task(
    session: AsyncSession, context: Context, trigger: Trigger, clock: sla.TaskClock, now: int
) -> TaskRow | None:
    segment = trigger.segment
    role = routing.task_role(trigger.recommendation.owner_role, segment, context.playbook.ownership)
    person = await find_owner(session, role, segment, trigger.people, now)
    return await tasks.create(
        session,
        {
            "task_id": name_item("task", trigger.trigger_id),
            "account_id": trigger.account_id,
            "play": trigger.recommendation.play,
            "kind": trigger.kind,
            "segment": segment,
            "stage": OPEN_TASK,
            "owner_role": role,
            "owner_id": person.person_id if person else None,
            "trigger_ids": [trigger.trigger_id],
            "escalate_at": clock.escalate_at,
            "due_at": clock.due_at,
            "created_at": now,
            "updated_at": now,
            "version": 1,
        },
    )


def _say(trigger: Trigger) -> str:
    name = trigger.rule if trigger.level is None else f"{trigger.rule} {trigger.level}"
    return f"{name} {trigger.record}"
