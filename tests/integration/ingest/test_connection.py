"""One connection as clients use it: in pieces, several requests ahead, closed early; the same answers on both ways.

A request that is all there in one read goes the short way, any other the long one. These tests hold uvicorn to what
`routes.connection` leans on.
"""

import json
import secrets
import socket
import time
from collections.abc import Iterator

import pytest

from services.ingest.routes.connection import MOST_HEAD_BYTES
from tests.support.ingest import IngestProcess, read_events

OLD, CHUNKED = "HTTP/1.0", "Transfer-Encoding: chunked"


class Client:
    """A plain connection, which reads one answer at a time."""

    def __init__(self, ingest: IngestProcess) -> None:
        self._socket = socket.create_connection(("127.0.0.1", ingest.port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._left = b""

    def send(self, *pieces: bytes) -> None:
        """Send pieces, each of which the service reads by itself."""
        for number, piece in enumerate(pieces):
            if number:
                time.sleep(0.05)
            self._socket.sendall(piece)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of the next answer."""
        while b"\r\n\r\n" not in self._left:
            self._more()
        head, _, self._left = self._left.partition(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
        length = int(headers.get("content-length", 0))
        while len(self._left) < length:
            self._more()
        body, self._left = self._left[:length], self._left[length:]
        return int(first.split()[1]), headers, body

    def closed(self) -> bool:
        """Whether the service closes the connection without another word."""
        return self._left == b"" and self._socket.recv(1) == b""

    def close(self) -> None:
        """Go away."""
        self._socket.close()

    def _more(self) -> None:
        part = self._socket.recv(65_536)
        assert part, "closed"
        self._left += part


@pytest.fixture
def client(ingest: IngestProcess) -> Iterator[Client]:
    """A fresh connection."""
    one = Client(ingest)
    yield one
    one.close()


def _request(
    ingest: IngestProcess,
    *ids: str,
    path: str = "/v1/batch",
    method: str = "POST",
    version: str = "HTTP/1.1",
    **more: str,
) -> bytes:
    calls = [
        {"type": "track", "event": "session.started", "messageId": each, "context": {"groupId": "acme"}} for each in ids
    ]
    body = json.dumps({"batch": calls, "writeKey": ingest.key}).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))} | more
    lines = [f"{method} {path} {version}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _fresh() -> str:
    return secrets.token_hex(6)


def test_a_request_in_pieces_is_answered_as_one_in_one_piece(ingest: IngestProcess, client: Client) -> None:
    """Wherever it is cut: before, in and after the headers."""
    whole = _request(ingest, _fresh(), Host="x")
    client.send(whole)
    expected = client.answer()
    assert (expected[0], json.loads(expected[2])) == (200, {"accepted": 1, "duplicates": 0, "rejected": []})
    head = whole.index(b"\r\n\r\n") + 4
    for cut in (1, 10, head - 2, head, head + 7, len(whole) - 1):
        request = _request(ingest, _fresh(), Host="x")
        client.send(request[:cut], request[cut:])
        status, headers, body = client.answer()
        assert (status, body) == (expected[0], expected[2])
        assert headers.keys() == expected[1].keys()


def test_requests_sent_ahead_are_answered_in_their_order(ingest: IngestProcess, client: Client) -> None:
    """However they are mixed with others, and cut."""
    ids = [_fresh() for _ in range(4)]
    one, two, three, four = (_request(ingest, *ids[: number + 1]) for number in range(4))
    health = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    client.send(one + two + health + three + four[:50], four[50:] + health)
    taken = [client.answer() for _ in range(6)]
    assert [status for status, _, _ in taken] == [200] * 6
    counts = [json.loads(body).get("accepted") for _, _, body in taken]
    assert counts == [1, 2, None, 3, 4, None]


async def test_what_is_answered_is_in_the_log_once(ingest: IngestProcess) -> None:
    """On both ways, with requests sent ahead."""
    client, ids = Client(ingest), [_fresh() for _ in range(20)]
    requests = b"".join(_request(ingest, each) for each in ids)
    client.send(requests[:700], requests[700:])
    assert [client.answer()[0] for _ in ids] == [200] * len(ids)
    client.close()
    found = [event["id"] for event in await read_events(ingest)]
    assert [found.count(each) for each in ids] == [1] * len(ids)


@pytest.mark.parametrize("more", [{"Connection": "close"}, {"version": OLD}])
def test_a_client_that_wants_the_connection_closed_has_it_closed(
    ingest: IngestProcess, client: Client, more: dict[str, str]
) -> None:
    """After the answer, which says so."""
    client.send(_request(ingest, _fresh(), **more))
    status, headers, _ = client.answer()
    assert (status, headers["connection"]) == (200, "close")
    assert client.closed()


def test_a_body_in_chunks_and_one_that_is_asked_for_are_taken(ingest: IngestProcess, client: Client) -> None:
    """As `curl` sends large ones."""
    head, _, body = _request(ingest, _fresh()).partition(b"\r\n\r\n")
    chunked = b"\r\n".join([*(line for line in head.split(b"\r\n") if b"Length" not in line), CHUNKED.encode()])
    client.send(chunked + b"\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
    assert client.answer()[0] == 200
    client.send(head + b"\r\nExpect: 100-continue\r\n\r\n")
    assert client.answer()[0] == 100
    client.send(body)
    assert client.answer()[0] == 200


def test_other_methods_and_paths_go_the_usual_way(ingest: IngestProcess, client: Client) -> None:
    """And leave the connection as it was."""
    client.send(_request(ingest, _fresh(), method="PUT"))
    assert client.answer()[0] == 405
    client.send(_request(ingest, _fresh(), path="/v1/batch?x=1"))
    assert client.answer()[0] == 200
    client.send(_request(ingest, _fresh(), path="/nowhere"))
    assert client.answer()[0] == 404
    client.send(_request(ingest, _fresh(), Content_Type="text/csv"))
    assert client.answer()[0] == 415
    client.send(_request(ingest, _fresh()))
    assert client.answer()[0] == 200


def test_what_is_no_http_is_refused_and_the_connection_closed(ingest: IngestProcess, client: Client) -> None:
    """Also behind a request that is under way, and in the middle of one."""
    client.send(_request(ingest, _fresh())[:60] + b"\x00\x01\r\n\r\n\r\nwhat is this\r\n\r\n")
    assert client.answer()[0] == 400
    assert client.closed()
    assert ingest.answers("/healthz")


@pytest.mark.parametrize("begin", [b"POST /v1/batch HTTP/1.1\r\nX-Long: ", b"POST /"])
def test_headers_without_end_are_refused_and_the_connection_closed(
    ingest: IngestProcess, client: Client, begin: bytes
) -> None:
    """Before a key is seen, so nobody may fill the memory with them."""
    client.send(_request(ingest, _fresh()))
    assert client.answer()[0] == 200
    client.send(begin + b"x" * MOST_HEAD_BYTES)
    status, _, body = client.answer()
    assert (status, b"too long" in body) == (400, True)
    assert client.closed()


def test_a_client_that_goes_away_leaves_nothing_behind(ingest: IngestProcess) -> None:
    """Neither before nor after its body is there."""
    for cut in (1, 60, None):
        client = Client(ingest)
        client.send(_request(ingest, _fresh())[:cut])
        client.close()
    ingest.wait_for(lambda: ingest.metric("upswing_ingest_in_flight_bytes") == 0, 10)
    assert ingest.answers("/healthz")


def test_a_stop_answers_what_is_under_way_and_closes_idle_connections(own_ingest: IngestProcess) -> None:
    """The answer says that the connection ends."""
    own_ingest.start()
    idle, busy = Client(own_ingest), Client(own_ingest)
    idle.send(_request(own_ingest, _fresh()))
    assert idle.answer()[0] == 200
    request = _request(own_ingest, *(_fresh() for _ in range(500)))
    busy.send(request[:100], request[100:])
    assert own_ingest.process
    own_ingest.process.terminate()
    assert busy.answer()[0] == 200
    assert idle.closed()
    assert busy.closed()
    idle.close()
    busy.close()
    assert own_ingest.process.wait(20) == 0
