"""What is folded and not flushed is bounded, for a partition and for all, and so is what accounts take in memory."""

from types import SimpleNamespace
from typing import Any

import pytest

from services.signals.room import MOST_BYTES, MOST_IN_ALL_BYTES, fits, let_idle_go

PLENTY = 1 << 40


def owned(unflushed_bytes: int = 0, weight: int = 0) -> Any:
    """Return a partition of which so much is unflushed, with an engine that notes what it is to let go."""
    gone: list[int] = []
    engine = SimpleNamespace(weight=weight, let_go=gone.append, gone=gone)
    return SimpleNamespace(unflushed_bytes=unflushed_bytes, engine=engine)


@pytest.mark.parametrize(
    ("mine", "others", "size", "room"),
    [
        (0, [], MOST_IN_ALL_BYTES + 1, True),
        (1, [], MOST_BYTES - 1, True),
        (1, [], MOST_BYTES, False),
        (0, [1], MOST_BYTES + 1, True),
        (0, [MOST_BYTES] * 8, 1, False),
        (0, [MOST_BYTES] * 7, MOST_BYTES, True),
        (1, [MOST_BYTES] * 7, MOST_BYTES - 1, True),
    ],
)
def test_there_is_room_up_to_both_bounds(mine: int, others: list[int], size: int, *, room: bool) -> None:
    """And for whatever comes first."""
    one = owned(mine)
    assert fits(one, [one, *map(owned, others)], size, PLENTY) is room


@pytest.mark.parametrize(
    ("mine", "other", "unflushed", "room"),
    [(1_000, 250, 1, True), (1_000, 251, 1, False), (0, 1_251, 1, False), (1_000, 1_000, 0, True)],
)
def test_accounts_take_a_quarter_more_than_they_may_until_a_flush(
    mine: int, other: int, unflushed: int, *, room: bool
) -> None:
    """When nothing is unflushed there is nothing to wait for."""
    one = owned(unflushed, mine)
    assert fits(one, [one, owned(0, other)], 1, 1_000) is room


def test_each_partition_lets_go_by_what_it_takes() -> None:
    """Of all that is too much, also one that has nothing to flush; where there is enough, nobody lets go."""
    small, large = owned(weight=300), owned(weight=900)
    let_idle_go([small, large], 1_000)
    assert (small.engine.gone, large.engine.gone) == ([51], [151])
    let_idle_go([small, large], 1_200)
    assert (small.engine.gone, large.engine.gone) == ([51], [151])
