"""The short way of a batch where it leaves the common; a property test holds it to the clear way."""

from services.ingest.core.tight import GOOD, REMEMBERED_PROPERTIES
from tests.support.intake import NOW, make_world, take

CALLED = {
    "type": "track",
    "event": "Report Exported",
    "messageId": "m",
    "timestamp": NOW,
    "context": {"groupId": "acme"},
}


def test_a_constant_row_still_says_that_a_competitor_was_mentioned() -> None:
    """And says nothing else of what the call brought."""
    plain, said = {"x": 1}, {"x": 1, "mentions_competitor": True}
    intake = take("/v1/batch", {"batch": [CALLED | {"properties": given} for given in (plain, said)]})
    assert [bytes(line.properties) for group in intake.groups.values() for line in group] == [
        b'{"feature":"reports"}',
        b'{"feature":"reports","mentions_competitor":true}',
    ]


def test_an_erasure_is_taken_and_makes_ingest_forget_the_user() -> None:
    """It is never common."""
    erased = CALLED | {"event": "user.erased", "userId": "ada", "properties": {}}
    intake = take("/v1/batch", {"batch": [erased, CALLED | {"timestamp": NOW + 900_000}]})
    assert intake.forgotten == [("web", "ada")]
    assert (intake.ids, intake.clamped) == (["m", "m"], 1)


def test_short_properties_found_good_are_remembered_in_bounded_memory() -> None:
    """What is bad, large or deep is looked at each time."""
    world, good = make_world(event_max_bytes=300), GOOD["feature.used"]
    good.clear()
    used = CALLED | {"event": "feature.used"}

    def taken(*given: object) -> int:
        return take("/v1/batch", {"batch": [used | {"properties": each} for each in given]}, world).accepted

    long, longer = ({"feature": "a", "note": "x" * size} for size in (100, 400))
    assert taken({"feature": "a"}, {"feature": "a"}, {"feature": ""}, long, longer) == 3
    assert good == {b'{"feature":"a"}'}
    many = [{"feature": str(number)} for number in range(REMEMBERED_PROPERTIES + 1)]
    assert taken(*many) == len(many)
    assert 0 < len(good) <= REMEMBERED_PROPERTIES
    assert taken({"feature": "a"}, {"feature": ""}) == 1
