"""What notify says of alerts: its deliveries, asked over its API."""

from typing import Any

import httpx

__all__ = ["TOKEN", "deliveries_of"]

TOKEN = "UPSWING_NOTIFY_API_TOKEN"  # noqa: S105 - the name of a setting
PATIENCE_SECONDS = 5.0


async def deliveries_of(address: str, token: str | None, triggers: list[str]) -> dict[str, list[dict[str, Any]]] | str:
    """Return the deliveries of each trigger, or one sentence that says why they cannot be told."""
    if not token:
        return f"set {TOKEN} (or put it into upswing.env of the data folder) to ask notify"
    found: dict[str, list[dict[str, Any]]] = {}
    try:
        async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS, trust_env=False) as client:
            for trigger in triggers:
                answer = await client.get(
                    "/v1/deliveries", params={"trigger_id": trigger}, headers={"Authorization": f"Bearer {token}"}
                )
                answer.raise_for_status()
                found[trigger] = answer.json()["deliveries"]
    except httpx.HTTPError as error:
        return f"notify at {address} did not answer: {error}"
    return found
