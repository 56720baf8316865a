"""How dead letters are told to a person."""

import pytest

from shared.kernel.dead_letters import DeadLetter
from shared.kernel.errors import ConfigurationError, Reason
from upswing.letters import find_letter, summary


@pytest.mark.parametrize(
    ("field", "message", "told"),
    [
        ("properties", "properties must be at most 9 bytes, got 10", "properties must be at most 9 bytes, got 10"),
        ("account_id", "the account is not known", "account_id: the account is not known"),
        ("", "not readable as JSON", "not readable as JSON"),
    ],
)
def test_a_list_names_the_field_once(field: str, message: str, told: str) -> None:
    """Also when the message begins with it."""
    letter = DeadLetter(
        letter_id="l-1",
        service="ingest",
        reason=Reason.TOO_LARGE,
        field=field,
        message=message,
        line="{}",
        origin="e-1",
        at=1_790_000_000_000,
    )
    assert list(summary([letter], 1))[1].endswith(f"  e-1    {told}")


def letter(letter_id: str, event_id: str | None = None, account_id: str | None = None) -> DeadLetter:
    """Return a letter of an event."""
    return DeadLetter(
        letter_id=letter_id,
        service="ingest",
        reason=Reason.OUT_OF_RANGE,
        field="",
        message="no",
        line="{}",
        origin="/v1/events",
        at=1_790_000_000_000,
        account_id=account_id,
        event_id=event_id,
    )


def test_a_list_has_a_header_and_columns() -> None:
    """Account and event are told apart; where neither is known, the latter says where it was."""
    lines = list(summary([letter("l-1", "e-1", "acme"), letter("l-22", None, "acme"), letter("l-3")], 3))
    assert lines == [
        "letter  refused at                reason        account  event       why",
        "l-1     2026-09-21T14:13:20.000Z  out_of_range  acme     e-1         no",
        "l-22    2026-09-21T14:13:20.000Z  out_of_range  acme     –           no",
        "l-3     2026-09-21T14:13:20.000Z  out_of_range  –        /v1/events  no",
        "3 in all: 3 out_of_range",
    ]


def test_a_letter_is_found_by_its_id_or_its_events() -> None:
    """The client knows only the latter; where several are of one event, their ids are told."""
    one, two, three = letter("l-1", "b-1"), letter("l-2", "b-2"), letter("l-3", "b-2")
    assert find_letter([one, two, three], "l-1") is find_letter([one, two, three], "b-1") is one
    with pytest.raises(ConfigurationError, match="2 dead letters are of event 'b-2', name one of them: l-2, l-3"):
        find_letter([one, two, three], "b-2")
    with pytest.raises(ConfigurationError, match="3 dead letters begin with 'l'"):
        find_letter([one, two, three], "l")
    with pytest.raises(
        ConfigurationError, match="no dead letter begins with 'b', and none is of an event with this id"
    ):
        find_letter([one, two, three], "b")
