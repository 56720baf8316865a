"""A short run of the fuzzer: every dialect, in the core and over HTTP. `make fuzz` runs longer ones."""

from collections.abc import Iterator

import pytest

from services.ingest.core.dialect import Dialect
from services.ingest.core.dialects import DIALECTS
from tests.fuzz.__main__ import fuzz
from tests.fuzz.edge import Edge

EXAMPLES = 60


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """The service in this process."""
    served = Edge(tmp_path_factory.mktemp("edge"))
    yield served
    served.close()


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_no_body_breaks_a_promise(dialect: Dialect, edge: Edge) -> None:
    """Never a 500, every event accounted for exactly once, and a log that can be read; some of the bodies are good."""
    core, http = fuzz(dialect, edge, EXAMPLES)
    assert core.total() >= EXAMPLES
    assert core["taken"] > 0
    assert http.keys() <= {"200", "204", "400", "413"}
