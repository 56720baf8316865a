"""What the pages tell people to write can be read by the code that reads it."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from services.ingest.core.dialects import ROUTES
from services.ingest.core.validate import PROPERTIES
from services.notify.channels import BY_KIND
from services.notify.core.route import parse_table
from services.notify.settings import Settings as Notify
from upswing.reference.openapi import openapi_text

DOCS = Path("docs")
CALL = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`?]+)")
HEALTH = {"/healthz", "/readyz", "/metrics"}
BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)


def _blocks(page: str, language: str) -> list[str]:
    return [found["text"] for found in BLOCK.finditer((DOCS / page).read_text()) if found["language"] == language]


def test_the_example_of_a_routes_file_is_one() -> None:
    """Its channels are of kinds that exist, and its routes lead to them."""
    (text,) = _blocks("operations.md", "yaml")
    table = parse_table(yaml.safe_load(text))
    assert {channel["kind"] for channel in table.channels.values()} <= BY_KIND.keys()


def test_the_example_of_notifys_settings_names_settings() -> None:
    """A mistyped name would be ignored without a word."""
    names = {name for text in _blocks("operations.md", "sh") for name in re.findall(r"UPSWING_NOTIFY_(\w+)=", text)}
    assert len(names) > 3
    assert sorted(name for name in names if name.lower() not in Notify.model_fields) == []


@pytest.mark.parametrize("text", [text for text in _blocks("events.md", "sh") if "curl" in text])
def test_each_call_of_curl_goes_to_a_route_with_events_that_are_read(text: str) -> None:
    """The bodies on the command line are taken apart by the dialect of their route."""
    words = shlex.split(text[text.index("curl") :])
    path = next(word.removeprefix("$INGEST") for word in words if word.startswith("$INGEST"))
    dialect, route = ROUTES[path]
    if "-d" in words:
        body = words[words.index("-d") + 1].replace("$KEY", "upw_key")
        reading = dialect.read(body.encode(), route)
        assert not [item for item in reading.items if hasattr(item, "problem")]
        if dialect.name == "native":
            event = json.loads(body)
            PROPERTIES[event["type"]].decode(json.dumps(event["properties"]))


def test_the_page_of_the_apis_names_every_call_and_no_other() -> None:
    """Calls stand in the page's tables as `GET /v1/...`; what is between braces may be called otherwise there."""
    rows = "\n".join(line for line in (DOCS / "api.md").read_text().splitlines() if line.startswith("| `"))
    named = {(method, _plain(path)) for method, path in CALL.findall(rows)}
    there = {
        (method.upper(), _plain(path))
        for service in ("pipeline", "notify")
        for path, methods in json.loads(openapi_text(service))["paths"].items()
        for method in methods
        if path not in HEALTH
    }
    assert named == there


def _plain(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)
