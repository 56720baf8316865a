"""The running product as init talks to it: write keys, people and leads, each door with its own key.

Errors: `DependencyError`, one sentence, when a service does not answer or refuses.
"""

import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import msgspec
from sqlalchemy.exc import SQLAlchemyError

from deploy.local.settings import SERVICES, LocalSettings
from services.pipeline import security
from services.pipeline.repository import tokens
from shared.io.database import make_engine, make_sessions
from shared.kernel.errors import DependencyError
from shared.kernel.people import Person

__all__ = ["Site", "open_site"]

ANSWER_SECONDS = 15.0
OPEN_LEADS = 50
NO_NEED = "no_need"


class Site:
    """One running stack. Shape: `write_key` sends events, `notify_token` reads deliveries."""

    def __init__(self, settings: LocalSettings, api: httpx.AsyncClient, write_key: str, notify_token: str) -> None:
        self.settings, self._api = settings, api
        self.write_key, self.notify_token = write_key, notify_token

    async def not_ready(self) -> list[str]:
        """Return a sentence for each service that cannot do its work now."""
        return [why for service in SERVICES if (why := await self._trouble(service))]

    async def send(self, events: Sequence[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        """Send events through ingest's door, as any client does; return the status and the answer."""
        answer = await self._call(
            "ingest", "POST", "/v1/events", json=list(events), auth=httpx.BasicAuth(self.write_key, "")
        )
        return answer.status_code, self._said("ingest", answer)

    async def put_people(self, people: Sequence[Person]) -> int:
        """Add people to the list of who is who, each under its id; return how many there are."""
        known = {row["person_id"]: row for row in (await self._pipeline("GET", "/v1/people"))["people"]}
        for person in people:
            given = {name: value for name, value in msgspec.to_builtins(person).items() if value not in (None, [])}
            merged = known.get(person.person_id, {}) | given
            merged["roles"] = sorted({*known.get(person.person_id, {}).get("roles", ()), *person.roles})
            known[person.person_id] = merged
        await self._pipeline("PUT", "/v1/people", json={"people": list(known.values())})
        return len(known)

    async def leads(self, account_id: str) -> list[dict[str, Any]]:
        """Return the leads of an account."""
        found = await self._pipeline("GET", "/v1/csqls", params={"account_id": account_id, "limit": OPEN_LEADS})
        items: list[dict[str, Any]] = found["items"]
        return items

    async def close_lead(self, lead: dict[str, Any]) -> None:
        """Disqualify a lead of the test."""
        codes: list[str] = next((row["reason_codes"] for row in lead["moves"] if row["to"] == "disqualified"), [])
        reason = NO_NEED if NO_NEED in codes or not codes else codes[0]
        body = {"to": "disqualified", "reason_code": reason}
        path = f"/v1/csqls/{lead['csql_id']}/transitions"
        await self._pipeline("POST", path, json=body, headers={"If-Match": "*"})

    async def _trouble(self, service: str) -> str | None:
        try:
            answer = await self._call(service, "GET", "/readyz")
        except DependencyError as error:
            return str(error)
        if answer.is_success:
            return None
        try:
            checks: dict[str, str] = self._said(service, answer).get("checks", {})
        except DependencyError as error:
            return str(error)
        return f"{service}: " + "; ".join(f"{name}: {why}" for name, why in checks.items() if why != "ok")

    async def _pipeline(self, method: str, path: str, **more: Any) -> Any:
        answer = await self._call("pipeline", method, path, **more)
        if answer.is_error:
            raise DependencyError(f"the pipeline refused {method} {path} ({answer.status_code}): {answer.text[:300]}")
        return self._said("pipeline", answer)

    def _said(self, service: str, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError:
            where = f"{self.settings.url(service)} ({answer.status_code}, {answer.text[:60]!r})"
            raise DependencyError(f"it is not {service} that answers at {where}: is its port another one?") from None

    async def _call(self, service: str, method: str, path: str, **more: Any) -> httpx.Response:
        url = self.settings.url(service)
        try:
            return await self._api.request(method, url + path, **more)
        except httpx.HTTPError as error:
            raise DependencyError(f"{service} does not answer at {url} ({type(error).__name__})") from error


@contextlib.asynccontextmanager
async def open_site(settings: LocalSettings, database: str, write_key: str, notify_token: str) -> AsyncIterator[Site]:
    """Give the site, with an API token of its own that is revoked at the end."""
    engine = make_engine(database)
    try:
        try:
            async with make_sessions(engine).begin() as session:
                token_id, token = security.issue(session, "upswing init", "admin", _now())
        except (SQLAlchemyError, OSError) as error:
            raise DependencyError(f"no migrated database answers at {engine.url}: is the stack running?") from error
        try:
            headers = {"Authorization": f"Bearer {token}"}
            async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=ANSWER_SECONDS) as api:
                yield Site(settings, api, write_key, notify_token)
        finally:
            async with make_sessions(engine).begin() as session:
                await tokens.revoke(session, token_id, _now())
    finally:
        await engine.dispose()


def _now() -> int:
    return time.time_ns() // 1_000_000
