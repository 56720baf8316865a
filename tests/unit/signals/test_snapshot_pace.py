"""Snapshots hold the loop for a tenth of its time at most, unless they would come too seldom."""

from typing import Any, cast

from faust.types import TP

from services.signals.owned import Owned, snapshot_seconds

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


def test_what_snapshots_take_is_noted_until_it_is_asked_for() -> None:
    """Each partition notes its own; together they decide how long nobody asks again."""
    asked: list[int] = []
    partitions = [Owned(TP("events", n), TP("pages", n), 0, cast("Any", Explaining(asked)), NOBODY) for n in range(2)]
    taken = [owned.take_snapshots(7) for owned in partitions]
    assert taken == [["explained"], ["explained"]]
    assert asked == [7, 7]
    partitions[0].snapshot_seconds, partitions[1].snapshot_seconds = 0.25, 0.5
    assert snapshot_seconds(partitions) == 0.75
    assert snapshot_seconds(partitions) == 0
