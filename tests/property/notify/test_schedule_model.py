"""The schedule for any sequence of answers."""

from hypothesis import given
from hypothesis import strategies as st

from services.notify.core.schedule import (
    Attempt,
    Limits,
    Lost,
    Outcome,
    Refused,
    Retry,
    Sent,
    backoff_ms,
    retry_after_ms,
    settle,
)
from services.notify.core.words import State

LIMITS = Limits(first_backoff_ms=100, longest_backoff_ms=3_000, most_attempts=8, give_up_after_ms=30_000)
OUTCOMES = st.one_of(
    st.builds(Sent),
    st.builds(Refused, st.just("no")),
    st.builds(Lost, st.just("reset")),
    st.builds(Retry, st.just("later"), st.none() | st.integers(0, 10_000), st.sampled_from(["channel", "message"])),
)


@given(st.lists(st.tuples(OUTCOMES, st.floats(0, 1), st.integers(0, 5_000)), max_size=20))
def test_a_delivery_ends_once_and_never_before_it_may(steps: list[tuple[Outcome, float, int]]) -> None:
    """Time goes on, attempts are bounded, waits asked for are kept, and what is settled stays settled."""
    now = not_before = decided_at = 1_000_000
    for number, (outcome, jitter, late_ms) in enumerate(steps, 1):
        now = max(now, not_before) + late_ms
        found = settle(outcome, Attempt(number, decided_at, jitter), now, LIMITS)
        if isinstance(outcome, Retry) and outcome.after_ms is not None and found.state is State.PENDING:
            assert found.not_before >= now + outcome.after_ms
            assert (found.channel_free_at is not None) == (outcome.scope == "channel")
        if found.state in {State.SENT, State.DEAD}:
            assert found.state is State.SENT or found.reason
            return
        assert found.state is (State.UNKNOWN if isinstance(outcome, Lost) else State.PENDING)
        assert found.not_before > now or (isinstance(outcome, Retry) and outcome.after_ms == 0)
        assert found.not_before - decided_at < LIMITS.give_up_after_ms
        assert number < LIMITS.most_attempts
        not_before = found.not_before


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.floats(0, 1), st.floats(0, 1))
def test_waits_grow_and_jitter_only_lengthens(first: int, second: int, jitter: float, other: float) -> None:
    """A later attempt without jitter never waits less; the bound is the longest and a fifth."""
    earlier, later = sorted((first, second))
    assert backoff_ms(earlier, 0, LIMITS) <= backoff_ms(later, 0, LIMITS)
    assert backoff_ms(later, 0, LIMITS) <= backoff_ms(later, jitter, LIMITS) <= LIMITS.longest_backoff_ms * 1.2
    assert (jitter <= other) <= (backoff_ms(later, jitter, LIMITS) <= backoff_ms(later, other, LIMITS))


@given(st.text(max_size=40), st.integers(0, 4_000_000_000_000))
def test_no_header_breaks_the_schedule(header: str, now_ms: int) -> None:
    """Whatever a receiver says, the wait is within the hour or absent."""
    found = retry_after_ms(header, now_ms)
    assert found is None or 0 <= found <= 3_600_000
