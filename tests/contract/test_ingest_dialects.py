"""One dialect is one file ending in its row, and every route of a row is served and described."""

from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry

from services.ingest.app import Service
from services.ingest.core import dialects
from services.ingest.core.dialects import DIALECTS, ROUTES
from services.ingest.settings import Settings


def test_every_file_is_a_row_and_every_row_a_file() -> None:
    """A file without a row would be a dialect that nobody can speak."""
    folder = Path(dialects.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert files == {dialect.name for dialect in DIALECTS}


def test_no_two_dialects_share_a_route() -> None:
    """The path alone says which dialect a body is in."""
    assert len(ROUTES) == sum(len(dialect.routes) for dialect in DIALECTS)


def test_every_route_is_described_with_an_example_that_its_dialect_reads(tmp_path: Path) -> None:
    """And with the errors that SDKs must expect."""
    service = Service(Settings(data=tmp_path), CollectorRegistry())
    schema = service.api.openapi()
    for path, (dialect, route) in ROUTES.items():
        described = schema["paths"][path]["post"]
        assert {"200", "400", "401", "413", "415", "429", "503"} <= described["responses"].keys()
        assert described["requestBody"]["content"].keys() == set(route.media_types)
        assert len(dialect.read(msgspec.json.encode(route.example), route).items) == 1
