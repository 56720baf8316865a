"""The mapping file: what it may say, and what is refused with its path."""

from pathlib import Path
from typing import Any

import pytest

from shared.kernel.errors import ConfigurationError
from upswing.history.find import SHIPPED, find_mapping
from upswing.history.mapping import build_mapping, columns_of, read_mapping

ENTRY: dict[str, Any] = {
    "file": "usage.csv",
    "type": "usage.recorded",
    "time": "day",
    "account": "sub.account",
    "id": "id",
    "join": {"sub": {"file": "subs.csv", "key": "sub_id", "column": "sub_id"}},
    "when": {"kind": ["real"]},
    "properties": {"metric": {"constant": "calls"}, "quantity": {"column": "count", "as": "number"}},
}
MAPPING: dict[str, Any] = {"name": "m", "what": "usage", "events": [ENTRY]}


def test_a_mapping_knows_the_columns_it_reads_by_file() -> None:
    """Those of joined files too."""
    assert columns_of(build_mapping(MAPPING)) == {
        "usage.csv": {"day", "id", "kind", "count", "sub_id"},
        "subs.csv": {"sub_id", "account"},
    }


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"type": "usage.record"}, "events.0.type: found 'usage.record', allowed is an event type"),
        ({"properties": {"metrics": "a"}}, "events.0.properties.metrics: usage.recorded has no such property"),
        ({"properties": {"metric": {}}}, "events.0.properties.metric: exactly one of column and constant"),
        ({"properties": {"metric": {"column": "a", "constant": 1}}}, "events.0.properties.metric: exactly one of"),
        ({"properties": {"metric": {"column": "a", "as": "date"}}}, r".events[0].properties[...].as"),
        ({"colour": 1}, ".events[0]: Object contains unknown field colour"),
        ({"time": None}, ".events[0].time: Expected str, got null"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(change: dict[str, Any], sentence: str) -> None:
    """With the path of the field."""
    with pytest.raises(ConfigurationError) as raised:
        build_mapping(MAPPING | {"events": [ENTRY | change]})
    assert sentence.lstrip(".") in str(raised.value)


@pytest.mark.parametrize(
    ("change", "sentence"), [({"events": []}, "events: found none"), ({"tick_hours": 25}, "1 to 24")]
)
def test_a_mapping_needs_events_and_ticks(change: dict[str, Any], sentence: str) -> None:
    """At least one entry, at least one tick a day."""
    with pytest.raises(ConfigurationError, match=sentence):
        build_mapping(MAPPING | change)


def test_shipped_mappings_can_be_read_with_their_playbooks() -> None:
    """Each one, and the playbook it names exists."""
    paths = sorted(SHIPPED.glob("*.yaml"))
    assert paths
    for path in paths:
        playbook = read_mapping(path).playbook
        assert playbook is None or (path.parent / playbook).is_file()


def _folder(tmp_path: Path) -> Path:
    (tmp_path / "usage.csv").write_text("id,day,kind,count,sub_id\n")
    (tmp_path / "subs.csv").write_text("sub_id,account\n")
    return tmp_path


YAML = """
name: own
what: usage
events:
  - {file: usage.csv, type: usage.recorded, time: day, account: id, properties: {metric: kind, quantity: count}}
"""


def test_a_folders_own_mapping_is_used(tmp_path: Path) -> None:
    """Without being named; one that is named goes before it."""
    folder = _folder(tmp_path)
    (folder / "mapping.yaml").write_text(YAML)
    assert find_mapping(folder, None).mapping.name == "own"
    other = tmp_path / "other.yaml"
    other.write_text(YAML.replace("own", "named"))
    assert find_mapping(folder, other).mapping.name == "named"


def test_a_mapping_that_does_not_fit_says_which_columns_are_missing(tmp_path: Path) -> None:
    """File by file."""
    folder = _folder(tmp_path)
    (folder / "mapping.yaml").write_text(YAML.replace("day", "date").replace("quantity: count", "quantity: amount"))
    with pytest.raises(ConfigurationError, match=r"usage.csv has no column 'amount'; usage.csv has no column 'date'"):
        find_mapping(folder, None)


def test_a_folder_that_nothing_fits_says_what_to_do(tmp_path: Path) -> None:
    """Write a mapping, or name one; and what was tried."""
    with pytest.raises(ConfigurationError, match=r"no mapping fits the files in .*MAPPING=<file>; tried ravenstack"):
        find_mapping(_folder(tmp_path), None)
    with pytest.raises(ConfigurationError, match="there is no folder"):
        find_mapping(tmp_path / "nowhere", None)
