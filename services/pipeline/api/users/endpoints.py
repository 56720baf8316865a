"""The customer's users over HTTP: they can be erased."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.pipeline.api.call import AdminCall
from services.pipeline.api.shapes import Name
from services.pipeline.api.users import service
from services.pipeline.api.users.schemas import ErasureView
from services.pipeline.api.users.service import Wanted

router = APIRouter(prefix="/v1/users", tags=["users"])
MOST_ACCOUNTS = 100


@router.delete("/{user_id:path}", status_code=202, response_model=ErasureView, summary="Erase a person")
async def erase_user(
    user_id: Annotated[str, Path(min_length=1, max_length=256, pattern=r"^[^\x00]+$")],
    call: AdminCall,
    account_id: Annotated[list[Name] | None, Query(max_length=MOST_ACCOUNTS)] = None,
    accept_unknown: Annotated[
        bool, Query(description="Write to accounts of which nothing is known here, too.")
    ] = False,
) -> Response:
    """Write `user.erased` to the accounts in which the person is known here, and to those that are given.

    404 when the person is in no account known here, or an account that is given is not known; nothing is written then.
    """
    wanted = Wanted(user_id, account_id or [], accept_unknown)
    return await call.change(lambda session: service.erase(session, call, wanted))
