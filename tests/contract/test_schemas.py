"""The JSON Schemas of the public records are current, and grow only by addition."""

import json
from pathlib import Path

import pytest

from upswing.commands.schemas import SCHEMAS, schema_text

FOLDER = Path("docs/schemas")


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_is_what_the_code_generates(name: str) -> None:
    """`upswing schemas` brings it up to date."""
    assert (FOLDER / f"{name}.json").read_text() == schema_text(name)


@pytest.mark.parametrize("name", SCHEMAS)
def test_nothing_of_the_last_release_is_gone(name: str) -> None:
    """Every field of the released schema is still there; new fields are optional."""
    released = json.loads((FOLDER / "released" / f"{name}.json").read_text())["$defs"]
    current = json.loads(schema_text(name))["$defs"]
    for definition, shape in released.items():
        now = current[definition]
        gone = set(shape.get("properties", {})) - set(now.get("properties", {}))
        assert not gone, f"{definition} has lost {gone}"
        newly_required = set(now.get("required", ())) - set(shape.get("required", ()))
        assert not newly_required, f"{definition} newly requires {newly_required}"
