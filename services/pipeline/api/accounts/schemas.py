"""What `/v1/accounts` answers."""

from typing import Any, Literal

from pydantic import BaseModel

from services.pipeline.api.csqls.schemas import CsqlView
from services.pipeline.api.shapes import EvidenceView
from services.pipeline.api.tasks.schemas import TaskView


class AccountView(BaseModel):
    """An account in a list."""

    account_id: str
    name: str | None
    segment: str
    lifecycle: str
    health_score: float | None
    activation_status: str
    expansion_readiness: int
    open: bool
    active_triggers: list[str]


class TimelineEntry(BaseModel):
    """Something that happened. Shape: `what` is the event's type, the trigger's rule, or the change."""

    at: str
    kind: Literal["event", "trigger", "change"]
    what: str
    details: dict[str, Any]


class AccountDetails(BaseModel):
    """An account, explained.

    Shape: `health`, `gate`, `rules` and `notices` are those of `account.snapshots`; `notices` are sentences about facts
    that have no effect, such as a plan that the playbook does not know.
    """

    account_id: str
    name: str | None
    segment: str
    lifecycle: str
    today: str
    as_of: str
    activation_status: str
    recommended_motion: str
    estimated_expansion_acv: dict[str, Any] | None
    facts: dict[str, Any]
    health: dict[str, Any]
    gate: dict[str, Any]
    rules: list[dict[str, Any]]
    active_triggers: list[str]
    held: list[EvidenceView]
    csqls: list[CsqlView]
    tasks: list[TaskView]
    timeline: list[TimelineEntry]
    playbook_version: str
    notices: list[str]
