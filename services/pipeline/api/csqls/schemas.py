"""What `/v1/csqls` takes and answers."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field

from services.pipeline.api.shapes import Body, ChangeView, EvidenceView, Name, OwnerView, Text, instant
from services.pipeline.changes import estimate_of
from services.pipeline.core.stages import LARGEST_AMOUNT, MOVES, Stage, reason_codes, required_fields
from services.pipeline.tables import CsqlRow
from shared.kernel.clock import iso
from shared.kernel.playbook.routing import CsqlModel

Amount = Annotated[float, Field(ge=0, le=LARGEST_AMOUNT, allow_inf_nan=False)]
Fields = Annotated[dict[str, str | int | float], Field(max_length=20)]


class Estimate(Body):
    """What a lead may be worth a year."""

    amount: Amount
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    basis: Annotated[str, Field(max_length=80)] = "given"


class NewCsql(Body):
    """A lead that a person opens. Shape: `context` says why; it begins in stage `csql_created`."""

    account_id: Name
    play: Name
    context: Text
    owner_id: Name | None = None
    estimated_acv: Estimate | None = None


class CsqlPatch(Body):
    """What may be corrected; absent leaves as it is. Shape: `owner_id` null takes the owner away."""

    owner_id: Name | None = None
    estimated_acv: Estimate | None = None


class Transition(Body):
    """A move. Shape: `fields` are those that the stage asks for, and `amount` and `note`."""

    to: Name
    fields: Fields = {}
    reason_code: Name | None = None


class Snooze(Body):
    """A rest: the clock stands still until that date begins where the owner is."""

    until: date
    reason: Text | None = None


class Note(Body):
    """A note of a person."""

    text: Text


class MoveView(BaseModel):
    """A stage that can be reached next, and what it asks for."""

    to: str
    required: list[str]
    reason_codes: list[str]


class CsqlView(BaseModel):
    """A lead."""

    csql_id: str
    account_id: str
    play: str
    origin: str
    segment: str
    stage: str
    stage_since: str
    owner: OwnerView
    estimated_acv: Estimate | None
    fields: dict[str, str | int | float]
    trigger_ids: list[str]
    reason_code: str | None
    due_at: str | None
    escalated_at: str | None
    snoozed_until: str | None
    clock_started_at: str
    created_at: str
    updated_at: str
    closed_at: str | None
    version: int
    moves: list[MoveView]


class CsqlDetails(CsqlView):
    """A lead with its evidence and history. Shape: `warnings` are what would hold the account's triggers now."""

    warnings: list[str]
    evidence: list[EvidenceView]
    history: list[ChangeView]


def view_csql(row: CsqlRow, model: CsqlModel) -> CsqlView:
    """Return a lead as the API shows it."""
    estimate = estimate_of(row)
    return CsqlView(
        csql_id=row.csql_id,
        account_id=row.account_id,
        play=row.play,
        origin=row.origin,
        segment=row.segment,
        stage=row.stage,
        stage_since=iso(row.stage_since),
        owner=OwnerView(role=row.owner_role, id=row.owner_id, reason=row.owner_reason),
        estimated_acv=(
            Estimate(amount=estimate.amount, currency=estimate.currency, basis=estimate.basis) if estimate else None
        ),
        fields=row.fields,
        trigger_ids=row.trigger_ids,
        reason_code=row.reason_code,
        due_at=instant(row.due_at),
        escalated_at=instant(row.escalated_at),
        snoozed_until=instant(row.snoozed_until),
        clock_started_at=iso(row.clock_at),
        created_at=iso(row.created_at),
        updated_at=iso(row.updated_at),
        closed_at=instant(row.closed_at),
        version=row.version,
        moves=[
            MoveView(to=to, required=list(required_fields(to, model)), reason_codes=list(reason_codes(to, model)))
            for to in MOVES[Stage(row.stage)]
        ],
    )
