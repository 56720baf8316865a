"""Tasks over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.pipeline.api.call import CsmCall, ViewerCall
from services.pipeline.api.shapes import DEFAULT_LIMIT, Limit, Page
from services.pipeline.api.tasks import service
from services.pipeline.api.tasks.schemas import TaskDone, TaskView
from services.pipeline.repository.tasks import TaskFilter
from shared.kernel.triggers import Kind

router = APIRouter(prefix="/v1/tasks", tags=["tasks"])


@router.get("", summary="Tasks, newest first")
async def list_tasks(
    call: ViewerCall,
    account_id: str | None = None,
    owner_id: str | None = None,
    kind: Kind | None = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[TaskView]:
    """Return a page of tasks that match all filters."""
    wanted = TaskFilter(account_id=account_id, owner_id=owner_id, kind=kind, open=is_open)
    return await call.read(lambda session: service.list_tasks(session, wanted, cursor, limit))


@router.post("/{task_id}/done", response_model=TaskView, summary="Close a task")
async def finish_task(task_id: str, call: CsmCall, body: TaskDone | None = None) -> Response:
    """Close a task, with a note on what was done."""
    given = body or TaskDone()
    return await call.change(lambda session: service.finish_task(session, call, task_id, given), given)
