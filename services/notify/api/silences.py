"""`/v1/silences`: not to hear about some triggers until a time."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.notify.api.desk import Desk, ProblemError, require_token
from services.notify.core.silence import Silence
from services.notify.repository import silences
from shared.kernel.clock import iso

LONGEST_DAYS = 366
DAY_MS = 86_400_000


class MatchBody(BaseModel):
    """What to keep quiet about; what is left out matches all, and at least one must be given."""

    model_config = ConfigDict(extra="forbid")

    account_id: str | None = Field(default=None, min_length=1, max_length=200)
    segment: str | None = Field(default=None, min_length=1, max_length=100)
    kind: str | None = Field(default=None, pattern="^(expansion|risk|adoption|ops)$")
    rule: str | None = Field(default=None, min_length=1, max_length=100)
    level: str | None = Field(default=None, min_length=1, max_length=100)
    play: str | None = Field(default=None, min_length=1, max_length=100)
    owner: str | None = Field(default=None, min_length=1, max_length=200)

    @model_validator(mode="after")
    def has_one(self) -> "MatchBody":
        """Refuse a silence of everything."""
        if not self.model_dump(exclude_none=True):
            raise ValueError("name at least one of account_id, segment, kind, rule, level, play, owner")
        return self


class SilenceBody(BaseModel):
    """A silence to be. `starts_at` absent: now."""

    model_config = ConfigDict(extra="forbid")

    match: MatchBody
    ends_at: AwareDatetime
    starts_at: AwareDatetime | None = None
    created_by: str = Field(min_length=1, max_length=200)
    comment: str = Field(min_length=1, max_length=1_000)


def silence_routes(desk: Desk) -> APIRouter:
    """Return the routes of silences."""
    router = APIRouter(prefix="/v1/silences", tags=["silences"], dependencies=[Depends(require_token(desk))])

    @router.get("", summary="Silences that have not ended")
    async def list_silences() -> dict[str, Any]:
        async with desk.engine.connect() as connection:
            found = await silences.current_silences(connection, desk.clock())
        return {"silences": [_show(silence) for silence in found]}

    @router.post("", status_code=HTTPStatus.CREATED, summary="Be silent about some triggers until a time")
    async def add_silence(body: SilenceBody) -> dict[str, Any]:
        wanted = _read(body, desk.clock())
        async with desk.engine.begin() as connection:
            return _show(await silences.add_silence(connection, wanted))

    @router.delete("/{silence_id}", status_code=HTTPStatus.NO_CONTENT, summary="End a silence now")
    async def end_silence(silence_id: int) -> None:
        async with desk.engine.begin() as connection:
            if not await silences.end_silence(connection, silence_id, desk.clock()):
                raise ProblemError(HTTPStatus.NOT_FOUND, "not_found", f"no silence {silence_id} is still to end")

    return router


def _read(body: SilenceBody, now_ms: int) -> Silence:
    starts_at = _ms(body.starts_at) if body.starts_at else now_ms
    ends_at = _ms(body.ends_at)
    if ends_at <= max(starts_at, now_ms) or ends_at - starts_at > LONGEST_DAYS * DAY_MS:
        message = f"ends_at must lie in the future, after starts_at, and at most {LONGEST_DAYS} days after it"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", message)
    return Silence(
        silence_id=0,
        match=body.match.model_dump(exclude_none=True),
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=body.created_by,
        comment=body.comment,
    )


def _show(silence: Silence) -> dict[str, Any]:
    return {
        "silence_id": silence.silence_id,
        "match": silence.match,
        "starts_at": iso(silence.starts_at),
        "ends_at": iso(silence.ends_at),
        "created_by": silence.created_by,
        "comment": silence.comment,
    }


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
