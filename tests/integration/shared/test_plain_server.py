"""Readiness and metrics over the plain server, which services without a web framework have."""

import asyncio

import httpx
from prometheus_client import CollectorRegistry

from deploy.local.ports import free_port
from shared.io import metrics
from shared.io.readiness import Readiness


async def test_metrics_are_served_beside_health_without_fastapi() -> None:
    """The signals service has no web framework."""
    registry = CollectorRegistry()
    metrics.counter("signals", "records_in", "Records read.", registry=registry).inc(3)
    readiness = Readiness()
    readiness.expect("assignment")
    port = free_port()
    server = await asyncio.to_thread(metrics.serve, port, readiness, registry=registry)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as service:
        assert "upswing_signals_records_in_total 3.0" in (await service.get("/metrics")).text
        assert (await service.get("/readyz")).status_code == 503
        readiness.ok("assignment")
        assert (await service.get("/readyz")).status_code == 200
        assert (await service.get("/healthz")).json() == {"status": "ok"}
        assert (await service.get("/")).json()["code"] == "not_found"
    server.shutdown()
    server.server_close()
