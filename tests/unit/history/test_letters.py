"""How dead letters are told to a person."""

import pytest

from shared.kernel.dead_letters import DeadLetter
from shared.kernel.errors import Reason
from upswing.letters import summary


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
    assert next(summary([letter], 1)).endswith(f"  e-1  {told}")
