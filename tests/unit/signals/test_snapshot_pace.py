"""Snapshots hold the loop for a tenth of its time at most, unless they would come too seldom."""

from typing import Any, cast

import pytest
from faust.types import TP

from services.signals.owned import Owned, show_pause

NOBODY = cast("Any", None)  # no store is needed to ask for snapshots


class Explaining:
    """An engine that explains an account when asked."""

    offset = -1

    def __init__(self, asked: list[int]) -> None:
        self.asked = asked

    def take_snapshots(self, now_ms: int) -> list[str]:
        """Return one snapshot."""
        self.asked.append(now_ms)
        return ["explained"]


def owned_by(engine: Explaining) -> list[Owned]:
    """Return two partitions."""
    return [Owned(TP("events", n), TP("pages", n), 0, cast("Any", engine), NOBODY) for n in range(2)]


def test_what_snapshots_take_of_the_loop_decides_until_it_is_asked_for() -> None:
    """Each partition notes its own; together they decide how long nobody asks again."""
    asked: list[int] = []
    partitions = owned_by(Explaining(asked))
    assert [owned.take_snapshots(7) for owned in partitions] == [["explained"], ["explained"]]
    assert asked == [7, 7]
    partitions[0].snapshot_seconds, partitions[1].snapshot_seconds = 0.05, 0.1
    assert show_pause(partitions, 0.5) == pytest.approx(1.5)
    assert show_pause(partitions, 0.5) == 0.5


def test_in_a_backlog_snapshots_are_seldom() -> None:
    """However little they take, what is folded next would outdate them."""
    partitions = owned_by(Explaining([]))
    partitions[1].behind = True
    assert show_pause(partitions, 0.5) == 2.0
