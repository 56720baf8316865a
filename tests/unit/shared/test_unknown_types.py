"""What is said of a type that there is not."""

import pytest

from shared.kernel.events import BY_NAME
from shared.kernel.unknown_types import LONGEST, no_such_type


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("feature.usd", "no event type is named 'feature.usd'; did you mean feature.used?"),
        ("featur.used", "no event type is named 'featur.used'; did you mean feature.used?"),
        ("featureUsed", "no event type is named 'featureUsed'; did you mean feature.used?"),
        ("Ticket_Opened", "no event type is named 'Ticket_Opened'; did you mean ticket.opened?"),
        ("usage.guessed", "no event type is named 'usage.guessed'"),
        ("no.such.type", "no event type is named 'no.such.type'"),
        ("", "no event type is named ''"),
        ("feature.used" + 30 * "d", "no event type is named 'feature.used" + 30 * "d" + "'"),
    ],
)
def test_a_slip_is_told_what_was_meant(name: str, said: str) -> None:
    """Where it is one: another spelling, or one of the two words nearly right."""
    assert no_such_type(name) == said


def test_every_type_is_found_by_its_letters_alone() -> None:
    """None is too long to be looked for."""
    for name in BY_NAME:
        assert no_such_type(name.replace(".", " ")).endswith(f"did you mean {name}?")
        assert len(name) < LONGEST
