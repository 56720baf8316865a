"""What `/v1/tasks` takes and answers."""

from pydantic import BaseModel

from services.pipeline.api.shapes import Body, OwnerView, Text, instant
from services.pipeline.tables import TaskRow
from shared.kernel.clock import iso


class TaskDone(Body):
    """What was done."""

    note: Text | None = None


class TaskView(BaseModel):
    """A task. Shape: it escalates at `escalate_at` and is overdue at `due_at`."""

    task_id: str
    account_id: str
    play: str
    kind: str
    segment: str
    stage: str
    owner: OwnerView
    trigger_ids: list[str]
    escalate_at: str
    due_at: str
    escalated_at: str | None
    overdue_at: str | None
    created_at: str
    updated_at: str
    closed_at: str | None
    version: int


def view_task(row: TaskRow) -> TaskView:
    """Return a task as the API shows it."""
    return TaskView(
        task_id=row.task_id,
        account_id=row.account_id,
        play=row.play,
        kind=row.kind,
        segment=row.segment,
        stage=row.stage,
        owner=OwnerView(role=row.owner_role, id=row.owner_id),
        trigger_ids=row.trigger_ids,
        escalate_at=iso(row.escalate_at),
        due_at=iso(row.due_at),
        escalated_at=instant(row.escalated_at),
        overdue_at=instant(row.overdue_at),
        created_at=iso(row.created_at),
        updated_at=iso(row.updated_at),
        closed_at=instant(row.closed_at),
        version=row.version,
    )
