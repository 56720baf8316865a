"""Which parts of which pages are generated, and how they are brought up to date.

A part lies between `<!-- generated: <name> -->` and `<!-- end -->`; the rest of a page is written by hand. OpenAPI
documents are generated as a whole.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from shared.kernel.errors import ConfigurationError
from upswing.reference.events import event_types
from upswing.reference.metrics import metrics
from upswing.reference.openapi import API_SERVICES, openapi_text
from upswing.reference.settings import settings
from upswing.reference.topics import topics
from upswing.reference.tracking import default_rows, default_traits
from upswing.reference.triggers import examples, triggers

__all__ = ["GENERATED", "PARTS", "current_files"]

PARTS: dict[str, Callable[[], str]] = {
    "event types": event_types,
    "topics": topics,
    "settings": settings,
    "metrics": metrics,
    "default rows": default_rows,
    "default traits": default_traits,
    "trigger examples": examples,
    "triggers": triggers,
}
GENERATED = re.compile(r"(<!-- generated: (?P<name>[a-z ]+) -->\n)(?P<text>.*?)(<!-- end -->)", re.DOTALL)


def current_files(docs: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file that holds something generated, with its text as it should be. Errors: `ConfigurationError`."""
    for page in sorted(docs.glob("*.md")):
        text = page.read_text()
        if GENERATED.search(text):
            yield page, GENERATED.sub(_renew, text)
    for service in API_SERVICES:
        yield docs / "schemas" / f"openapi-{service}.json", openapi_text(service)


def _renew(found: re.Match[str]) -> str:
    if found["name"] not in PARTS:
        raise ConfigurationError(f"nothing generated is called {found['name']!r}: there are {', '.join(PARTS)}")
    return f"{found[1]}{PARTS[found['name']]()}\n{found[4]}"
