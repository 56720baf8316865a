"""The time of an event: as the client wrote it, corrected for a wrong clock, never in the future."""

import pytest

from services.ingest.core.instants import SKEW_TOLERANCE_MS, clock_shift_ms, shifted
from shared.kernel.clock import MAX_INSTANT_MS, MINUTE_MS
from tests.support.intake import NOW, only, reasons, take

ACME = {"groupId": "acme"}


@pytest.mark.parametrize(
    ("ahead_ms", "clamped", "expected"),
    [(0, 0, NOW), (5 * MINUTE_MS, 0, NOW + 5 * MINUTE_MS), (5 * MINUTE_MS + 1, 1, NOW), (10**10, 1, NOW)],
)
def test_a_time_more_than_five_minutes_after_arrival_is_the_arrival(ahead_ms: int, clamped: int, expected: int) -> None:
    """Definition 47, on both sides of the boundary."""
    intake = take("/v1/track", {"event": "X", "context": ACME, "timestamp": NOW + ahead_ms})
    assert (only(intake).occurred_at, intake.clamped) == (expected, clamped)


def test_a_clock_that_is_wrong_is_corrected_by_when_it_says_the_body_was_sent() -> None:
    """Segment: received − (sent − timestamp). The client's clock is an hour ahead here."""
    hour = 60 * MINUTE_MS
    intake = take("/v1/track", {"event": "X", "context": ACME, "timestamp": NOW + hour - 500, "sentAt": NOW + hour})
    assert (only(intake).occurred_at, intake.corrected, intake.clamped) == (NOW - 500, 1, 0)


def test_history_keeps_its_times_when_the_clock_is_right() -> None:
    """Midnight stays midnight: the way through the network is no wrong clock."""
    intake = take("/v1/track", {"event": "X", "context": ACME, "timestamp": "2026-01-31", "sentAt": NOW - 900})
    assert (only(intake).occurred_at % 86_400_000, intake.corrected) == (0, 0)


@pytest.mark.parametrize(
    ("sent_at", "shift"),
    [
        (None, 0),
        ("rubbish", 0),
        (NOW - SKEW_TOLERANCE_MS, 0),
        (NOW - SKEW_TOLERANCE_MS - 1, SKEW_TOLERANCE_MS + 1),
        (NOW + SKEW_TOLERANCE_MS, 0),
        (NOW + SKEW_TOLERANCE_MS + 1, -SKEW_TOLERANCE_MS - 1),
    ],
)
def test_the_clock_is_wrong_when_it_is_off_by_more_than_a_minute(sent_at: int | str | None, shift: int) -> None:
    """On both sides of both boundaries; what cannot be read corrects nothing."""
    assert clock_shift_ms(NOW, sent_at) == shift


def test_a_corrected_time_stays_within_the_years_that_we_know() -> None:
    """A correction out of them is bad input, as such a time itself is."""
    assert shifted(MAX_INSTANT_MS - 2, 1) == MAX_INSTANT_MS - 1
    with pytest.raises(ValueError, match="between 1900 and 2100"):
        shifted(MAX_INSTANT_MS - 1, 1)
    intake = take("/v1/track", {"event": "X", "context": ACME, "timestamp": "1900-01-01", "sentAt": NOW + 10**9})
    assert reasons(intake) == [
        (0, "out_of_range", "occurred_at: must lie between 1900 and 2100 once corrected by sentAt")
    ]
