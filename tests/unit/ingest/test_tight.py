"""The short way of a batch where it leaves the common; a property test holds it to the clear way."""

from tests.support.intake import NOW, take

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
