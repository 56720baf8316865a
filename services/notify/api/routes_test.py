"""`/v1/routes/test`: where would this go, and why? With `send` a sample marked as a test goes there."""

from typing import Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.notify.api.desk import Desk, require_token
from services.notify.core.card import Subject, Told, make_card
from services.notify.core.route import Routing, route
from services.notify.core.sample import sample_trigger
from services.notify.core.silence import Facts, Silence, hushing
from services.notify.core.words import Action, State, Why
from services.notify.repository import log, silences


class FactsBody(BaseModel):
    """The facts that routes look at."""

    model_config = ConfigDict(extra="forbid")

    segment: str = Field(default="SMB", min_length=1, max_length=100)
    kind: Literal["expansion", "risk", "adoption", "ops"] = "expansion"
    rule: str = Field(default="seat_saturation", min_length=1, max_length=100)
    level: str | None = Field(default=None, max_length=100)
    play: str = Field(default="team_growth_talk", min_length=1, max_length=100)
    account_id: str = Field(default="test-account", min_length=1, max_length=200)
    owner: str | None = Field(default=None, max_length=200)
    owner_role: str = Field(default="csm", min_length=1, max_length=100)
    send: bool = False


def routing_routes(desk: Desk) -> APIRouter:
    """Return the route that tries the routes."""
    router = APIRouter(prefix="/v1/routes", tags=["routes"], dependencies=[Depends(require_token(desk))])

    @router.post("/test", summary="Where would this go, and why; with `send`, send a sample marked as a test")
    async def test_routes(body: FactsBody) -> dict[str, Any]:
        now_ms = desk.clock()
        facts = Facts(**body.model_dump(exclude={"send"}))
        found = route(desk.switchboard.routes, facts)
        async with desk.engine.begin() as connection:
            silence = hushing(await silences.current_silences(connection, now_ms), facts, now_ms)
            entries = _samples(desk, facts, found.channels, now_ms) if body.send else []
            ids = await log.write(connection, entries)
        desk.bells.ring({entry.channel for entry in entries if entry.channel})
        return _ways(desk, found) | {"silenced_by": _silenced_by(silence), "deliveries": ids}

    return router


def _ways(desk: Desk, found: Routing) -> dict[str, Any]:
    return {"channels": [_channel(desk, name) for name in found.channels], "routes": list(found.routes)}


def _silenced_by(silence: Silence | None) -> dict[str, Any] | None:
    return None if silence is None else {"silence_id": silence.silence_id, "comment": silence.comment}


def _channel(desk: Desk, name: str) -> dict[str, str]:
    configured = desk.switchboard.channels[name]
    return {"channel": name, "kind": configured.kind.kind, "target": configured.channel.target}


def _samples(desk: Desk, facts: Facts, channels: tuple[str, ...], now_ms: int) -> list[log.Entry]:
    trigger = sample_trigger(facts, now_ms)
    card = make_card(Subject((Told(trigger, now_ms),), None, None, desk.account_url), ("test",), now_ms)
    return [
        log.Entry(
            trigger=trigger,
            why=Why.TEST,
            note="a test of the routes",
            line=card.line,
            decided_at=now_ms,
            state=State.PENDING,
            channel=name,
            action=Action.POST,
            sample=log.as_body(trigger),
            marks=("test",),
        )
        for name in channels
        if not desk.switchboard.channels[name].kind.ability.stores
    ]
