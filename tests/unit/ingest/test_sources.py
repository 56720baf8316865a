"""What all processes know of the sources: folded from tallies, claimed once, told once, the same for everybody."""

import msgspec
import pytest

from services.ingest.core.silence import Yardstick
from services.ingest.core.sources import CLAIM_MS, GRACE_MS, RENEWED_MS, Sources, control_of
from services.ingest.core.traffic import LONGEST_GAP_MS, Traffic
from shared.kernel.clock import DAY_MS, HOUR_MS, MINUTE_MS
from shared.kernel.tallies import (
    LISTENING,
    SourceTally,
    Tally,
    TrafficTally,
    UnmappedTally,
    decode_tally,
    encode_tally,
    tally_key,
)

WEEK = Yardstick(days=7, silent_hours=1, missed_events=10, pauses=2)
BEGIN = 480_000 * HOUR_MS
STOPPED = BEGIN + 8 * DAY_MS  # the first hour without an event
NOW = STOPPED + HOUR_MS + GRACE_MS
WEB = frozenset({"web"})


def past(until: int = STOPPED, source: str = "web", process: str = "a") -> list[Tally]:
    """Return a steady past, and hours of listening that go on."""
    hours = range(BEGIN, until, HOUR_MS)
    heard = [TrafficTally(process=process, source=source, hour=hour, count=50, at=hour + 7) for hour in hours]
    open_ = range(BEGIN, STOPPED + 30 * DAY_MS, HOUR_MS)
    return heard + [TrafficTally(process=process, source=LISTENING, hour=hour, count=60, at=hour) for hour in open_]


def knowing(*tallies: Tally) -> Sources:
    """Return what is known after these."""
    sources = Sources(WEEK)
    for tally in tallies:
        sources.take(tally)
    return sources


def found(sources: Sources, now_ms: int = NOW, process: str = "a") -> list[SourceTally]:
    """Return the changes of sources with a key."""
    return sources.changes(WEB, process, now_ms)


def told(change: SourceTally) -> SourceTally:
    """Return a change that is in the log."""
    return msgspec.structs.replace(change, told=True)


def test_a_silence_is_found_when_its_hour_is_surely_over() -> None:
    """Counts of the last minute may still be on their way."""
    sources = knowing(*past())
    assert found(sources, NOW - 1) == []
    (change,) = found(sources)
    assert (change.source, change.silent, change.at, change.told) == ("web", True, STOPPED + HOUR_MS, False)
    assert (change.last_heard_at, change.usual_per_hour) == (STOPPED - HOUR_MS + 7, 50.0)
    assert (change.missed_hours, change.missed_events) == (1, 50)


def test_the_same_record_twice_and_other_processes_make_no_difference() -> None:
    """Counts replace one another by process and hour, and are summed over processes."""
    once, again = knowing(*past()), knowing(*past(), *past(), *past())
    assert found(once) == found(again)
    names = UnmappedTally(process="a", source="web", day=1, name="Seen", count=9, since=NOW, until=NOW)
    (change,) = found(knowing(*past(process="a"), *past(process="b"), names))
    assert change.usual_per_hour == 100.0


def test_a_source_without_a_key_is_missed_by_nobody() -> None:
    """And one that never sent is nobody at all."""
    assert knowing(*past(source="gone")).changes(WEB, "a", NOW) == []
    assert found(knowing()) == []
    assert found(knowing(SourceTally(process="b", source="web", silent=False, at=1, claimed_at=1, told=True))) == []


def test_the_first_claim_counts_until_its_process_is_given_up() -> None:
    """Another process waits for it half a minute, then claims in its place."""
    sources = knowing(*past())
    (mine,), (theirs,) = found(sources, NOW + 5, "a"), found(sources, NOW, "b")
    assert sources.claim_of(mine) is None
    sources.take(theirs)
    sources.take(mine)
    assert sources.claim_of(mine) == theirs
    (later,) = found(sources, NOW + CLAIM_MS, "a")
    assert sources.claim_of(later) is None
    sources.take(later)
    assert sources.claim_of(later) == later


def test_what_is_told_is_not_found_again() -> None:
    """Neither now nor later, nor by a process that starts anew; what comes late is nothing."""
    sources = knowing(*past())
    (change,) = found(sources)
    sources.take(change)
    sources.take(told(change))
    assert sources.claim_of(change) is None
    assert found(sources) == found(sources, NOW + 20 * DAY_MS) == []
    sources.take(change)
    assert [known.claim for name, known in sources if name == "web"] == [None]
    older = msgspec.structs.replace(change, at=change.at - 1, silent=False, told=True)
    sources.take(older)
    assert [known.silent for _, known in sources] == [True]


