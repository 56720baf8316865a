"""What can be done with leads; each function in the one transaction of its request."""

from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.api.call import Call, Reply, read_cursor, write_cursor
from services.pipeline.api.csqls.schemas import (
    CsqlDetails,
    CsqlPatch,
    CsqlView,
    NewCsql,
    Note,
    Snooze,
    Transition,
    view_csql,
)
from services.pipeline.api.shapes import Page, view_change, view_evidence
from services.pipeline.changes import Change, record
from services.pipeline.core import routing, sla
from services.pipeline.core.scorecard import read_gist
from services.pipeline.core.stages import OPEN_STAGES, Attempt, Field, Refusal, Stage, plan_move, plan_snooze
from services.pipeline.errors import ConflictError, NotFoundError, RefusedError, refuse
from services.pipeline.intake import deal_of
from services.pipeline.repository import accounts, csqls, history, people, triggers
from services.pipeline.repository.csqls import CsqlFilter
from services.pipeline.tables import AccountRow, CsqlRow
from shared.kernel.people import Person
from shared.kernel.snapshots import decode_snapshot
from shared.kernel.triggers import EstimatedAcv


async def list_csqls(
    session: AsyncSession, call: Call, wanted: CsqlFilter, cursor: str | None, limit: int
) -> Page[CsqlView]:
    """Return a page of leads, newest first."""
    rows = await csqls.page(session, wanted, read_cursor(cursor, tuple[int, str]), limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[view_csql(row, call.context.playbook.csql) for row in rows[:limit]],
        next_cursor=write_cursor(last.created_at, last.csql_id) if last else None,
    )


async def read_csql(session: AsyncSession, call: Call, csql_id: str) -> Reply:
    """Return a lead with its evidence and history. Errors: `NotFoundError`."""
    row = await _get(session, csql_id)
    account = await accounts.get(session, row.account_id)
    body = CsqlDetails(
        **view_csql(row, call.context.playbook.csql).model_dump(),
        warnings=_warnings(row, account),
        evidence=[view_evidence(one) for one in await triggers.of_items(session, [csql_id])],
        history=[view_change(one) for one in await history.of_item(session, csql_id)],
    )
    return Reply(body, version=row.version)


async def create_csql(session: AsyncSession, call: Call, body: NewCsql) -> Reply:
    """Open a lead by hand. Errors: `NotFoundError` (account), `ConflictError` when one is open, `RefusedError`."""
    account = await accounts.get(session, body.account_id)
    if account is None:
        raise NotFoundError("account", body.account_id)
    if body.play not in call.context.playbook.plays:
        raise RefusedError("out_of_range", f"play {body.play!r:.80} is not in the playbook", "play")
    held = await csqls.open_one(session, body.account_id, body.play)
    if held is not None:
        message = f"account and play have an open lead already: {held.csql_id}"
        raise ConflictError("already_open", message, "play")
    row = await _new_lead(session, call, body, account)
    session.add(row)
    change = Change(kind="created", at=call.now, actor=call.caller.name, reason="opened by hand", fields=row.fields)
    record(session, call.context, row, change)
    return _reply(row, call, status=201)


async def patch_csql(session: AsyncSession, call: Call, csql_id: str, body: CsqlPatch) -> Reply:
    """Correct a lead's owner or value. Errors: `NotFoundError`, `StaleError`, `RefusedError`."""
    row = await _hold(session, call, csql_id)
    if "owner_id" in body.model_fields_set:
        await _check_person(session, body.owner_id)
        row.owner_id = body.owner_id
        row.owner_reason = f"assigned by {call.caller.name}"
        record(session, call.context, row, Change(kind="assigned", at=call.now, actor=call.caller.name))
    if body.estimated_acv is not None:
        estimate = body.estimated_acv
        row.acv_amount, row.acv_currency, row.acv_basis = estimate.amount, estimate.currency, estimate.basis
        fields: dict[str, Field] = {"estimated_acv": estimate.amount, "currency": estimate.currency}
        reason = "estimate corrected"
        change = Change(kind="noted", at=call.now, actor=call.caller.name, reason=reason, fields=fields)
        record(session, call.context, row, change)
    return _reply(row, call)


async def move_csql(session: AsyncSession, call: Call, csql_id: str, body: Transition) -> Reply:
    """Move a lead to its next stage. Errors: `NotFoundError`, `StaleError`, `ConflictError`, `RefusedError`."""
    row = await _hold(session, call, csql_id)
    model = call.context.playbook.csql
    move = plan_move(Stage(row.stage), Attempt(body.to, body.fields, body.reason_code), row.fields, model)
    if isinstance(move, Refusal):
        raise refuse(move)
    calendar = call.context.workdays.of(await people.get(session, row.owner_id))
    row.stage, row.stage_since = move.after, call.now
    row.fields = {**row.fields, **move.fields}
    row.reason_code = move.reason_code
    row.due_at = sla.due_at(move.after, call.now, model, calendar)
    row.escalated_at = row.snoozed_until = None
    row.closed_at = None if move.after in OPEN_STAGES else call.now
    change = Change(
        kind="moved",
        at=call.now,
        actor=call.caller.name,
        reason=move.reason_code,
        previous_stage=move.before,
        fields=move.fields,
    )
    record(session, call.context, row, change)
    return _reply(row, call)


