"""The three HTTP endpoints of every service: `/healthz`, `/readyz`, `/metrics`."""

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool

from shared.io import metrics
from shared.io.readiness import Readiness, answer

__all__ = ["Readiness", "health_routes"]


def health_routes(readiness: Readiness) -> APIRouter:
    """Return the three endpoints that every service has: `/healthz`, `/readyz` and `/metrics`."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="The process answers")
    async def healthz() -> Response:
        status, body = answer("/healthz", readiness)
        return Response(body, status, media_type="application/json")

    @router.get("/readyz", summary="The service can do its work now; 503 and the reasons when it cannot")
    async def readyz() -> Response:
        await readiness.refresh()
        status, body = answer("/readyz", readiness)
        return Response(body, status, media_type="application/json")

    @router.get("/metrics", summary="Prometheus metrics")
    async def prometheus() -> Response:
        return Response(await run_in_threadpool(metrics.render), media_type=metrics.CONTENT_TYPE)

    return router
