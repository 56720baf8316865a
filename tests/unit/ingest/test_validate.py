"""What is wrong with an item, and how deep JSON is nested."""

import msgspec
import pytest

from services.ingest.core.validate import MAX_DEPTH, PROPERTIES, problem_of, too_deep
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
