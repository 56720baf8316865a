"""What is folded and not flushed is bounded, for a partition and for all."""

from types import SimpleNamespace
from typing import Any

import pytest

from services.signals.room import MOST_BYTES, MOST_IN_ALL_BYTES, fits


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
    owned: Any = SimpleNamespace(unflushed_bytes=mine)
    everybody: Any = [owned, *(SimpleNamespace(unflushed_bytes=other) for other in others)]
    assert fits(owned, everybody, size) is room
