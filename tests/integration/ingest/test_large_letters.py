"""Refused events with values of any length: the letter about each fits into its topic, so ingest goes on."""

import gzip

from tests.support.ingest import IngestProcess, read_letters

LONG = "x" * 4_500_000  # more than the broker takes in one record


async def test_no_refused_event_is_too_large_for_its_letter(own_ingest: IngestProcess) -> None:
    """A record that the broker refuses ends the producer, and with it the process."""
    own_ingest.start()
    ticket = {"type": "ticket.opened", "id": "t", "account_id": "acme"}
    bodies = [
        ("/v1/batch", {"batch": [{"type": "track", "messageId": LONG}]}),
        ("/v1/batch", {"batch": [{"type": "track", "event": LONG}]}),
        ("/v1/track", {"messageId": LONG}),
        ("/v1/events", ticket | {"properties": {"ticket_id": "t", "severity": LONG}}),
        ("/v1/events", ticket | {"id": LONG}),
        ("/v1/events", [{"specversion": LONG, "id": "1", "source": "s", "type": "t"}]),
        ("/api/v1/events", {"specversion": LONG, "id": "1", "source": "s", "type": "t", "subject": "acme"}),
        ("/batch/", {"batch": [{"event": "x", "uuid": LONG, "distinct_id": "ada"}]}),
    ]
    for path, body in bodies:
        answer = own_ingest.post(path, body)
        assert answer.status_code in {200, 400}, answer.text[:300]
        assert len(answer.content) < 2_000
    bomb = gzip.compress(b'{"batch":[' + b"{}," * 1_500_000 + b"{}]}", 1)
    answer = own_ingest.post("/v1/batch", bomb, headers={"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "at most 1000000 values" in answer.json()["message"]
    letters = await read_letters(own_ingest)
    assert len(letters) == len(bodies) + 1
    assert own_ingest.stop() == 0