async def snooze_csql(session: AsyncSession, call: Call, csql_id: str, body: Snooze) -> Reply:
    """Let a lead rest until a date. Errors: `NotFoundError`, `StaleError`, `ConflictError`, `RefusedError`."""
    row = await _hold(session, call, csql_id)
    model = call.context.playbook.csql
    calendar = call.context.workdays.of(await people.get(session, row.owner_id))
    day = plan_snooze(Stage(row.stage), body.until, sla.local_date(call.now, calendar), model)
    if isinstance(day, Refusal):
        raise refuse(day)
    until = sla.wake_ms(day, calendar)
    row.snoozed_until = until
    if row.due_at is not None:
        row.due_at = sla.pause(Stage(row.stage), row.due_at, call.now, until, model=model, calendar=calendar)
        row.escalated_at = None
    fields: dict[str, Field] = {"until": body.until.isoformat()}
    change = Change(kind="snoozed", at=call.now, actor=call.caller.name, reason=body.reason, fields=fields)
    record(session, call.context, row, change)
    return _reply(row, call)


async def note_csql(session: AsyncSession, call: Call, csql_id: str, body: Note) -> Reply:
    """Add a note to a lead. Errors: `NotFoundError`."""
    row = await _get(session, csql_id, hold=True)
    change = Change(kind="noted", at=call.now, actor=call.caller.name, fields={"note": body.text})
    record(session, call.context, row, change)
    return _reply(row, call, status=201)


def _reply(row: CsqlRow, call: Call, status: int = 200) -> Reply:
    return Reply(view_csql(row, call.context.playbook.csql), status, row.version)


async def _get(session: AsyncSession, csql_id: str, *, hold: bool = False) -> CsqlRow:
    row = await csqls.get(session, csql_id, hold=hold)
    if row is None:
        raise NotFoundError("lead", csql_id)
    return row


async def _hold(session: AsyncSession, call: Call, csql_id: str) -> CsqlRow:
    row = await _get(session, csql_id, hold=True)
    call.check_version(row.version)
    return row


async def _check_person(session: AsyncSession, person_id: str | None) -> None:
    if person_id is not None and await people.get(session, person_id) is None:
        raise RefusedError("out_of_range", f"owner_id {person_id!r:.80} is nobody in /v1/people", "owner_id")


async def _new_lead(session: AsyncSession, call: Call, body: NewCsql, account: AccountRow) -> CsqlRow:
    book, given = call.context.playbook, body.estimated_acv
    estimate = EstimatedAcv(given.amount, given.currency, given.basis) if given else None
    owner = routing.choose_role(
        deal_of(call.context, body.play), account.segment, estimate, book.ownership, book.currency
    )
    person = await _owner(session, call, body, owner.role, account)
    return CsqlRow(
        csql_id=str(uuid4()),
        account_id=body.account_id,
        play=body.play,
        origin="manual",
        segment=account.segment,
        stage=Stage.CSQL_CREATED,
        stage_since=call.now,
        owner_role=owner.role,
        owner_reason=owner.reason,
        owner_id=person.person_id if person else None,
        acv_amount=given.amount if given else None,
        acv_currency=given.currency if given else None,
        acv_basis=given.basis if given else None,
        fields={"context": body.context},
        trigger_ids=[],
        due_at=sla.due_at(Stage.CSQL_CREATED, call.now, book.csql, call.context.workdays.of(person)),
        clock_at=call.now,
        created_at=call.now,
        updated_at=call.now,
        version=1,
    )


async def _owner(session: AsyncSession, call: Call, body: NewCsql, role: str, account: AccountRow) -> Person | None:
    if body.owner_id is not None:
        await _check_person(session, body.owner_id)
        return await people.get(session, body.owner_id)
    pool = routing.Pool(await people.colleagues(session))
    person = pool.take(role, account.segment, _named(account), call.now)
    await people.mark_assigned(session, pool.assigned)
    return person


def _named(account: AccountRow) -> dict[str, str]:
    facts = decode_snapshot(account.body).facts
    return {role: name for role in (routing.CSM, routing.AE) if isinstance(name := facts.get(role), str)}


def _warnings(row: CsqlRow, account: AccountRow | None) -> list[str]:
    if account is None or row.closed_at is not None:
        return []
    return list(read_gist(account.body).gate.held_because)
