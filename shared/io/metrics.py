"""Prometheus metrics, named `upswing_<service>_<what>_<unit>`.

Labels are bounded: a rule, a reason, a channel, never an account or a user.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.registry import CollectorRegistry

from shared.io.readiness import Readiness, answer

__all__ = ["CONTENT_TYPE", "MILLISECONDS", "SECONDS", "counter", "gauge", "histogram", "render", "serve"]

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
MILLISECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 5000.0)
SHAPE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
FORBIDDEN_LABELS = frozenset({"account", "account_id", "user", "user_id", "event_id", "trigger_id"})

StartResponse = Callable[[str, Sequence[tuple[str, str]]], Any]


def counter(
    service: str, what_unit: str, doc: str, labels: Sequence[str] = (), registry: CollectorRegistry = REGISTRY
) -> Counter:
    """Return a counter; Prometheus adds `_total` to its name."""
    return Counter(_name(service, what_unit, labels), doc, labels, registry=registry)


def gauge(
    service: str, what_unit: str, doc: str, labels: Sequence[str] = (), registry: CollectorRegistry = REGISTRY
) -> Gauge:
    """Return a gauge."""
    return Gauge(_name(service, what_unit, labels), doc, labels, registry=registry)


def histogram(
    service: str,
    what_unit: str,
    doc: str,
    labels: Sequence[str] = (),
    *,
    buckets: Sequence[float] = SECONDS,
    registry: CollectorRegistry = REGISTRY,
) -> Histogram:
    """Return a histogram. Units: those of its name; the default buckets are seconds."""
    return Histogram(_name(service, what_unit, labels), doc, labels, buckets=buckets, registry=registry)


def render(registry: CollectorRegistry = REGISTRY) -> bytes:
    """Return all metrics of the process as Prometheus' text format; `CONTENT_TYPE` names it."""
    return generate_latest(registry)


def serve(
    port: int, readiness: Readiness, host: str = "127.0.0.1", registry: CollectorRegistry = REGISTRY
) -> WSGIServer:
    """Serve `/healthz`, `/readyz` and `/metrics` from a thread, for a service without HTTP routes of its own.

    Errors: `OSError` when the port is taken. `shutdown()` and `server_close()` on the result end it.
    """
    server = make_server(host, port, _application(readiness, registry), _Server, _Silent)
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


class _Server(ThreadingMixIn, WSGIServer):
    """Answers each request in a thread. Not prometheus-client's own: that one answers metrics to `/readyz` at first."""

    daemon_threads = True


class _Silent(WSGIRequestHandler):
    """Logs nothing: a scrape every few seconds is no news."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the library calls it by
        """Do nothing."""


def _application(readiness: Readiness, registry: CollectorRegistry) -> Callable[..., Iterable[bytes]]:
    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        if path == "/metrics":
            status, kind, body = HTTPStatus.OK, CONTENT_TYPE, render(registry)
        else:
            status, body = answer(path, readiness)
            kind = "application/json"
        start_response(f"{status.value} {status.phrase}", [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    return application


def _name(service: str, what_unit: str, labels: Sequence[str]) -> str:
    name = f"upswing_{service}_{what_unit}"
    if not SHAPE.fullmatch(what_unit):
        raise ValueError(f"a metric is called what_unit, in small letters, got {what_unit!r:.80}")
    if unbounded := FORBIDDEN_LABELS.intersection(labels):
        raise ValueError(f"{name} must not be labelled by {', '.join(sorted(unbounded))}: labels are bounded")
    return name
