"""Tallies: records that replace each other by key, and are told apart by their kind."""

import msgspec
import pytest

from shared.kernel.clock import HOUR_MS
from shared.kernel.tallies import TrafficTally, UnmappedTally, decode_tally, encode_tally, hour_of, tally_key

UNMAPPED = UnmappedTally(
    process="p1", source="web", day=20_000, name="Song Played", count=3, since=5, until=9, properties={"x": ("number",)}
)
TRAFFIC = TrafficTally(process="p1", source="web", hour=HOUR_MS, count=7, at=HOUR_MS + 5)


@pytest.mark.parametrize("tally", [UNMAPPED, TRAFFIC])
def test_a_tally_comes_back_as_it_was_written(tally: UnmappedTally | TrafficTally) -> None:
    """Its kind says which it is."""
    assert decode_tally(encode_tally(tally)) == tally


def test_a_later_count_of_the_same_thing_has_the_same_key() -> None:
    """Another process, day, hour, source, name or kind has another, and the rest is not a name of its own."""
    again = msgspec.structs.replace
    assert tally_key(again(UNMAPPED, count=4, until=10)) == tally_key(UNMAPPED)
    assert tally_key(again(TRAFFIC, count=8, at=HOUR_MS + 6)) == tally_key(TRAFFIC)
    keys = {
        tally_key(each)
        for each in (
            UNMAPPED,
            TRAFFIC,
            again(UNMAPPED, process="p2"),
            again(UNMAPPED, source="app"),
            again(UNMAPPED, day=20_001),
            again(UNMAPPED, name=None),
            again(UNMAPPED, name="None"),
            again(TRAFFIC, process="p2"),
            again(TRAFFIC, source="app"),
            again(TRAFFIC, hour=0),
        )
    }
    assert len(keys) == 10


def test_an_hour_begins_at_its_first_instant() -> None:
    """Also when it is asked about that instant."""
    assert [hour_of(at) for at in (0, HOUR_MS - 1, HOUR_MS, 5 * HOUR_MS + 7)] == [0, 0, HOUR_MS, 5 * HOUR_MS]
