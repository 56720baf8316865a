"""What can be done with tasks."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.api.call import Call, Reply, read_cursor, write_cursor
from services.pipeline.api.shapes import Page
from services.pipeline.api.tasks.schemas import TaskDone, TaskView, view_task
from services.pipeline.changes import Change, record
from services.pipeline.errors import ConflictError, NotFoundError
from services.pipeline.intake import OPEN_TASK
from services.pipeline.repository import tasks
from services.pipeline.repository.tasks import TaskFilter

DONE_TASK = "done"


async def list_tasks(session: AsyncSession, wanted: TaskFilter, cursor: str | None, limit: int) -> Page[TaskView]:
    """Return a page of tasks, newest first."""
    rows = await tasks.page(session, wanted, read_cursor(cursor, tuple[int, str]), limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[view_task(row) for row in rows[:limit]],
        next_cursor=write_cursor(last.created_at, last.task_id) if last else None,
    )


async def finish_task(session: AsyncSession, call: Call, task_id: str, body: TaskDone) -> Reply:
    """Close a task. Errors: `NotFoundError`, `ConflictError` when it is closed already, `StaleError`."""
    row = await tasks.get(session, task_id)
    if row is None:
        raise NotFoundError("task", task_id)
    if call.if_match is not None:
        call.check_version(row.version)
    if row.closed_at is not None:
        raise ConflictError("closed", "the task was closed already")
    row.stage, row.closed_at = DONE_TASK, call.now
    change = Change(kind="done", at=call.now, actor=call.caller.name, reason=body.note, previous_stage=OPEN_TASK)
    record(session, call.context, row, change)
    return Reply(view_task(row), version=row.version)