def test_it_is_heard_again_with_the_first_event_and_may_fall_silent_once_more() -> None:
    """Whoever counted the event; an event from before the silence was decided does not end it."""
    sources = knowing(*past())
    sources.take(told(found(sources)[0]))
    sources.take(TrafficTally(process="b", source="web", hour=STOPPED, count=1, at=STOPPED + HOUR_MS))
    assert found(sources) == []
    at = STOPPED + 3 * HOUR_MS + 5
    sources.take(TrafficTally(process="b", source="web", hour=STOPPED + 3 * HOUR_MS, count=1, at=at))
    (heard,) = found(sources, at + 1)
    assert (heard.silent, heard.at, heard.last_heard_at) == (False, at, at)
    sources.take(heard)
    assert sources.claim_of(heard) == heard
    sources.take(told(heard))
    assert found(sources, at + 1) == []
    (again,) = found(sources, at + 3 * HOUR_MS)
    assert again.silent
    assert again.at > at


def test_a_silent_source_whose_key_is_revoked_is_given_up() -> None:
    """The alert must not stand for ever."""
    sources = knowing(*past())
    sources.take(told(found(sources)[0]))
    (change,) = sources.changes(frozenset(), "a", NOW + DAY_MS)
    assert (change.silent, change.at) == (False, NOW + DAY_MS)
    sources.take(told(change))
    assert sources.changes(frozenset(), "a", NOW + DAY_MS) == found(sources, NOW + DAY_MS) == []


def test_a_claim_of_a_change_that_is_over_gives_way_to_another() -> None:
    """It was claimed silent, and is heard before anybody told it."""
    sources = knowing(*past())
    (silent,) = found(sources)
    sources.take(silent)
    heard = msgspec.structs.replace(silent, silent=False, at=silent.at + 5)
    assert sources.claim_of(heard) is None
    sources.take(heard)
    assert sources.claim_of(heard) == heard
    sources.take(told(msgspec.structs.replace(silent, at=silent.at + 2)))
    assert sources.claim_of(heard) == heard


def test_what_the_topic_would_forget_is_written_again() -> None:
    """Silences only: a source that is heard writes by itself."""
    sources = knowing(*past())
    (change,) = found(sources)
    sources.take(told(change))
    assert sources.to_renew(NOW + RENEWED_MS) == []
    (again,) = sources.to_renew(NOW + RENEWED_MS + 1)
    assert (again.told, again.at, again.claimed_at) == (True, change.at, NOW + RENEWED_MS + 1)
    sources.take(again)
    assert sources.to_renew(NOW + RENEWED_MS + 1) == []


def test_old_hours_are_forgotten_and_what_is_told_stays() -> None:
    """Three weeks and two days are kept."""
    sources = knowing(*past())
    sources.take(told(found(sources)[0]))
    sources.forget(NOW + 60 * DAY_MS)
    assert [known.heard() for _, known in sources] == [{}]
    assert [known.silent for _, known in sources] == [True]


def test_the_control_record_says_what_was_found() -> None:
    """Every field of it."""
    (change,) = found(knowing(*past()))
    said = msgspec.structs.asdict(control_of(change))
    assert said == {name: getattr(change, name) for name in said}


@pytest.mark.parametrize("is_told", [True, False])
def test_a_change_is_kept_under_its_source_and_apart_from_its_claim(is_told: bool) -> None:
    """Compaction keeps the latest of both."""
    tally = SourceTally(process="p", source="web", silent=True, at=5, claimed_at=9, told=is_told)
    assert decode_tally(encode_tally(tally)) == tally
    assert tally_key(tally) == (b'["source","web","told"]' if is_told else b'["source","web","claimed"]')


def test_a_process_counts_by_hour_and_says_what_has_changed() -> None:
    """Cumulative within the hour; nothing twice."""
    traffic = Traffic("p")
    traffic.add("web", 3, BEGIN + 5)
    traffic.add("web", 0, BEGIN + 6)
    traffic.add("web", 2, BEGIN + 4)
    traffic.add("ios", 1, BEGIN + HOUR_MS)
    one, two = sorted(traffic.changed(BEGIN + HOUR_MS), key=lambda tally: tally.hour)
    assert (one.source, one.hour, one.count, one.at) == ("web", BEGIN, 5, BEGIN + 5)
    assert (two.source, two.hour, two.count) == ("ios", BEGIN + HOUR_MS, 1)
    assert traffic.changed(BEGIN + HOUR_MS) == []
    traffic.add("web", 1, BEGIN + HOUR_MS - 1)
    assert [tally.count for tally in traffic.changed(BEGIN + HOUR_MS) if tally.source] == [6]


def test_minutes_of_listening_are_counted_by_hour_and_a_gap_is_none() -> None:
    """Asked every few seconds; a broker that stood still for long, or a clock set back, is not listening."""
    traffic = Traffic("p")
    minutes: dict[int, int] = {}

    def ask(at: int) -> None:
        minutes.update({tally.hour: tally.count for tally in traffic.changed(at) if tally.source == LISTENING})

    for step in range(0, 90 * 60, 5):
        ask(BEGIN + step * 1000)
    assert minutes == {BEGIN: 60, BEGIN + HOUR_MS: 29}
    last = BEGIN + 90 * MINUTE_MS
    ask(last + LONGEST_GAP_MS + 1)
    ask(last)
    assert minutes == {BEGIN: 60, BEGIN + HOUR_MS: 29}
    ask(last + 10_000)
    assert minutes == {BEGIN: 60, BEGIN + HOUR_MS: 30}
