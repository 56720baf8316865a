"""The same rows as CSV, lines of JSON or Parquet, packed or not, in one file or many; and every way to be bad input."""

import gzip
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from cramjam import zstd

from shared.kernel.clock import iso, parse_instant
from shared.kernel.errors import ConfigurationError
from tests.support.importing import Read, import_files

ENTRY: dict[str, Any] = {
    "file": "usage",
    "type": "usage.recorded",
    "time": "at",
    "account": "account",
    "id": "id",
    "properties": {"metric": {"constant": "calls"}, "quantity": {"column": "much", "as": "number"}},
}
ROWS = "('1', '2026-01-02 03:04:05', 'a', 2), ('2', '2026-01-01 00:00:00', 'b', 3)"
CSV = "id,at,account,much\n1,2026-01-02 03:04:05,a,2\n2,2026-01-01 00:00:00,b,3\n"
LINES = (
    '{"id":"1","at":"2026-01-02 03:04:05","account":"a","much":2}\n'
    '{"id":2,"at":"2026-01-01T00:00:00Z","account":"b","much":"3"}\n'
)


def _parquet(path: Path, query: str) -> bytes:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path.read_bytes()


def _read(tmp_path: Path, files: dict[str, str | bytes], **change: Any) -> Read:
    return import_files(tmp_path / "files", files, [ENTRY | change])


def _shown(found: Read) -> list[tuple[str, str, Any]]:
    return [(iso(call.at_ms)[:19], call.account_id, call.properties["quantity"]) for call in found.calls]


@pytest.mark.parametrize(
    "name",
    ["usage.csv", "usage.csv.gz", "usage.csv.zst", "usage.ndjson", "usage.jsonl.gz", "usage.json.zst", "usage.parquet"],
)
def test_every_format_gives_the_same_events_in_the_order_of_time(tmp_path: Path, name: str) -> None:
    """Found by the table's name, whatever stands after its first dot."""
    text = CSV if ".csv" in name else LINES
    content: bytes = text.encode()
    if name.endswith(".gz"):
        content = gzip.compress(content)
    elif name.endswith(".zst"):
        content = bytes(zstd.compress(content))
    elif name.endswith(".parquet"):
        content = _parquet(
            tmp_path / "made",
            f'SELECT id, day::TIMESTAMP AS "at", account, much FROM (VALUES {ROWS}) t(id, day, account, much)',  # noqa: S608 - our own rows
        )
    found = _read(tmp_path, {name: content})
    assert _shown(found) == [("2026-01-01T00:00:00", "b", 3), ("2026-01-02T03:04:05", "a", 2)]
    assert found.quality.rows == 2
    assert found.reasons == {}


def test_several_files_of_a_table_are_read_together_and_what_is_no_table_is_told(tmp_path: Path) -> None:
    """Numbered parts, other formats, a folder of that name."""
    (tmp_path / "files" / "usage").mkdir(parents=True)
    (tmp_path / "files" / "usage" / "0001.csv").write_text("id,at,account,much\n9,2026-01-09,z,9\n")
    found = _read(tmp_path, {"usage-001.csv": CSV, "usage.ndjson": LINES.replace('"1"', '"5"'), "other.csv": "x\n"})
    assert len(found.calls) == 4
    assert [Path(path).name for path in found.quality.unused] == ["other.csv"]
    assert found.quality.repeats == 1


def test_a_repeated_file_or_row_is_one_event_and_a_repeated_import_repeats_ids(tmp_path: Path) -> None:
    """By the id that is given; without one, by all that the row says."""
    files: dict[str, str | bytes] = {"usage-1.csv": CSV, "usage-2.csv": CSV}
    for change in ({}, {"id": None}):
        first = _read(tmp_path / str(change), files, **change)
        again = _read(tmp_path / f"again {change}", files, **change)
        assert (len(first.calls), first.quality.repeats, first.quality.refused) == (2, 2, 0)
        assert [line["id"] for line in first.lines] == [line["id"] for line in again.lines]
        assert first.reasons["repeats the id of an earlier row"][0].startswith("usage-2.csv:2 found 'usage/0/")


