"""The hot routes in the OpenAPI document, made from the dialects' rows and the types of the replies."""

from typing import Any

import msgspec
from fastapi import FastAPI

from services.ingest.core.dialect import Dialect, Route
from services.ingest.core.dialects import DIALECTS
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
BODIES = [ErrorBody, *dict.fromkeys(body for dialect in DIALECTS for _, _, body in dialect.answers if body)]
REF = "#/components/schemas/{name}"


def document(app: FastAPI) -> None:
    """Make the application describe the hot routes too."""
    plain = app.openapi

    def with_hot_routes() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = plain()
            _replies, parts = msgspec.json.schema_components(BODIES, ref_template=REF)
            schema.setdefault("components", {}).setdefault("schemas", {}).update(parts)
            schema["components"]["securitySchemes"] = {
                "basic": {"type": "http", "scheme": "basic", "description": "The write key as the user name"},
                "bearer": {"type": "http", "scheme": "bearer", "description": "The write key"},
            }
            for dialect in DIALECTS:
                for route in dialect.routes:
                    there = schema["paths"].setdefault(route.path, {}).get("post")
                    described = _describe(dialect, route)
                    schema["paths"][route.path]["post"] = described if there is None else _joined(there, described)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = with_hot_routes  # type: ignore[method-assign]  # FastAPI documents this way of extending the schema


def _describe(dialect: Dialect, route: Route) -> dict[str, Any]:
    content = {media: {"schema": {}, "example": _example(media, route)} for media in route.media_types}
    said = [(status, what, ErrorBody) for status, what in ERRORS.items()]
    responses = {status: _response(status, [*dialect.answers, *said]) for status, _, _ in [*dialect.answers, *said]}
    also = f" Also at {', '.join(route.also)}." if route.also else ""
    return {
        "tags": [dialect.name],
        "summary": route.summary,
        "description": dialect.what + also,
        "operationId": route.path.strip("/").replace("/", "_"),
        "security": [{"basic": []}, {"bearer": []}, {}],
        "requestBody": {"required": True, "content": content},
        "responses": dict(sorted(responses.items())),
    }


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Describe a path at which two dialects are served: what the first says stands where both say something."""
    content = other["requestBody"]["content"] | one["requestBody"]["content"]
    return one | {
        "tags": one["tags"] + other["tags"],
        "description": f"{one['description']} {other['description']}",
        "requestBody": one["requestBody"] | {"content": content},
    }


def _example(media_type: str, route: Route) -> Any:
    return [route.example] if "-batch+" in media_type else route.example


def _response(status: str, answers: list[tuple[str, str, type | None]]) -> dict[str, Any]:
    """Describe the answers of one status; where there are several bodies it is one of them."""
    given = [(what, body) for each, what, body in answers if each == status]
    bodies = [{"$ref": REF.format(name=body.__name__)} for _, body in given if body]
    said = {"description": "; or ".join(dict.fromkeys(what for what, _ in given))}
    if not bodies:
        return said
    schema = bodies[0] if len(bodies) == 1 else {"oneOf": bodies}
    return said | {"content": {"application/json": {"schema": schema}}}
