"""Readiness tells the truth over FastAPI; metrics are named and bounded."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from shared.io import metrics
from shared.io.health import health_routes
from shared.io.readiness import Readiness


def client(readiness: Readiness) -> httpx.AsyncClient:
    """Return a client of a service that has nothing but health."""
    app = FastAPI()
    app.include_router(health_routes(readiness))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")


async def test_a_service_is_ready_when_all_that_is_expected_is_ok_and_says_what_is_missing() -> None:
    """Waiting, ok, failed and ok again."""
    readiness = Readiness()
    async with client(readiness) as service:
        readiness.expect("recovery", "12 pages to go")
        readiness.expect("broker")
        readiness.ok("broker")
        answer = await service.get("/readyz")
        assert answer.status_code == 503
        assert answer.json() == {"ready": False, "checks": {"recovery": "12 pages to go", "broker": "ok"}}
        readiness.ok("recovery")
        assert (await service.get("/readyz")).status_code == 200
        readiness.fail("broker", "lost")
        assert (await service.get("/readyz")).json()["checks"]["broker"] == "lost"
        assert (await service.get("/healthz")).status_code == 200


async def test_a_check_that_holds_is_not_undone_by_expecting_it_again() -> None:
    """Expecting names a check; it does not judge it."""
    readiness = Readiness()
    readiness.ok("broker")
    readiness.expect("broker")
    assert readiness.report() == (True, {"broker": "ok"})


async def test_a_dependency_is_asked_at_each_readyz_but_at_most_once_a_second() -> None:
    """Ready means that it answered just now; a crowd of askers does not hurt it."""
    asked = []
    readiness = Readiness()

    async def probe() -> None:
        asked.append(1)
        raise ConnectionError("refused")

    readiness.probe("database", probe)
    assert readiness.report()[0] is False
    async with client(readiness) as service:
        answers = await asyncio.gather(*(service.get("/readyz") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].json()["checks"] == {"database": "ConnectionError: refused"}
    assert len(asked) == 1


@pytest.mark.parametrize("name", ["events", "Events_in", "events-in", "_in"])
def test_a_metric_is_named_what_and_unit(name: str) -> None:
    """Names that a dashboard cannot guess are refused."""
    with pytest.raises(ValueError, match="what_unit"):
        metrics.counter("ingest", name, "x", registry=CollectorRegistry())


@pytest.mark.parametrize("label", ["account_id", "user", "trigger_id"])
def test_a_label_without_bound_is_refused(label: str) -> None:
    """An account is never a label."""
    with pytest.raises(ValueError, match="labels are bounded"):
        metrics.gauge("ingest", "queue_bytes", "x", [label], registry=CollectorRegistry())
