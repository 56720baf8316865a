"""When to send again, and when to give up."""

import pytest

from services.notify.core.schedule import (
    Attempt,
    Limits,
    Lost,
    Refused,
    Retry,
    Sent,
    Settlement,
    backoff_ms,
    retry_after_ms,
    settle,
)
from services.notify.core.words import State

NOW = 1_000_000_000
LIMITS = Limits(first_backoff_ms=1_000, longest_backoff_ms=8_000, most_attempts=5, give_up_after_ms=60_000)
FIRST = Attempt(1, NOW - 10)


def test_what_was_sent_is_sent() -> None:
    """With what the receiver said."""
    assert settle(Sent(note="ok"), FIRST, NOW, LIMITS) == Settlement(State.SENT, "ok", NOW)


def test_what_is_refused_is_dead_with_its_reason() -> None:
    """It is never tried again."""
    assert settle(Refused("answered 404"), FIRST, NOW, LIMITS) == Settlement(State.DEAD, "answered 404", NOW)


def test_a_lost_answer_makes_it_unknown() -> None:
    """It may have arrived."""
    assert settle(Lost("reset"), FIRST, NOW, LIMITS) == Settlement(State.UNKNOWN, "reset", NOW + 1_000)


def test_a_rate_limit_holds_the_whole_channel() -> None:
    """For as long as the receiver asked, and the message with it."""
    found = settle(Retry("answered 429", 7_000, "channel"), FIRST, NOW, LIMITS)
    assert found == Settlement(State.PENDING, "answered 429", NOW + 7_000, NOW + 7_000)


def test_a_message_waits_at_least_what_was_asked_for() -> None:
    """And its backoff at least."""
    assert settle(Retry("503", 5_000), FIRST, NOW, LIMITS).not_before == NOW + 5_000
    assert settle(Retry("503", 5), FIRST, NOW, LIMITS).not_before == NOW + 1_000
    assert settle(Retry("503"), Attempt(3, NOW), NOW, LIMITS) == Settlement(State.PENDING, "503", NOW + 4_000)


@pytest.mark.parametrize("outcome", [Retry("503"), Lost("reset")])
def test_it_is_given_up_after_the_last_attempt_or_the_longest_time(outcome: Retry | Lost) -> None:
    """The reason says after what."""
    by_count = settle(outcome, Attempt(5, NOW), NOW, LIMITS)
    by_age = settle(outcome, Attempt(1, NOW - 59_000), NOW, LIMITS)
    assert by_count == Settlement(State.DEAD, f"gave up after 5 attempts: {outcome.reason}", NOW)
    assert by_age.state is State.DEAD
    assert "gave up after" in by_age.reason
    assert settle(outcome, Attempt(1, NOW - 58_999), NOW, LIMITS).state is not State.DEAD


def test_the_backoff_doubles_up_to_its_bound() -> None:
    """1, 2, 4, 8, 8 seconds."""
    assert [backoff_ms(n, 0.0, LIMITS) for n in (1, 2, 3, 4, 5, 500)] == [1_000, 2_000, 4_000, 8_000, 8_000, 8_000]
    assert backoff_ms(1, 1.0, LIMITS) == 1_200


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, None),
        ("", None),
        ("30", 30_000),
        (" 0 ", 0),
        ("999999999999", 3_600_000),
        ("-3", None),
        ("soon", None),
        ("Mon, 12 Jan 1970 13:46:45 GMT", 5_000),
        ("Mon, 12 Jan 1970 13:46:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3_600_000),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, wait: int | None) -> None:
    """What cannot be used is as if it were absent."""
    assert retry_after_ms(header, NOW) == wait
