"""`POST /slack/interactions`: what people do with the buttons. Verified, stored once, answered at once.

The signature is checked over the raw body before anything is parsed. The pipeline acts on what is stored here later.
"""

import hashlib
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import msgspec
from fastapi import APIRouter, Request

from services.notify import metrics
from services.notify.api.desk import Desk, ProblemError
from services.notify.core.signature import check_signature
from services.notify.repository import silences

BODY_MOST_BYTES = 1 << 18
BUTTONS = ("csql_claim", "csql_snooze", "csql_dismiss")


class Button(msgspec.Struct):
    """What was pressed."""

    action_id: str
    value: str = ""


class SlackUser(msgspec.Struct):
    """Who pressed it."""

    id: str


class Interaction(msgspec.Struct):
    """What Slack posts about a button."""

    type: str
    user: SlackUser
    actions: list[Button] = []
    response_url: str | None = None


def interaction_routes(desk: Desk) -> APIRouter:
    """Return the route that Slack calls."""
    router = APIRouter(prefix="/slack", tags=["slack"])

    @router.post("/interactions", summary="What people do with buttons; signed by Slack")
    async def interactions(request: Request) -> dict[str, Any]:
        body = await _read(request)
        _verify(desk, request, body)
        interaction, button = _parse(body)
        outcome = "ignored"
        if button is not None:
            outcome = await _store(desk, _values(interaction, button, body, desk.clock()))
        metrics.INTERACTIONS.labels(outcome).inc()
        return {}

    return router


async def _read(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_MOST_BYTES:
            message = f"a body may have {BODY_MOST_BYTES} bytes at most"
            raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", message)
    return body


def _verify(desk: Desk, request: Request, body: bytes) -> None:
    if desk.signing_secret is None:
        message = "buttons are not set up: set UPSWING_NOTIFY_SIGNING_SECRET"
        raise ProblemError(HTTPStatus.UNAUTHORIZED, "not_set_up", message)
    headers = request.headers
    problem = check_signature(
        desk.signing_secret,
        headers.get("x-slack-request-timestamp"),
        headers.get("x-slack-signature"),
        body,
        desk.clock(),
    )
    if problem is not None:
        metrics.INTERACTIONS.labels(problem).inc()
        raise ProblemError(HTTPStatus.UNAUTHORIZED, problem, "the request was not signed by Slack just now")


def _parse(body: bytes) -> tuple[Interaction, Button | None]:
    try:
        payload = parse_qs(body.decode(), strict_parsing=True, max_num_fields=10)["payload"][0]
        interaction = msgspec.json.decode(payload, type=Interaction)
    except (ValueError, KeyError) as error:
        metrics.INTERACTIONS.labels("unreadable").inc()
        message = f"the payload cannot be read: {error}"
        raise ProblemError(HTTPStatus.BAD_REQUEST, "unreadable", message[:300]) from None
    pressed = next((action for action in interaction.actions if action.action_id in BUTTONS and action.value), None)
    return interaction, pressed


async def _store(desk: Desk, values: dict[str, object]) -> str:
    async with desk.engine.begin() as connection:
        new = await silences.add_interaction(connection, values)
    return "stored" if new else "repeated"


def _values(interaction: Interaction, button: Button, body: bytes, now_ms: int) -> dict[str, object]:
    return {
        "interaction_id": hashlib.sha256(body).hexdigest(),
        "action_id": button.action_id,
        "trigger_id": button.value,
        "slack_user_id": interaction.user.id,
        "response_url": interaction.response_url,
        "body": msgspec.to_builtins(interaction),
        "received_at": now_ms,
    }
