"""What the decoder refuses is said in a person's words, with what is allowed and every field that is wrong."""

from typing import Any

import msgspec
import pytest

from shared.kernel.codec import decode_line, explain
from shared.kernel.errors import Problem, Reason
from shared.kernel.events.account_updated import AccountUpdatedProperties
from shared.kernel.words import MOST_BYTES, in_words, others_wrong, with_given

DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(AccountUpdatedProperties)


class Outer(msgspec.Struct):
    """Needs a field."""

    feature: str
    quantity: int = 1


def _others(given: bytes, first: str, decoder: msgspec.json.Decoder[Any] = DECODER) -> list[str]:
    return [explain(said).field for said in others_wrong(decoder, given, first)]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Expected `int | null`, got `str`", "Expected a whole number or null, got text"),
        ("Expected `array`, got `object`", "Expected a list, got an object"),
        ("Expected `int` >= 0", "Expected a whole number >= 0"),
        ("Expected `bool | float`, got `null`", "Expected true or false or a number, got null"),
        ("Invalid enum value 'trial'", "Invalid enum value 'trial'"),
    ],
)
def test_names_of_python_are_put_into_words(said: str, told: str) -> None:
    """Where the shape is not known, a text is at least quoted."""
    assert in_words(said, "x") == told


@pytest.mark.parametrize("path", ["status", "nothing", "name", "status.deeper"])
def test_a_text_that_is_not_allowed_is_told_those_that_are(path: str) -> None:
    """And only where it is one of some."""
    told = in_words("Invalid enum value 'trial'", path, AccountUpdatedProperties)
    if path == "status":
        assert told == "Expected one of active, suspended, churned, null, got 'trial'"
    else:
        assert told == "Invalid enum value 'trial'"


def test_a_line_of_the_log_is_told_it_too() -> None:
    """As imports and direct producers see it."""
    problem = decode_line(
        b'{"type":"account.updated","id":"1","account_id":"a","occurred_at":1,"properties":{"status":"trial"}}'
    )
    assert isinstance(problem, Problem)
    assert problem.field == "properties.status"
    assert problem.message == "Expected one of active, suspended, churned, null, got 'trial'"


def test_every_wrong_field_is_found() -> None:
    """By its type, and by our own checks."""
    given = b'{"seats":"ten","status":"trial","renews_on":"2027-01-32","plan":"Growth"}'
    assert _others(given, "seats") == ["status", "renews_on"]
    assert _others(b'{"seats":"ten","plan":"Growth"}', "seats") == []
    assert _others(b'{"limits":{"a":[]},"mrr":-1}', "limits.a") == ["mrr"]


def test_a_field_that_was_taken_out_is_not_missing() -> None:
    """Looking further takes fields out one by one."""
    assert _others(b'{"feature":1,"quantity":"x"}', "feature", msgspec.json.Decoder(Outer)) == ["quantity"]
    assert _others(b'{"feature":1}', "feature", msgspec.json.Decoder(Outer)) == []


@pytest.mark.parametrize("given", [b"[1]", b"{", b'{"seats":"' + b"x" * MOST_BYTES + b'"}', b'{"name":1}'])
def test_what_cannot_be_looked_into_is_left(given: bytes) -> None:
    """No object, no JSON, too large, or another field."""
    assert _others(given, "seats") == []


@pytest.mark.parametrize(
    ("raw", "path"),
    [(b'{"a":[1]}', "a[0]"), (b'{"a":[1]}', "a.b"), (b"[1]", "a"), (b"{", "a"), (b'{"a":"\xff"}', "a"), (b"1", "")],
)
def test_what_was_given_is_left_out_where_no_names_lead_to_it(raw: bytes, path: str) -> None:
    """The bound is told all the same."""
    problem = Problem(Reason.OUT_OF_RANGE, path, "Expected a whole number >= 0")
    assert with_given(problem, raw, path) == problem
