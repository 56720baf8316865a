"""The snippets of `docs/clients.md`, run as they stand there, with the address and the key of a running service."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.ingest import IngestProcess, read_events

BLOCK = re.compile(
    r"^## (?P<title>[^\n]+)\n(?:(?!^## ).)*?^```(?P<language>python|sh)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL
)
SNIPPETS = [
    pytest.param(found["language"], found["text"], id=found["title"])
    for found in BLOCK.finditer(Path("docs/clients.md").read_text())
]
QUIET = {"NO_PROXY": "*", "PYTHONWARNINGS": "ignore"}


def test_every_client_has_a_snippet() -> None:
    """Six clients, six snippets."""
    assert len(SNIPPETS) == 6


@pytest.mark.parametrize(("language", "text"), SNIPPETS)
async def test_the_snippet_sends_what_it_says(ingest: IngestProcess, language: str, text: str) -> None:
    """At the first attempt, and the events of its account are in the log."""
    before = ingest.metric("upswing_ingest_http_requests_total")
    taken = sum(ingest.by_label("upswing_ingest_http_requests_total", "status").get(each, 0) for each in ("200", "204"))
    (account,) = set(re.findall(r"\w+-ltd", text))
    code = text.replace("upw_...", ingest.key).replace("http://127.0.0.1:8080", ingest.url)
    command = [sys.executable, "-c", code] if language == "python" else ["bash", "-euc", code]
    environment = os.environ | QUIET | {"KEY": ingest.key, "INGEST": ingest.url}
    done = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [event["account_id"] for event in await read_events(ingest)].count(account) >= 1
    now = ingest.by_label("upswing_ingest_http_requests_total", "status")
    given = ingest.metric("upswing_ingest_http_requests_total") - before
    assert 1 <= given <= 2
    assert now.get("200", 0) + now.get("204", 0) - taken == given
