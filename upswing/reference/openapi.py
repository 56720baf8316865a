"""The OpenAPI documents of the services with an API, made from their applications without starting them."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from deploy.local.settings import DEFAULT_PLAYBOOK
from services.ingest.app import Service as Ingest
from services.ingest.settings import Settings as IngestSettings
from services.notify import app as notify
from services.pipeline import app as pipeline
from shared.io.readiness import Readiness

__all__ = ["API_SERVICES", "openapi_text"]


def _ingest() -> FastAPI:
    with TemporaryDirectory() as folder:
        settings = IngestSettings(data=Path(folder), playbook=DEFAULT_PLAYBOOK)
        return Ingest(settings, CollectorRegistry()).api


def _pipeline() -> FastAPI:
    return pipeline.make_app(cast("Any", None), Readiness())  # a desk is only needed once a request comes


def _notify() -> FastAPI:
    parts: Any = SimpleNamespace(readiness=Readiness(), desk=None)  # as above
    return notify.make_app(parts)


API_SERVICES: dict[str, Callable[[], FastAPI]] = {"ingest": _ingest, "pipeline": _pipeline, "notify": _notify}


def openapi_text(service: str) -> str:
    """Return the OpenAPI document of a service, as it lies in `docs/schemas/openapi-<service>.json`."""
    return json.dumps(API_SERVICES[service]().openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
