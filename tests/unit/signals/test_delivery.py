"""How records are put into batches: groups stay whole, and batches stay within what a topic takes."""

from hypothesis import given
from hypothesis import strategies as st

from services.signals.delivery import BATCH_BYTES, RECORD_HEADER_BYTES, _chunks

Group = list[tuple[bytes, bytes | None]]


def weight(records: Group) -> int:
    """Return how heavy records are in a batch."""
    return sum(len(key) + len(value or b"") + RECORD_HEADER_BYTES for key, value in records)


records = st.tuples(st.binary(min_size=1, max_size=8), st.none() | st.integers(0, 400_000).map(bytes))
groups = st.lists(st.lists(records, min_size=1, max_size=4), max_size=12)


@given(groups)
def test_chunks_keep_order_and_never_divide_a_group(given_groups: list[Group]) -> None:
    """All records come out once, in their order; a chunk ends where a group ends."""
    chunks = list(_chunks(given_groups))
    assert [record for chunk in chunks for record in chunk] == [record for group in given_groups for record in group]
    ends = set()
    count = 0
    for group in given_groups:
        count += len(group)
        ends.add(count)
    count = 0
    for chunk in chunks:
        count += len(chunk)
        assert count in ends


@given(groups)
def test_a_chunk_is_too_large_only_when_a_single_group_is(given_groups: list[Group]) -> None:
    """What can be divided is."""
    for chunk in _chunks(given_groups):
        assert weight(chunk) <= BATCH_BYTES or chunk in given_groups


def test_nothing_makes_no_batch() -> None:
    """An empty flush sends nothing."""
    assert list(_chunks([])) == []