@pytest.mark.parametrize(
    ("stamp", "zone", "instant"),
    [
        ("2026-01-01 12:00:00", "UTC", "2026-01-01T12:00:00Z"),
        ("2026-01-01 12:00:00", "Europe/Berlin", "2026-01-01T11:00:00Z"),
        ("2026-05-01 12:00", "Europe/Berlin", "2026-05-01T10:00:00Z"),
        ("2026-01-01T12:00:00Z", "Europe/Berlin", "2026-01-01T12:00:00Z"),
        ("2026-01-01T12:00:00.250-05:00", "Europe/Berlin", "2026-01-01T17:00:00.250Z"),
        ("2026-01-01 12:00:00+0530", "UTC", "2026-01-01T06:30:00Z"),
        ("2026-01-01 12:00:00 UTC", "Europe/Berlin", "2026-01-01T12:00:00Z"),
        ("2026-01-01", "America/New_York", "2026-01-01T05:00:00Z"),
        ("1767268800000", "UTC", "2026-01-01T12:00:00Z"),
    ],
)
def test_times_are_read_row_by_row_and_only_naive_ones_get_the_stated_zone(
    tmp_path: Path, stamp: str, zone: str, instant: str
) -> None:
    """Next to a row of another zone; a number counts milliseconds."""
    text = f"id,at,account,much\n1,{stamp},a,1\n2,2026-01-03T00:00:00+14:00,a,1\n"
    found = _read(tmp_path, {"usage.csv": text}, time={"column": "at", "zone": zone})
    assert {call.at_ms for call in found.calls} == {parse_instant(instant), parse_instant("2026-01-02T10:00:00Z")}


@pytest.mark.parametrize(
    ("kind", "zone", "instant"),
    [
        ("TIMESTAMP", "UTC", "2026-01-01T12:00:00Z"),
        ("TIMESTAMP", "Europe/Berlin", "2026-01-01T11:00:00Z"),
        ("TIMESTAMPTZ", "Europe/Berlin", "2026-01-01T12:00:00Z"),
        ("TIMESTAMP_NS", "UTC", "2026-01-01T12:00:00Z"),
        ("DATE", "UTC", "2026-01-01T00:00:00Z"),
        ("VARCHAR", "Europe/Berlin", "2026-01-01T11:00:00Z"),
    ],
)
def test_parquets_own_types_of_time_are_known(tmp_path: Path, kind: str, zone: str, instant: str) -> None:
    """A stamp with a zone is an instant; one without gets the stated zone."""
    query = f"SELECT '1' AS id, '2026-01-01 12:00:00'::{kind} AS at, 'a' AS account, 1.5::DOUBLE AS much"
    content = _parquet(tmp_path / "made", query)
    found = _read(tmp_path, {"usage.parquet": content}, time={"column": "at", "zone": zone})
    assert [(call.at_ms, call.properties["quantity"]) for call in found.calls] == [(parse_instant(instant), 1.5)]


def test_broken_lines_of_json_are_told_by_their_line_and_stop_nothing(tmp_path: Path) -> None:
    """Half an object, an array, bytes that are no text, not a number; blank lines are nothing."""
    lines = [LINES.splitlines()[0].encode(), b'{"id":"2"', b"[1]", b"", b'{"id":"\xff"}']
    lines += [
        b'{"id":"6","at":"2026-01-01","account":"a","much":NaN}',
        b'{"id":"7","at":"2026-01-01","account":"a","much":{}}',
    ]
    found = _read(tmp_path, {"usage.ndjson": b"\n".join([*lines, LINES.splitlines()[1].encode()]) + b"\n"})
    assert len(found.calls) == 2
    places = {example.split(" ")[0] for examples in found.reasons.values() for example in examples}
    assert places == {f"usage.ndjson:{number}" for number in (2, 3, 5, 6, 7)}
    assert (found.quality.rows, found.quality.refused) == (7, 5)


def test_an_empty_file_is_told_and_stops_nothing(tmp_path: Path) -> None:
    """Of several files of a table; a table whose only file is empty is missing."""
    found = _read(tmp_path, {"usage-1.csv": CSV, "usage-2.csv": "", "usage-3.ndjson": b""})
    assert len(found.calls) == 2
    assert sorted(Path(path).name for path in found.quality.empty) == ["usage-2.csv", "usage-3.ndjson"]
    with pytest.raises(ConfigurationError, match=r"the file .*usage\.csv is empty"):
        _read(tmp_path / "other", {"usage.csv": ""})


