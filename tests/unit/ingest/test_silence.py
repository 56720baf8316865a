"""A source's silence, drawn: each character is an hour, `#` with 100 events, `.` without.

The yardstick is the default playbook's: a week, one hour, ten events, twice the longest pause.
"""

from services.ingest.core.silence import Yardstick, judge
from shared.kernel.clock import HOUR_MS

YARDSTICK = Yardstick(days=7, silent_hours=1, missed_events=10, pauses=2)
START = 480_000 * HOUR_MS
OFFICE = ("." * 8 + "#" * 10 + "." * 6) * 5 + "." * 48  # nine to six, and free weekends
NIGHTLY = (".." + "#" + "." * 21) * 7
STEADY = "#" * 168


def silent_after(drawn: str, *, each: int = 100, deaf: frozenset[int] = frozenset()) -> int | None:
    """Return how many hours of the silence at the end it took, None while the source is not silent."""
    heard = {START + hour * HOUR_MS: each for hour, mark in enumerate(drawn) if mark == "#"}
    listened = {START + hour * HOUR_MS for hour in range(len(drawn)) if hour not in deaf}
    silence = judge(heard, listened, START + len(drawn) * HOUR_MS, YARDSTICK)
    return None if silence is None else (silence.at - max(heard)) // HOUR_MS - 1


def test_a_source_that_never_pauses_is_silent_after_one_hour() -> None:
    """The first whole hour without an event decides."""
    assert silent_after(STEADY + "#") is None
    assert silent_after(STEADY + "#.") == 1
    assert silent_after(STEADY + "#...") == 1


def test_nights_and_weekends_are_no_silence() -> None:
    """A source of office hours may be quiet whenever it was a week ago."""
    assert all(silent_after((OFFICE * 2)[: 168 + hour]) is None for hour in range(168))


def test_an_office_source_that_stops_at_noon_is_missed_within_hours() -> None:
    """Hours at the edge of its day are not due, so that a changed clock does not count."""
    assert silent_after(OFFICE + OFFICE[:12] + "." * 2) == 1


def test_an_office_source_that_does_not_come_back_on_monday_is_missed_in_its_second_hour() -> None:
    """Friday's last event is at five; Monday's first hour is an edge, the second is due."""
    friday = OFFICE + OFFICE[: 4 * 24 + 18]
    assert silent_after(friday + "." * (6 + 48 + 8 + 1)) is None
    assert silent_after(friday + "." * (6 + 48 + 8 + 2)) == 6 + 48 + 8 + 2


def test_a_changed_clock_is_no_silence() -> None:
    """An office week that begins and ends an hour later, as after a change to winter time."""
    shifted = "." + OFFICE[:-1]
    assert all(silent_after((OFFICE + shifted)[: 168 + hour]) is None for hour in range(168))


def test_a_nightly_batch_is_missed_after_twice_its_pause() -> None:
    """One lone hour a day is never due by itself: the pause of 23 hours counts."""
    assert silent_after(NIGHTLY * 2 + ".." + "#" + "." * 46) is None
    assert silent_after(NIGHTLY * 2 + ".." + "#" + "." * 47) == 47


def test_a_source_that_was_tried_a_week_ago_and_today_is_not_established() -> None:
    """Its pause of a week stands before today's events."""
    assert silent_after("#" + "." * 170 + "####" + "." * 24) is None


def test_chance_is_ruled_out_before_anybody_is_called() -> None:
    """One event an hour: ten hours must pass, however steady it was."""
    assert silent_after(STEADY + "#" + "." * 9, each=1) is None
    assert silent_after(STEADY + "#" + "." * 10, each=1) == 10
    assert silent_after(STEADY + "#" + "." * 2, each=5) == 2


def test_pauses_count_for_nothing_when_hours_are_due() -> None:
    """Twenty hours on, twelve off: what was due a week ago decides, long before twice the pause."""
    shifts = ("#" * 20 + "." * 12) * 5 + "#" * 8
    assert silent_after(shifts + "#" * 4 + "." * 20, each=1) == 10
    assert silent_after(shifts + "#" * 4 + "." * 20, each=10) == 1


def test_hours_without_any_ingest_are_passed_over() -> None:
    """Five deaf hours, and one in which it could have been heard."""
    quiet = STEADY + "#" + "." * 6
    assert silent_after(quiet, deaf=frozenset(range(169, 175))) is None
    assert silent_after(quiet, deaf=frozenset(range(169, 174))) == 6


def test_nothing_heard_is_nobodys_silence() -> None:
    """No history at all."""
    assert judge({}, (), START, YARDSTICK) is None
