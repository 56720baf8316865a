"""Duplicates by id, against the plainest way to know them: keep every id with the clock at its first (definition 8)."""

from hypothesis import given
from hypothesis import strategies as st

from services.signals.core.recent import FEWEST_DROPPED, RecentIds
from services.signals.core.recent_state import RecentPage

WINDOW_MS = 60
STEPS = st.integers(0, 45)  # few enough that ids come again within the window, and long after it
IDS = st.integers(0, 3 * FEWEST_DROPPED).map(str)
STAMP = (0, 0)


SOURCES = st.sampled_from(["app", "app", "crm"])


@given(seen=st.lists(st.tuples(SOURCES, IDS, STEPS, st.sampled_from(["", "flush", "restart"])), max_size=150))
def test_an_id_counts_again_once_its_window_is_over(seen: list[tuple[str, str, int, str]]) -> None:
    """However generations are dropped, and wherever pages are written or the worker begins anew."""
    first: dict[tuple[str, str], int] = {}
    recent, stored, clock_ms = RecentIds(WINDOW_MS), dict[int, RecentPage | None](), 0
    for source, event_id, step, then in seen:
        key = source, event_id
        clock_ms += step
        repeated = key in first and clock_ms - first[key] <= WINDOW_MS
        if not repeated:
            first[key] = clock_ms
        assert recent.repeated(*key, clock_ms) == repeated
        if then:
            stored |= dict(recent.write(STAMP, clock_ms))
        if then == "restart":
            segments = tuple(recent.segments)
            recent = RecentIds(WINDOW_MS)
            recent.load(segments, [page for row in segments if (page := stored[row.number]) is not None])


def test_a_quiet_account_keeps_few_ids() -> None:
    """An id an hour for a year: what stays is two generations of the fewest that are dropped."""
    recent = RecentIds(WINDOW_MS)
    for number in range(10_000):
        assert not recent.repeated("app", str(number), number * (WINDOW_MS + 1))
    assert sum(map(len, [*recent._new.values(), *recent._old.values()])) <= 2 * FEWEST_DROPPED
