"""Whatever lies on the topic, the engine folds on, flushes and starts again; its neighbours count."""

import pytest

from services.signals.core.pages import stamp_of
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, event, playbook

AT = "2026-03-02 10:00"


def engine() -> EngineSubject:
    """Begin a partition under the wide-open gate."""
    return EngineSubject([playbook(WIDE_OPEN)])


def story_of(subject: EngineSubject) -> Story:
    """Begin a story with limits of 10 on a metric and a gauge."""
    story = Story(subject)
    story.ready("2026-03-01 10:00", limits={"api_calls": 10, "storage_gb": 10})
    return story


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("usage.recorded", {"metric": "api_calls", "quantity": 10**15}),
        ("usage.reported", {"metric": "storage_gb", "level": 10**15}),
        ("account.updated", {"limits": {"contacts": 10**15}}),
        ("account.updated", {"seats": 10**20}),
        ("account.updated", {"employees": 10**20}),
        ("account.updated", {"health_score": 10**30}),
        ("account.updated", {"mrr": 10**15}),
    ],
)
def test_integers_beyond_64_bits_are_flushed_and_read_again(kind: str, properties: dict[str, object]) -> None:
    """One such event of one client used to stop its partition for good."""
    subject = engine()
    story = story_of(subject)
    told = story.fold(event(kind, "acme", AT, "huge", properties=properties))
    subject.flush()
    assert subject.restart() == []
    before = subject.snapshots["acme"]
    subject.flush()
    story.tick("2026-03-03 00:00")
    after = subject.snapshots["acme"]
    assert after.facts == before.facts
    assert after.active_triggers == before.active_triggers
    assert len(after.active_triggers) == len(told)


def test_a_page_with_wide_integers_says_its_stamp() -> None:
    """The shell compares stamps without knowing what a page holds."""
    subject = engine()
    story_of(subject).happens(AT, "usage.recorded", metric="api_calls", quantity=10**15)
    groups = subject.engine.take_dirty()
    pages = [page for group in groups for _, page in group if page is not None]
    assert any(page.startswith(b"[") for page in pages)
    assert {stamp_of(page) for page in pages} == {(0, 2)}


DEEP = b'{"type":"session.started","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (DEEP, "unreadable"),
        (b"[" * 100_000, "not_an_object"),
        (b'{"type":' + DEEP + b"}", "unreadable"),
        (b"\xff\xfe", "unreadable"),
        (b'{"type":"session.started","id":"\\ud800"}', "unreadable"),
        (b"null", "not_an_object"),
        (b'{"type":"control.tick","at":99999999999999999}', "out_of_range"),
        (b'{"type":"control.tick","at":-99999999999999999}', "out_of_range"),
        (b'{"type":"control.tick","at":1e400}', "wrong_type"),
        (b'{"type":"control.melt","at":1}', "unknown_type"),
        (event("account.updated", "acme", AT, "bad", properties={"seats": -1}), "out_of_range"),
    ],
)
def test_a_hostile_line_becomes_a_dead_letter_and_its_neighbours_count(line: bytes, reason: str) -> None:
    """Before and after it in the same record lies a good event."""
    subject = engine()
    story = story_of(subject)
    first = story.line(AT, "usage.recorded", metric="api_calls", quantity=3)
    second = story.line(AT, "usage.recorded", metric="api_calls", quantity=4)
    assert story.fold(first, line, second) == ["fired usage_ceiling:api_calls@nurture"]
    assert subject.counts["rejected", reason] == 1
    assert subject.outputs["dead.letters"] == 1


def test_a_carriage_return_within_a_line_is_white_space_also_beside_a_bad_line() -> None:
    """Lines end at a line feed, whatever their neighbours are."""
    subject = engine()
    story = story_of(subject)
    line = story.line(AT, "usage.recorded", metric="api_calls", quantity=7).replace(b",", b",\r")
    assert story.fold(line, b"{") == ["fired usage_ceiling:api_calls@nurture"]
    assert subject.counts["rejected", "unreadable"] == 1
