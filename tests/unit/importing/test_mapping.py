"""The mapping file: what it may say, and what is refused with its path."""

from pathlib import Path
from typing import Any

import pytest

from shared.kernel.errors import ConfigurationError
from upswing.importing.find import find_mapping
from upswing.importing.mapping import build_mapping, columns_of
from upswing.importing.sources import list_files

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


def test_a_mapping_knows_the_columns_it_reads() -> None:
    """Those of joined files by their alias."""
    (entry,) = build_mapping(MAPPING).events
    assert set(columns_of(entry)) == {"day", "sub.account", "id", "kind", "count", "sub_id"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"type": "usage.record"}, "events.0.type: found 'usage.record', allowed is an event type"),
        ({"properties": {"metrics": "a"}}, "events.0.properties.metrics: usage.recorded has no such property"),
        ({"properties": {"metric": {}}}, "events.0.properties.metric: exactly one of column and constant"),
        ({"properties": {"metric": {"column": "a", "constant": 1}}}, "events.0.properties.metric: exactly one of"),
        ({"properties": {"metric": {"column": "a", "as": "year"}}}, r".events[0].properties[...].as"),
        ({"colour": 1}, ".events[0]: Object contains unknown field colour"),
        ({"time": None}, "events[0].time: Expected"),
        (
            {"time": {"column": "a", "zone": "Berlin"}},
            "events.0.time.zone: found 'Berlin', allowed is a name",
        ),
        ({"account": None}, "events.0.account: found nothing, a column that names the account is needed"),
        ({"type": None}, "events.0: exactly one of type and dialect is needed"),
        ({"item": {"a": "b"}}, "events.0.item: belongs to entries with a dialect"),
        (
            {"type": None, "dialect": "mixpanel"},
            "events.0.dialect: found 'mixpanel', allowed is a client",
        ),
        ({"type": None, "dialect": "segment"}, "events.0.account: belongs to entries with a type"),
        ({"when": {"a": {"above": 1}}}, "events[0].when[...]: Object contains unknown field above"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(change: dict[str, Any], sentence: str) -> None:
    """With the path of the field."""
    with pytest.raises(ConfigurationError) as raised:
        build_mapping(MAPPING | {"events": [ENTRY | change]})
    assert sentence.lstrip(".") in str(raised.value)


def test_all_that_is_wrong_in_a_mapping_is_told_at_once() -> None:
    """In one sentence for each kind, so that it is mended in one go."""
    wrong = {"type": "account.updated", "properties": {"plann": "a", "seat": "b"}}
    with pytest.raises(ConfigurationError) as raised:
        build_mapping(MAPPING | {"events": [ENTRY | wrong, ENTRY | {"type": "usage.record"}]})
    told = str(raised.value)
    assert "events.0.properties.plann, events.0.properties.seat: account.updated has no such property" in told
    assert told.count("it has: ") == 1
    assert "events.1.type: found 'usage.record'" in told


@pytest.mark.parametrize(
    ("change", "sentence"), [({"events": []}, "events: found none"), ({"tick_hours": 25}, "1 to 24")]
)
def test_a_mapping_needs_events_and_ticks(change: dict[str, Any], sentence: str) -> None:
    """At least one entry, at least one tick a day."""
    with pytest.raises(ConfigurationError, match=sentence):
        build_mapping(MAPPING | change)


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
    assert find_mapping([folder]).mapping.name == "own"
    other = tmp_path / "other.yaml"
    other.write_text(YAML.replace("own", "named"))
    assert find_mapping([folder], other).mapping.name == "named"


def test_files_that_nothing_fits_say_what_to_do(tmp_path: Path) -> None:
    """Write a mapping, or name one; and what was tried."""
    with pytest.raises(
        ConfigurationError,
        match=r"no mapping fits these files: .*docs/importing.md#the-mapping.* tried posthog \(no file",
    ):
        find_mapping([_folder(tmp_path)])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("nowhere", "there is no file or folder"),
        ("notes.txt", r"notes.txt cannot be read: readable are \.csv"),
        ("empty", "holds no file that can be read"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, given: str, sentence: str) -> None:
    """In one sentence."""
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match=sentence):
        list_files([tmp_path / given])
