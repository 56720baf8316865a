"""A batch is cut so that a stretch takes a slice of time."""

import pytest

from services.signals.fetching import Fetched, Part
from services.signals.stretches import FIRST_BYTES, LEAST_BYTES, MOST_BYTES, Slices, Stretches


def batch(*offsets: int, size: int = FIRST_BYTES // 2) -> Fetched:
    """Return records of one size."""
    return Fetched([Part(offset, [bytes(size)], 0) for offset in offsets])


def test_a_stretch_has_as_many_records_as_fit_and_at_least_one() -> None:
    """The first one goes whatever its size."""
    stretches = Stretches(0.02)
    assert [len(stretches.cut(batch(7, 8, 9, 10), place)) for place in range(4)] == [2, 2, 2, 1]
    assert len(stretches.cut(batch(7, 8, 9, size=FIRST_BYTES * 2), 1)) == 1


def test_a_stretch_ends_at_a_gap() -> None:
    """What comes behind it waits until the gap is understood."""
    gaps = batch(1, 2, 4, 5, 8, size=1)
    assert [len(Stretches(0.02).cut(gaps, place)) for place in range(5)] == [2, 1, 2, 1, 1]


@pytest.mark.parametrize(
    ("records", "seconds", "size"),
    [
        (2, 0.02, FIRST_BYTES),
        (2, 0.04, FIRST_BYTES * 3 // 4),
        (2, 0.01, FIRST_BYTES * 3 // 2),
        (2, 0.0, MOST_BYTES),
        (2, 1e9, FIRST_BYTES // 2),
        (0, 0.001, FIRST_BYTES),
    ],
)
def test_the_size_follows_what_stretches_take(records: int, seconds: float, size: int) -> None:
    """Half of the way each time, and a short stretch that was quick tells nothing."""
    stretches = Stretches(0.02)
    stretches.took(records * (FIRST_BYTES // 2), seconds)
    assert stretches.size == size


def test_the_size_has_a_lower_bound() -> None:
    """However slow the machine is."""
    stretches = Stretches(0.02)
    for _ in range(50):
        stretches.took(stretches.size, 10.0)
    assert stretches.size == LEAST_BYTES


def test_large_batches_are_folded_longer_at_once() -> None:
    """They come when we are behind, and each size learns for itself."""
    slices = Slices(20.0)
    (usual, no), (behind, yes), (far_behind, very) = slices.of((1 << 20) - 1), slices.of(1 << 20), slices.of(4 << 20)
    assert (no, yes, very) == (False, True, True)
    assert len({id(each) for each in (usual, behind, far_behind)}) == 3
    for each, seconds in ((usual, 0.02), (behind, 0.1), (far_behind, 0.4)):
        each.took(FIRST_BYTES, seconds)
        assert each.size == FIRST_BYTES
    assert slices.of(0) == (usual, False)
