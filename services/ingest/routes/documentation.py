"""The hot routes in the OpenAPI document, made from the dialects' rows and the types of the replies."""

from typing import Any

import msgspec
from fastapi import FastAPI

from services.ingest.core.dialect import Dialect, Route
from services.ingest.core.dialects import DIALECTS
from services.ingest.desk import Reply
from services.ingest.refusal import ErrorBody

__all__ = ["document"]

ERRORS = {
    "400": "The body cannot be read; nothing was taken",
    "401": "The write key is missing or not valid",
    "408": "The body did not arrive in time",
    "413": "The body is too large, as it was sent or inflated",
    "415": "The body is no JSON, or not compressed with gzip",
    "429": "The write key's quota is used up; see Retry-After",
    "503": "The broker did not acknowledge, or too much is under way; see Retry-After",
}
REF = "#/components/schemas/{name}"


def document(app: FastAPI) -> None:
    """Make the application describe the hot routes too."""
    plain = app.openapi

    def with_hot_routes() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = plain()
            _replies, parts = msgspec.json.schema_components([Reply, ErrorBody], ref_template=REF)
            schema.setdefault("components", {}).setdefault("schemas", {}).update(parts)
            schema["components"]["securitySchemes"] = {
                "basic": {"type": "http", "scheme": "basic", "description": "The write key as the user name"},
                "bearer": {"type": "http", "scheme": "bearer", "description": "The write key"},
            }
            for dialect in DIALECTS:
                for route in dialect.routes:
                    schema["paths"][route.path] = {"post": _describe(dialect, route)}
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = with_hot_routes  # type: ignore[method-assign]  # FastAPI documents this way of extending the schema


def _describe(dialect: Dialect, route: Route) -> dict[str, Any]:
    content = {media: {"schema": {}, "example": route.example} for media in route.media_types}
    responses = {status: _response(what, "ErrorBody") for status, what in ERRORS.items()}
    responses["200"] = _response("Taken: every event is in the log, or listed under `rejected`", "Reply")
    return {
        "tags": [dialect.name],
        "summary": route.summary,
        "description": dialect.what,
        "operationId": route.path.strip("/").replace("/", "_"),
        "security": [{"basic": []}, {"bearer": []}, {}],
        "requestBody": {"required": True, "content": content},
        "responses": dict(sorted(responses.items())),
    }


def _response(what: str, schema: str) -> dict[str, Any]:
    return {"description": what, "content": {"application/json": {"schema": {"$ref": REF.format(name=schema)}}}}
