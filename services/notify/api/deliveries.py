"""`/v1/deliveries`: what was sent, to whom, when, why or why not; and sending it again."""

import base64
import binascii
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.notify.api.desk import Desk, ProblemError, require_token
from services.notify.core.words import State, Why
from services.notify.repository import log
from shared.kernel.clock import iso

INSTANTS = ("not_before", "decided_at", "sent_at", "received_at")
PAGE_MOST = 200


def delivery_routes(desk: Desk) -> APIRouter:
    """Return the routes of the delivery log."""
    router = APIRouter(prefix="/v1/deliveries", tags=["deliveries"], dependencies=[Depends(require_token(desk))])

    @router.get("", summary="What was sent or not, to whom, when and why; newest first")
    async def list_deliveries(
        account_id: str | None = None,
        play: str | None = None,
        trigger_id: str | None = None,
        channel: str | None = None,
        state: State | None = None,
        why: Why | None = None,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = 50,
    ) -> dict[str, Any]:
        given = (account_id, play, trigger_id, channel, state, why)
        filters = {name: value for name, value in zip(log.FILTERS, given, strict=True) if value is not None}
        async with desk.engine.connect() as connection:
            rows = await log.read_page(connection, filters, _read_cursor(cursor), limit + 1)
        more = len(rows) > limit
        page = [show(dict(row)) for row in rows[:limit]]
        return {"deliveries": page, "next_cursor": _cursor(page[-1]["delivery_id"]) if more else None}

    @router.post("/{delivery_id}/resend", status_code=HTTPStatus.ACCEPTED, summary="Send it again, marked so")
    async def resend(delivery_id: int) -> dict[str, Any]:
        async with desk.engine.begin() as connection:
            row = await log.resend(connection, delivery_id, desk.switchboard.senders, desk.clock())
        if row is None:
            raise ProblemError(
                HTTPStatus.NOT_FOUND,
                "not_found",
                f"no delivery {delivery_id} was to be sent by a channel that is set up",
            )
        desk.bells.ring({row["channel"]})
        return show(dict(row))

    return router


def show(row: dict[str, Any]) -> dict[str, Any]:
    """Return a delivery as the API shows it, with instants as RFC 3339 text."""
    return row | {name: None if row[name] is None else iso(row[name]) for name in INSTANTS}


def _cursor(delivery_id: int) -> str:
    return base64.urlsafe_b64encode(str(delivery_id).encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    try:
        return int(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        raise ProblemError(HTTPStatus.BAD_REQUEST, "bad_cursor", "cursor is not one that this API gave") from None
