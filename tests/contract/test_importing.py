"""The page about importing holds what the code knows: fields of a mapping, presets, an example that is taken."""

import re
from pathlib import Path

import msgspec
import pytest
import yaml

from upswing.importing.find import presets
from upswing.importing.mapping import Condition, Entry, Join, Mapping, Time, Value, build_mapping
from upswing.importing.sources import KINDS, PACKINGS

PAGE = (Path(__file__).parents[2] / "docs" / "importing.md").read_text()


@pytest.mark.parametrize("shape", [Mapping, Entry, Time, Condition, Join, Value])
def test_every_field_of_a_mapping_is_on_the_page(shape: type[msgspec.Struct]) -> None:
    """In the words in which it is written."""
    missing = [field.encode_name for field in msgspec.structs.fields(shape) if f"`{field.encode_name}`" not in PAGE]
    assert missing == []


def test_every_preset_and_every_kind_of_file_is_on_the_page() -> None:
    """One row each."""
    assert [name for name in presets() if f"| `{name}` |" not in PAGE] == []
    assert [suffix for suffix in PACKINGS if f"`{suffix}`" not in PAGE] == []
    assert {"csv", "ndjson", "jsonl", "json", "parquet"} <= set(KINDS)


def test_the_example_is_a_mapping() -> None:
    """As it stands there."""
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example
    mapping = build_mapping(yaml.safe_load(example[1]))
    assert [entry.file for entry in mapping.events] == ["accounts", "usage", "clicks"]
