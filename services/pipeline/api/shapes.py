"""Shapes that several answers share."""

from typing import Annotated, Any, Generic, TypeVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from services.pipeline.tables import HistoryRow, TriggerRow
from shared.kernel.clock import iso

T = TypeVar("T")
Text = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]+$")]
Name = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00]+$")]
Limit = Annotated[int, Field(ge=1, le=200)]
DEFAULT_LIMIT = 50


class Body(BaseModel):
    """What somebody sends: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[T]):
    """A page. Shape: `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None


class OwnerView(BaseModel):
    """Who owns a lead or task. Shape: `id` is null while nobody of the role is known."""

    role: str
    id: str | None
    reason: str | None = None


class ChangeView(BaseModel):
    """One change: who, when, why."""

    change_id: str
    change: str
    stage: str
    previous_stage: str | None
    actor: str
    reason: str | None
    fields: dict[str, str | int | float]
    at: str


class EvidenceView(BaseModel):
    """A trigger and where it stands. Shape: `trigger` is its newest record, as on `expansion.triggers`."""

    trigger_id: str
    rule: str
    kind: str
    play: str
    state: str
    fired_at: str | None
    held_at: str | None
    released_at: str | None
    resolved_at: str | None
    trigger: dict[str, Any]


def instant(value: int | None) -> str | None:
    """Return an instant as RFC 3339 text, or None."""
    return None if value is None else iso(value)


def view_change(row: HistoryRow) -> ChangeView:
    """Return a row of history as the API shows it."""
    return ChangeView(
        change_id=row.change_id,
        change=row.change,
        stage=row.stage,
        previous_stage=row.previous_stage,
        actor=row.actor,
        reason=row.reason,
        fields=row.fields,
        at=iso(row.at),
    )


def view_evidence(row: TriggerRow) -> EvidenceView:
    """Return a trigger as the API shows it."""
    return EvidenceView(
        trigger_id=row.trigger_id,
        rule=row.rule,
        kind=row.kind,
        play=row.play,
        state=row.state,
        fired_at=instant(row.fired_at),
        held_at=instant(row.held_at),
        released_at=instant(row.released_at),
        resolved_at=instant(row.resolved_at),
        trigger=msgspec.json.decode(row.body),
    )
