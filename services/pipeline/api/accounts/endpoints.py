"""Accounts over HTTP."""

from fastapi import APIRouter

from services.pipeline.api.accounts import service
from services.pipeline.api.accounts.schemas import AccountDetails, AccountView
from services.pipeline.api.call import ViewerCall
from services.pipeline.api.shapes import DEFAULT_LIMIT, Limit, Page

router = APIRouter(prefix="/v1/accounts", tags=["accounts"])


@router.get("", summary="Accounts, by id")
async def list_accounts(
    call: ViewerCall, segment: str | None = None, cursor: str | None = None, limit: Limit = DEFAULT_LIMIT
) -> Page[AccountView]:
    """Return a page of accounts."""
    return await call.read(lambda session: service.list_accounts(session, segment, cursor, limit))


@router.get("/{account_id}", summary="An account, explained")
async def read_account(account_id: str, call: ViewerCall) -> AccountDetails:
    """Return facts, health, gate, every rule's value, leads, tasks and what happened."""
    return await call.read(lambda session: service.read_account(session, call, account_id))
