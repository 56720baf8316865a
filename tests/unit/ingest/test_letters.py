"""Dead letters of ingest: the same event gives the same letter, and can be taken in again later."""

import msgspec
import pytest

from services.ingest.core.identities import Identities
from services.ingest.core.intake import Refused
from services.ingest.core.keys import make_key
from services.ingest.core.letters import CUT_LINE_BYTES, LARGEST_LINE_BYTES, Retaken, letter_for, retake
from shared.kernel.codec import decode_line
from shared.kernel.dead_letters import DeadLetter, decode_letter, encode_letter
from shared.kernel.errors import Problem, Reason
from shared.kernel.identities import Identity
from tests.support.intake import NOW, make_world, take

UNKNOWN = Problem(Reason.ACCOUNT_UNKNOWN, "account_id", "who?")


def _letter(line: bytes, event_id: str | None = None) -> DeadLetter:
    return letter_for(Refused(UNKNOWN, line, event_id, None), "web", "/v1/batch", NOW)


def test_a_letter_says_what_where_when_and_why() -> None:
    """It goes to the topic and comes back the same."""
    letter = _letter(b'{"id":"m"}', "m")
    assert (letter.reason, letter.field, letter.message) == (Reason.ACCOUNT_UNKNOWN, "account_id", "who?")
    assert (letter.service, letter.origin, letter.at, letter.source) == ("ingest", "/v1/batch", NOW, "web")
    assert decode_letter(encode_letter(letter)) == letter


def test_the_same_event_refused_again_has_the_same_letter() -> None:
    """By its id, else by its text; another event or source has another."""
    assert _letter(b"a", "m").letter_id == _letter(b"b", "m").letter_id
    assert _letter(b"a").letter_id == _letter(b"a").letter_id != _letter(b"b").letter_id
    other = letter_for(Refused(UNKNOWN, b"a", "m", None), "app", "/v1/batch", NOW)
    assert other.letter_id != _letter(b"a", "m").letter_id


def test_what_is_too_long_to_keep_is_cut_and_what_is_no_text_is_escaped() -> None:
    """A letter must fit into its topic."""
    assert len(_letter(b"x" * LARGEST_LINE_BYTES).line) == LARGEST_LINE_BYTES
    assert len(_letter(b"x" * (LARGEST_LINE_BYTES + 1)).line) == CUT_LINE_BYTES
    assert _letter(b"\xff").line == "\\xff"


def test_a_write_key_in_a_refused_body_is_hidden() -> None:
    """Whoever may read letters may not send events."""
    _, secret = make_key("web", b"k" * 32, NOW)
    line = _letter(f'{{"writeKey":"{secret}","api_key":"{secret}"'.encode()).line
    assert line == '{"writeKey":"upw_...","api_key":"upw_..."'


def test_an_event_of_an_unknown_account_is_taken_once_the_account_is_known() -> None:
    """What was lost for the lack of a group call is complete but for the account."""
    call = {"event": "usage.recorded", "messageId": "m", "userId": "ada", "timestamp": "2026-01-31T12:00:00Z"}
    intake = take("/v1/track", call | {"properties": {"metric": "x", "quantity": 2, "extra": 1}}, make_world())
    letter = letter_for(intake.refused[0], "web", "/v1/track", NOW)
    identities = Identities()
    assert retake(letter, identities) == Problem(
        Reason.ACCOUNT_UNKNOWN,
        "account_id",
        retake(letter, identities).message,  # type: ignore[union-attr]  # a Problem
    )
    identities.learn(Identity(source="web", user_id="ada", account_id="acme", at=NOW))
    taken = retake(letter, identities)
    assert isinstance(taken, Retaken)
    assert taken.account_id == "acme"
    event = decode_line(taken.line)
    assert (event.id, event.source, event.account_id) == ("m", "web", "acme")  # type: ignore[union-attr]  # an event
    assert msgspec.json.decode(taken.line)["properties"]["extra"] == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"rubbish", Reason.UNREADABLE),
        (b"[]", Reason.NOT_AN_OBJECT),
        (b'{"id":"1","type":"x","account_id":"a","occurred_at":1}', Reason.UNKNOWN_TYPE),
        (b'{"id":"1","type":"session.started","user_id":5,"occurred_at":1}', Reason.ACCOUNT_UNKNOWN),
        (b'{"type":"control.tick","at":1,"account_id":"a"}', Reason.UNKNOWN_TYPE),
    ],
)
def test_a_letter_that_still_cannot_be_used_says_why(line: bytes, reason: Reason) -> None:
    """Nothing of it goes to the log, least of all a control record."""
    found = retake(_letter(line), Identities())
    assert isinstance(found, Problem)
    assert found.reason is reason
