"""Leads over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.pipeline.api.call import CsmCall, ViewerCall, respond
from services.pipeline.api.csqls import service
from services.pipeline.api.csqls.schemas import (
    CsqlDetails,
    CsqlPatch,
    CsqlView,
    NewCsql,
    Note,
    Snooze,
    Transition,
)
from services.pipeline.api.shapes import DEFAULT_LIMIT, Limit, Page
from services.pipeline.core.stages import Stage
from services.pipeline.repository.csqls import CsqlFilter

router = APIRouter(prefix="/v1/csqls", tags=["csqls"])


@router.get("", summary="Leads, newest first")
async def list_csqls(
    call: ViewerCall,
    account_id: str | None = None,
    stage: Stage | None = None,
    owner_id: str | None = None,
    play: str | None = None,
    trigger_id: str | None = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[CsqlView]:
    """Return a page of leads that match all filters."""
    wanted = CsqlFilter(
        account_id=account_id, stage=stage, owner_id=owner_id, play=play, trigger_id=trigger_id, open=is_open
    )
    return await call.read(lambda session: service.list_csqls(session, call, wanted, cursor, limit))


@router.post("", status_code=201, response_model=CsqlView, summary="Open a lead by hand")
async def create_csql(body: NewCsql, call: CsmCall) -> Response:
    """Open a lead for an account and play that have none."""
    return await call.change(lambda session: service.create_csql(session, call, body), body)


@router.get("/{csql_id}", response_model=CsqlDetails, summary="A lead with its evidence and history")
async def read_csql(csql_id: str, call: ViewerCall) -> Response:
    """Return one lead; its ETag is what changes must name."""
    return respond(await call.read(lambda session: service.read_csql(session, call, csql_id)))


@router.patch("/{csql_id}", response_model=CsqlView, summary="Correct owner or value")
async def patch_csql(csql_id: str, body: CsqlPatch, call: CsmCall) -> Response:
    """Change what is given and leave the rest."""
    return await call.change(lambda session: service.patch_csql(session, call, csql_id, body), body)


@router.post("/{csql_id}/transitions", response_model=CsqlView, summary="Move to the next stage")
async def move_csql(csql_id: str, body: Transition, call: CsmCall) -> Response:
    """Move a lead; the answer says which moves are next and what they ask for."""
    return await call.change(lambda session: service.move_csql(session, call, csql_id, body), body)


@router.post("/{csql_id}/snooze", response_model=CsqlView, summary="Let it rest until a date")
async def snooze_csql(csql_id: str, body: Snooze, call: CsmCall) -> Response:
    """Stop the clock of a lead until a date."""
    return await call.change(lambda session: service.snooze_csql(session, call, csql_id, body), body)


@router.post("/{csql_id}/notes", status_code=201, response_model=CsqlView, summary="Add a note")
async def note_csql(csql_id: str, body: Note, call: CsmCall) -> Response:
    """Add a note to a lead's history."""
    return await call.change(lambda session: service.note_csql(session, call, csql_id, body), body)
