"""Duplicates by id, against the plainest way to know them: keep every id with the clock at its first (definition 8)."""

from hypothesis import given
from hypothesis import strategies as st

from services.signals.core.pages import PageDecoder, encode_page
from services.signals.core.recent import FEWEST_DROPPED, SEGMENT_FULL, RecentIds
from services.signals.core.recent_state import RecentPage

WINDOW_MS = 60
STEPS = st.integers(0, 45)  # few enough that ids come again within the window, and long after it
IDS = st.integers(0, 3 * FEWEST_DROPPED).map(str)
STAMP = (0, 0)


PAGES = PageDecoder(RecentPage)
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
            pages = [page for row in segments if (page := stored[row.number]) is not None]
            recent.load(segments, [PAGES.decode(encode_page(page)) for page in pages])
            recent.expire(clock_ms)


def test_a_quiet_account_keeps_few_ids() -> None:
    """An id an hour for a year: what stays is two generations of the fewest that are dropped."""
    recent = RecentIds(WINDOW_MS)
    for number in range(10_000):
        assert not recent.repeated("app", str(number), number * (WINDOW_MS + 1))
    assert sum(map(len, [*recent._new.values(), *recent._old.values()])) <= 2 * FEWEST_DROPPED


@given(numbers=st.lists(st.sampled_from([1, 15, 16, 17, 100, 127]), max_size=4))
def test_a_segment_is_written_as_an_array_of_its_ids_however_many_there_are(numbers: list[int]) -> None:
    """What it held before is not encoded anew."""
    recent, ids, page = RecentIds(WINDOW_MS), list[str](), None
    for turn, number in enumerate(numbers):
        for place in range(number):
            assert not recent.repeated("app" if turn % 2 else "crm", f"{turn} é {place}", turn)
            ids.append(f"{turn} é {place}")
        (_, page), *_ = recent.write((0, turn), turn)
        assert page is not None
        kept = PAGES.decode(encode_page(page))
        assert kept.ids == ids
        assert encode_page(page) == encode_page(RecentPage(2, (0, turn), kept.ids, kept.clocks, kept.runs))
        if len(ids) >= SEGMENT_FULL:
            ids.clear()


def test_a_segment_of_many_ids_is_an_array_too() -> None:
    """A flush of more than 65,535 ids of one account writes one segment."""
    recent = RecentIds(WINDOW_MS)
    ids = [str(number) for number in range(1 << 16)]
    recent.note("app", ids, [1] * len(ids))
    ((_, page),) = recent.write(STAMP, 1)
    assert page is not None
    assert PAGES.decode(encode_page(page)).ids == ids


def test_an_account_that_comes_back_to_memory_lets_go_of_ids_before_its_window() -> None:
    """They lie in a segment that later ones were appended to."""
    recent, clock_ms = RecentIds(WINDOW_MS), 0
    for number in range(9):
        clock_ms = number * WINDOW_MS
        assert not recent.repeated("app", str(number), clock_ms)
        ((_, page), *_) = recent.write(STAMP, clock_ms)
    assert page is not None
    again = RecentIds(WINDOW_MS)
    again.load(tuple(recent.segments), [PAGES.decode(encode_page(page))])
    again.expire(clock_ms)
    assert [again.knows("app", str(number)) for number in range(9)] == [False] * 7 + [True] * 2
    assert again.repeated("app", "7", clock_ms)
