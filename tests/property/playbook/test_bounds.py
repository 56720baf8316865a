"""Every number of the playbook has bounds, and a value outside is refused at its path."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook import build_playbook
from tests.support.playbooks import default_data

DATA: dict[str, Any] = default_data()


def _numbers(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            if path[:1] != ("tracking",) and key != "where":
                yield from _numbers(below, (*path, key))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


NUMBERS = sorted(_numbers(DATA), key=str)


def _replaced(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    data: Any = copy.deepcopy(DATA)
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    result: dict[str, Any] = data
    return result


def test_the_file_holds_its_numbers() -> None:
    """Guards the two properties below against an empty list."""
    assert len(NUMBERS) > 250


@given(
    path=st.sampled_from(NUMBERS),
    value=st.sampled_from([-1, 10**13, -0.5, float("nan"), float("inf"), "12", True, [1], {"a": 1}]),
)
def test_a_number_out_of_bounds_or_of_another_type_is_refused_at_its_path(path: tuple[Any, ...], value: Any) -> None:
    """For every number in the file."""
    dotted = ".".join(map(str, path))
    with pytest.raises(ConfigurationError) as raised:
        build_playbook(_replaced(path, value))
    assert str(raised.value).startswith(f"playbook: {dotted}")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(path=st.sampled_from(NUMBERS), depth=st.integers(0, 4), value=_JSON)
def test_rubbish_in_any_place_is_used_or_refused_in_one_sentence(path: tuple[Any, ...], depth: int, value: Any) -> None:
    """Never another exception."""
    data = _replaced(path[: max(1, len(path) - depth)], value)
    sentence = "playbook: "
    try:
        build_playbook(data)
    except ConfigurationError as error:
        sentence = str(error)
    assert sentence.startswith("playbook: ")
    assert "\n" not in sentence