@pytest.mark.parametrize("content", [b"", b"PAR1 is not all that is needed PAR1", b"id,at\n1,2\n"])
def test_parquet_that_is_none_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    """Before anything is staged."""
    with pytest.raises(ConfigurationError, match=r"usage\.parquet is not readable as Parquet: "):
        _read(tmp_path, {"usage.parquet": content})


def test_parquet_that_is_damaged_in_its_midst_is_refused(tmp_path: Path) -> None:
    """Its end says what should be there."""
    whole = bytearray(
        _parquet(
            tmp_path / "made",
            "SELECT i::VARCHAR AS id, TIMESTAMP '2026-01-01' AS at, md5(i::VARCHAR) AS account, 1 AS much "
            "FROM range(20000) t(i)",
        )
    )
    whole[500:60_000] = bytes(59_500)
    with pytest.raises(ConfigurationError, match=r"unreadable|not readable"):
        _read(tmp_path, {"usage.parquet": bytes(whole)})


def test_columns_that_are_missing_are_all_named_with_those_there_are(tmp_path: Path) -> None:
    """For every file."""
    with pytest.raises(ConfigurationError) as raised:
        _read(tmp_path, {"usage-1.csv": CSV, "usage-2.csv": "id,when,account\n1,2026-01-01,a\n"})
    told = str(raised.value)
    assert "usage-2.csv has no columns 'at', 'much'; it has: id, when, account" in told
    assert "usage-1.csv" not in told


def test_events_of_the_future_are_refused_and_old_ones_counted(tmp_path: Path) -> None:
    """Old ones count in their own time; --since leaves them out, but never facts."""
    text = "id,at,account,much\n1,2026-06-02,a,1\n2,2024-01-01,a,1\n3,2026-05-01,a,1\n"
    found = _read(tmp_path, {"usage.csv": text})
    assert found.reasons == {"its time lies in the future": ("usage.csv:2 found '2026-06-02 00:00:00'",)}
    assert (found.quality.events, found.quality.older, found.quality.older_days) == (2, 1, 400)
    assert found.quality.gaps == [("2024-01-02", "2026-04-30", 850)]
    facts = {
        "file": "usage",
        "type": "account.updated",
        "time": "at",
        "account": "account",
        "properties": {"name": "id"},
    }
    young = import_files(tmp_path / "since", {"usage.csv": text}, [ENTRY, facts], since_ms=parse_instant("2026-01-01"))
    assert [(call.name, iso(call.at_ms)[:10]) for call in young.calls] == [
        ("account.updated", "2024-01-01"),
        ("usage.recorded", "2026-05-01"),
        ("account.updated", "2026-05-01"),
    ]


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        (["x", "y z"], ["1", "2"]),
        ("present", ["1", "2", "3"]),
        ("blank", ["4"]),
        ({"like": "y*"}, ["2"]),
        ({"not": ["x"]}, ["2", "3", "4"]),
        ({"at_least": 5}, ["3"]),
        ({"at_most": 5}, []),
    ],
)
def test_rows_are_kept_by_simple_conditions(tmp_path: Path, condition: Any, kept: list[str]) -> None:
    """One of several texts, anything, nothing, a pattern, all but, a size."""
    text = "id,at,account,much,kind\n" + "".join(
        f"{number},2026-01-0{number},a,1,{kind}\n" for number, kind in enumerate(("x", "y z", "7.5", ""), start=1)
    )
    found = _read(tmp_path, {"usage.csv": text}, when={"kind": condition})
    assert [call.message_id.rpartition("/")[2] for call in found.calls] == kept
    assert found.quality.made[0].left_out == 4 - len(kept)


def test_a_mapping_is_no_program(tmp_path: Path) -> None:
    """Whatever stands where a name or a text is meant is a name or a text."""
    nasty = "a\"; DROP TABLE staged; --' || getenv('HOME') || '"
    row = {"id": "1", "at": "2026-01-01", "account": "x", nasty: nasty}
    properties = {"metric": {"column": nasty, "values": {nasty: "quoted' \\ \" || 1"}}, "quantity": {"constant": 1}}
    content = msgspec.json.encode(row) + b"\n"
    found = _read(tmp_path, {"usage.ndjson": content}, properties=properties, when={nasty: [nasty]})
    assert [call.properties["metric"] for call in found.calls] == ["quoted' \\ \" || 1"]
