"""Leads as a CSM sees and moves them over HTTP."""

from typing import Any

import httpx

CREATED = {"to": "csql_created", "fields": {"context": "they asked"}}
QUALIFIED = {"to": "qualified", "fields": {"timing": "Q3", "budget": "yes", "champion": "Dana"}}


async def only(csm: httpx.AsyncClient) -> dict[str, Any]:
    """Return the only lead that is open."""
    (lead,) = (await csm.get("/v1/csqls", params={"open": True})).json()["items"]
    return lead


async def move(
    csm: httpx.AsyncClient, csql_id: str, body: dict[str, Any], tag: str = "*", **headers: str
) -> httpx.Response:
    """Move a lead."""
    return await csm.post(f"/v1/csqls/{csql_id}/transitions", json=body, headers={"If-Match": tag} | headers)
