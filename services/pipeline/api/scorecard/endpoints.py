"""The scorecard over HTTP: JSON, or CSV when the caller asks for `text/csv`."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Response
from pydantic import BaseModel

from services.pipeline.api.call import JSON, ViewerCall
from services.pipeline.api.scorecard import service
from services.pipeline.core.scorecard import write_csv

CSV = "text/csv"
router = APIRouter(prefix="/v1/scorecard", tags=["scorecard"])


class ScorecardLine(BaseModel):
    """One account on the scorecard. Units: `expansion_readiness` 0-100, 100 means open."""

    account_id: str
    segment: str
    health_score: float | None
    activation_status: str
    expansion_readiness: int
    active_triggers: list[str]
    recommended_motion: str
    estimated_expansion_acv: float | None


class Scorecard(BaseModel):
    """One row for each account, the readiest first."""

    rows: list[ScorecardLine]


@router.get("", response_model=Scorecard, responses={200: {"content": {CSV: {}}}}, summary="One row for each account")
async def read_scorecard(
    call: ViewerCall, segment: str | None = None, accept: Annotated[str, Header()] = JSON
) -> Response:
    """Return the scorecard as JSON or as CSV, by the header `Accept`."""
    rows = await call.read(lambda session: service.read_scorecard(session, segment))
    if CSV in accept:
        return Response(write_csv(rows), media_type=CSV)
    return Response(msgspec.json.encode({"rows": rows}), media_type=JSON)
