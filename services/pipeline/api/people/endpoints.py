"""People over HTTP."""

from fastapi import APIRouter, Response

from services.pipeline.api.call import AdminCall, ViewerCall
from services.pipeline.api.people import service
from services.pipeline.api.people.schemas import PeopleBody, PeopleView

router = APIRouter(prefix="/v1/people", tags=["people"])


@router.get("", summary="Who is who")
async def read_people(call: ViewerCall) -> PeopleView:
    """Return everybody, by id."""
    return await call.read(service.read_people)


@router.put("", response_model=PeopleView, summary="Replace the list of people")
async def put_people(body: PeopleBody, call: AdminCall) -> Response:
    """Keep the given list, publish what changed, and forget who is not in it."""
    return await call.change(lambda session: service.put_people(session, call, body), body)
