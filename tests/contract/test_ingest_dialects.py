"""One dialect is one file ending in its row, and every route of a row is served and described."""

from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry

from services.ingest.app import Service
from services.ingest.core import dialects
from services.ingest.core.dialects import CLAIMS, DIALECTS, ROUTES
from services.ingest.settings import Settings


def test_every_file_is_a_row_and_every_row_a_file() -> None:
    """A file without a row would be a dialect that nobody can speak."""
    folder = Path(dialects.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert files == {dialect.name for dialect in DIALECTS}


def test_at_every_path_it_is_clear_which_dialect_serves() -> None:
    """The path says it; where two share one, the other claims its requests or only lends its name to the metrics."""
    for dialect in DIALECTS:
        for route in dialect.routes:
            for path in (route.path, *route.also):
                served = ROUTES[path] == (dialect, route)
                assert served or CLAIMS.get(path) == (dialect, route) or dialect.recognises


def test_every_route_is_described_with_an_example_that_its_dialect_reads(tmp_path: Path) -> None:
    """And with the errors that SDKs must expect."""
    service = Service(Settings(data=tmp_path), CollectorRegistry())
    schema = service.api.openapi()
    for dialect in DIALECTS:
        for route in dialect.routes:
            described = schema["paths"][route.path]["post"]
            assert {"400", "401", "413", "415", "429", "503"} <= described["responses"].keys()
            assert {status for status, _, _ in dialect.answers} <= described["responses"].keys()
            assert set(route.media_types) <= described["requestBody"]["content"].keys()
            assert dialect.name in described["tags"]
            assert len(dialect.read(msgspec.json.encode(route.example), route).items) == 1
