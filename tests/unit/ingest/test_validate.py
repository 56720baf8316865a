"""What is wrong with an item, and how deep JSON is nested."""

import msgspec
import pytest

from services.ingest.core.validate import MAX_DEPTH, PROPERTIES, problem_of, properties_problem, too_deep
from shared.kernel.errors import Problem, Reason
from shared.kernel.events import BY_NAME


def test_every_event_type_has_its_properties_checked() -> None:
    """A new type in the kernel needs nothing here."""
    assert PROPERTIES.keys() == BY_NAME.keys()


def test_the_path_of_a_problem_begins_where_the_item_lies() -> None:
    """Wrong syntax inside an item has no path of its own."""
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(b'{"a":"x"}', type=dict[str, int])
    assert problem_of(caught.value, within="properties").field.startswith("properties.")
    assert problem_of(msgspec.DecodeError("odd"), within="properties") == Problem(
        Reason.UNREADABLE, "properties", "not readable as JSON: odd"
    )


def test_brackets_in_texts_do_not_count_as_levels() -> None:
    """Neither do many brackets side by side."""
    assert not too_deep(b'{"a":"' + b"[" * 500 + b'\\"' + b"{" * 500 + b'"}')
    assert not too_deep(b"[" + b"[]," * 500 + b"[]]")
    assert not too_deep(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert too_deep(b"[{},[]," + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"]")


def test_all_wrong_properties_are_told_at_once() -> None:
    """Mending one after the other would take as many tries."""
    given = b'{"status":"trial","renews_on":"2027-01-32","seats":-1}'
    with pytest.raises(msgspec.ValidationError) as caught:
        PROPERTIES["account.updated"].decode(given)
    problem = properties_problem("account.updated", given, caught.value)
    assert (problem.reason, problem.field) == (Reason.WRONG_TYPE, "properties.status")
    assert problem.message == (
        "Expected one of active, suspended, churned, null, got 'trial'; "
        "also seats: Expected a whole number >= 0, got -1; "
        "also renews_on must be RFC 3339 text or integer milliseconds, got '2027-01-32'"
    )
