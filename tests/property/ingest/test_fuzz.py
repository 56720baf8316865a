"""A short run of the fuzzer: every dialect, in the core and over HTTP. `make fuzz` runs longer ones."""

import contextlib
import time
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.core.cutting import MOST_ITEMS, TooManyError
from services.ingest.core.dialect import Dialect
from services.ingest.core.dialects import DIALECTS, ROUTES
from services.ingest.core.validate import UNREADABLE
from tests.fuzz.__main__ import fuzz
from tests.fuzz.edge import Edge
from tests.support.intake import take_in

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


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [b"content-type", b"content-encoding", b"content-length", b"authorization", b"ce-specversion", b"ce-type"]
        ),
        st.sampled_from(
            [b"", b"gzip", b"Basic \xff", b"Basic Og==", b"Bearer ", b"Bearer \xe9", b"-1", b"\xb2", b"1e9", b";"]
        )
        | st.binary(max_size=20),
    ),
    max_size=4,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(sorted(ROUTES)), headers=HEADERS, keyed=st.booleans(), body=st.binary(max_size=40))
def test_no_header_breaks_a_promise(
    edge: Edge, path: str, headers: list[tuple[bytes, bytes]], keyed: bool, body: bytes
) -> None:
    """Whatever the bytes of a header are, the answer is one that SDKs know."""
    key = [(b"authorization", f"Bearer {edge.secret}".encode())] if keyed else []
    answer = edge.ask(path, body, [*headers, *key])
    assert answer.status in {200, 204, 400, 401, 413, 415}
    if answer.status >= 400:
        assert {"code", "message"} <= msgspec.json.decode(answer.body).keys()
    assert edge.failures == []


SIZE = 60_000
HOSTILE = {
    "escaped quotes": b'{"' + b'\\"' * SIZE,
    "escaped quotes in an array": b'["\\q", "' + b'\\"' * SIZE,
    "quotes": b"{" + b'"' * SIZE,
    "backslashes": b'{"' + b"\\" * SIZE,
    "openings": b"[" * SIZE,
    "objects": b'{"a":' * SIZE,
    "commas": b"[" + b"," * SIZE,
    "batches": b'{"batch":[' * SIZE,
    "names of a batch": b"{" + b'"batch":' * SIZE,
    "blanks": b'{"batch"' + b" " * SIZE,
    "digits": b'{"batch":[{"event":"X","distinct_id":"a","properties":{"x":' + b"9" * SIZE + b"}}]}",
    "lines": b"{\n" * (SIZE // 10),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_no_body_takes_longer_than_its_length_allows(body: bytes) -> None:
    """What takes a minute instead of a millisecond would stop every other client's requests."""
    for dialect in DIALECTS:
        began = time.process_time()
        with contextlib.suppress(*UNREADABLE):
            take_in(dialect, dialect.routes[0], body)
        assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"1," * MOST_ITEMS + b"1]",
        b'["\\q",' + b"1," * MOST_ITEMS + b"1]",
        b"1\n" * (MOST_ITEMS + 1),
        b"[" + b'{"id":"1","type":"x"},' * MOST_ITEMS + b'{"id":"1","type":"x"}]',
    ],
)
def test_more_events_than_are_taken_at_once_are_refused_before_each_is_looked_at(body: bytes) -> None:
    """However they are written."""
    dialect, route = ROUTES["/v1/events"]
    with pytest.raises(TooManyError, match="at most 50000 events"):
        dialect.read(body, route)
