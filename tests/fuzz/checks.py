"""What must hold for any request whatever: no 500, every event accounted for once, and a log that can be read."""

import msgspec
from hypothesis import strategies as st

from services.ingest.core.validate import UNREADABLE
from shared.kernel.codec import decode_line
from shared.kernel.dead_letters import decode_letter
from shared.kernel.errors import Problem
from shared.kernel.events.envelope import Event
from tests.fuzz.bodies import Case, compressed
from tests.fuzz.edge import Answer, Edge
from tests.support.intake import NOW, PARTITIONS, log_lines, take_in

__all__ = ["check_core", "check_edge"]

EXPECTED = {200, 204, 400, 413}


def check_core(case: Case) -> str:
    """Take a case in without HTTP, and return what became of it."""
    dialect, body = case.dialect, case.body
    if dialect.unwrap is not None:
        body = dialect.unwrap(case.headers[0][1].decode(), case.headers, body)
    try:
        items = len(dialect.read(body, case.route).items)
        intake = take_in(dialect, case.route, body)
    except UNREADABLE:
        return "unreadable"
    lines = log_lines(intake)
    assert len(lines) + intake.silent + len(intake.rejected) == items
    assert case.items is None or dialect.unwrap is not None or items == case.items
    assert len(intake.refused) == len(intake.rejected)
    indices = [rejected.index for rejected in intake.rejected]
    assert indices == sorted(set(indices))
    assert all(0 <= index < items for index in indices)
    for line in lines:
        assert isinstance(line, Event)
        assert line.source == "web"
        assert isinstance(line.occurred_at, int)
        assert line.occurred_at <= NOW + 300_000
    assert set(intake.groups) <= set(range(PARTITIONS))
    return "taken" if lines else "rejected"


def check_edge(edge: Edge, case: Case, draw: st.DataObject) -> str:
    """Send a case as HTTP, compressed or not and in one part or three, and return what became of it."""
    body, encoding = compressed(case.body, draw.draw(st.sampled_from([*[0, 1] * 8, 2, 3])))
    key = (b"authorization", f"Bearer {edge.secret}".encode())
    path = draw.draw(st.sampled_from([case.route.path, *case.route.also]))
    answer = edge.ask(path, body, [key, *case.headers, *encoding], draw.draw(st.sampled_from([1, 3])))
    assert edge.failures == []
    assert answer.status in EXPECTED, answer
    accepted, rejected = _accounted(answer)
    assert len(answer.events) <= accepted
    for line in answer.events:
        event = decode_line(line)
        assert not isinstance(event, Problem), event
    letters = [decode_letter(value) for value in answer.letters]
    assert len(letters) == rejected
    assert {letter.origin for letter in letters} <= {case.route.path, path}
    assert edge.service.desk.budget.used == 0
    return f"{answer.status}"


def _accounted(answer: Answer) -> tuple[int, int]:
    """Return how many events the answer says were accepted and rejected; a refused body is one letter."""
    if answer.status == 204:
        assert answer.body == b""
        return 1_000, 0
    assert answer.headers[b"content-length"] == str(len(answer.body)).encode()
    said = msgspec.json.decode(answer.body)
    if "results" in said:
        return 1_000, len(answer.letters)  # two events of one uuid are one result
    if answer.status != 200:
        assert said["code"]
        assert said["message"]
    if "rejected" in said:
        return said["accepted"], len(said["rejected"])
    assert answer.events == []
    return 0, 1
