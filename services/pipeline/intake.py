"""From triggers to leads and tasks: what a batch of `expansion.triggers` changes, in the caller's transaction.

Gather what is there, decide in memory, write it together: a batch costs as many statements as one trigger.
Source: playbook sections 5, 8 and 9, definitions 62 and 79.
"""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.changes import Change, name_item, record
from services.pipeline.context import Context
from services.pipeline.core import routing, sla
from services.pipeline.core.stages import Stage
from services.pipeline.repository import csqls, inbox, people, removals, tasks, triggers
from services.pipeline.tables import CsqlRow, TaskRow
from shared.kernel.playbook.bounds import Deal
from shared.kernel.triggers import Trigger

LEADING = ("fired", "released")  # held ones make no lead, resolved ones end what they have made evidence of
OPEN_TASK = "open"
Key = tuple[str, str]


class Open(msgspec.Struct):
    """What is open for the accounts and plays of a batch, and who could take more. Shape: by account and play."""

    csqls: dict[Key, CsqlRow]
    tasks: dict[Key, TaskRow]
    pool: routing.Pool


async def take_triggers(
    session: AsyncSession, context: Context, batch: Sequence[Trigger], now: int
) -> Sequence[Trigger]:
    """Take records of triggers, each once however often it comes, and return those that were new.

    Errors: a unique violation when somebody opens the same lead at this moment; trying again then joins it.
    """
    new = await inbox.take_all(session, [(one.trigger_id, one.record) for one in batch], now)
    firsts = {(one.trigger_id, one.record): one for one in reversed(batch)}
    fresh = [one for one in batch if firsts[one.trigger_id, one.record] is one and (one.trigger_id, one.record) in new]
    leading = await _of_accounts_that_are_there(session, [one for one in fresh if one.record in LEADING])
    known = await _gather(session, leading)
    evidence: dict[str, triggers.ItemName] = {}
    for trigger in leading:
        if trigger.kind == "expansion":
            lead = _lead(session, context, known, trigger, now)
            evidence[trigger.trigger_id] = ("csql", lead.csql_id)
        else:
            task = _task(session, context, known, trigger, now)
            evidence[trigger.trigger_id] = ("task", task.task_id)
    await triggers.keep(session, fresh, evidence)
    await people.mark_assigned(session, known.pool.assigned)
    return fresh


async def _of_accounts_that_are_there(session: AsyncSession, leading: Sequence[Trigger]) -> list[Trigger]:
    """Leave out what is of before the removal of its account: this feed may be behind that of the accounts."""
    removed = await removals.known(session, (one.account_id for one in leading)) if leading else {}
    return [one for one in leading if one.account_id not in removed or one.occurred_at > removed[one.account_id]]


def deal_of(context: Context, play: str) -> Deal:
    """Return the kind of deal that a play is about."""
    known = context.playbook.plays.get(play)
    return known.deal if known else "other"


async def _gather(session: AsyncSession, leading: Sequence[Trigger]) -> Open:
    leads = _keys(one for one in leading if one.kind == "expansion")
    todo = _keys(one for one in leading if one.kind != "expansion")
    held_leads = {(row.account_id, row.play): row for row in await csqls.open_ones(session, leads)}
    held_tasks = {(row.account_id, row.play): row for row in await tasks.open_ones(session, todo)}
    missing = len(held_leads) < len(leads) or len(held_tasks) < len(todo)
    return Open(held_leads, held_tasks, routing.Pool(await people.colleagues(session) if missing else ()))


def _keys(batch: Iterable[Trigger]) -> list[Key]:
    return sorted({_key(one) for one in batch})


def _key(trigger: Trigger) -> Key:
    return trigger.account_id, trigger.recommendation.play


def _lead(session: AsyncSession, context: Context, known: Open, trigger: Trigger, now: int) -> CsqlRow:
    row = known.csqls.get(_key(trigger))
    if row is not None:
        _join(row, trigger)
        record(session, context, row, Change(kind="joined", at=now, reason=_say(trigger)))
        return row
    row = known.csqls[_key(trigger)] = _new_lead(context, known.pool, trigger, now)
    session.add(row)
    record(session, context, row, Change(kind="created", at=now, reason=_say(trigger)))
    return row


def _join(row: CsqlRow, trigger: Trigger) -> None:
    row.trigger_ids = [*row.trigger_ids, trigger.trigger_id]
    estimate = trigger.estimated_acv
    if estimate is None:
        return
    if row.acv_amount is None or (row.acv_currency == estimate.currency and row.acv_amount < estimate.amount):
        row.acv_amount, row.acv_currency, row.acv_basis = estimate.amount, estimate.currency, estimate.basis


def _new_lead(context: Context, pool: routing.Pool, trigger: Trigger, now: int) -> CsqlRow:
    book, segment, estimate = context.playbook, trigger.segment, trigger.estimated_acv
    deal = deal_of(context, trigger.recommendation.play)
    addon = book.addons.get(trigger.scope or "") if trigger.scope_type == "addon" else None
    speaker = addon.conversation_owner if addon else None
    owner = routing.choose_role(deal, segment, estimate, book.ownership, book.currency, speaker)
    person = pool.take(owner.role, segment, trigger.people, now)
    began = trigger.occurred_at
    return CsqlRow(
        csql_id=name_item("csql", trigger.trigger_id),
        account_id=trigger.account_id,
        play=trigger.recommendation.play,
        origin="trigger",
        segment=segment,
        stage=Stage.TRIGGER_FIRED,
        stage_since=began,
        owner_role=owner.role,
        owner_reason=owner.reason,
        owner_id=person.person_id if person else None,
        acv_amount=estimate.amount if estimate else None,
        acv_currency=estimate.currency if estimate else None,
        acv_basis=estimate.basis if estimate else None,
        fields={},
        trigger_ids=[trigger.trigger_id],
        due_at=sla.due_at(Stage.TRIGGER_FIRED, began, book.csql, context.workdays.of(person)),
        clock_at=began,
        created_at=now,
        updated_at=now,
        version=1,
    )


def _task(session: AsyncSession, context: Context, known: Open, trigger: Trigger, now: int) -> TaskRow:
    clock = sla.task_clock(trigger, context.playbook.rules.contraction_risk)
    row = known.tasks.get(_key(trigger))
    if row is not None:
        row.trigger_ids = [*row.trigger_ids, trigger.trigger_id]
        row.escalate_at, row.due_at = min(row.escalate_at, clock.escalate_at), min(row.due_at, clock.due_at)
        record(session, context, row, Change(kind="joined", at=now, reason=_say(trigger)))
        return row
    role = routing.task_role(trigger.recommendation.owner_role, trigger.segment, context.playbook.ownership)
    person = known.pool.take(role, trigger.segment, trigger.people, now)
    row = known.tasks[_key(trigger)] = TaskRow(
        task_id=name_item("task", trigger.trigger_id),
        account_id=trigger.account_id,
        play=trigger.recommendation.play,
        kind=trigger.kind,
        segment=trigger.segment,
        stage=OPEN_TASK,
        owner_role=role,
        owner_id=person.person_id if person else None,
        trigger_ids=[trigger.trigger_id],
        escalate_at=clock.escalate_at,
        due_at=clock.due_at,
        created_at=now,
        updated_at=now,
        version=1,
    )
    session.add(row)
    record(session, context, row, Change(kind="created", at=now, reason=_say(trigger)))
    return row


def _say(trigger: Trigger) -> str:
    name = trigger.rule if trigger.level is None else f"{trigger.rule} {trigger.level}"
    return f"{name} {trigger.record}"
