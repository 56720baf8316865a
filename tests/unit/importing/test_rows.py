"""Reading CSV: a broken row is named by file, line and reason, and stops nothing."""

import csv
import gzip
from pathlib import Path

import pytest
from cramjam import zstd

from shared.kernel.errors import ConfigurationError
from upswing.importing.rows import Broken, Header, read_header, write_clean

Rows = list[list[str]]
HEADER = Header(["id"], ",")


def _read(tmp_path: Path, content: bytes, name: str = "a.csv") -> tuple[Rows, list[Broken]]:
    path, clean = tmp_path / name, tmp_path / "clean.csv"
    path.write_bytes(content)
    header = read_header(path, tmp_path)
    assert header is not None
    count, broken = write_clean(path, header, clean)
    with clean.open(newline="") as lines:
        rows = list(csv.reader(lines, delimiter=header.delimiter))
    assert count == len(rows) + len(broken)
    return rows, broken


def test_rows_are_read_with_their_line_numbers(tmp_path: Path) -> None:
    """Blank lines, line ends of either kind and a byte order mark make no difference."""
    content = b"\xef\xbb\xbfid, name\r\n1,Ada\r\n\r\n2,B\n"
    assert _read(tmp_path, content) == ([["2", "1", "Ada"], ["4", "2", "B"]], [])
    assert _read(tmp_path, gzip.compress(content), "a.csv.gz") == ([["2", "1", "Ada"], ["4", "2", "B"]], [])
    assert _read(tmp_path, zstd.compress(content).read(), "a.csv.zst") == ([["2", "1", "Ada"], ["4", "2", "B"]], [])


def test_other_marks_between_cells_are_found_out(tmp_path: Path) -> None:
    """Semicolons, tabs and bars; commas in cells are then nothing special."""
    for mark in (b";", b"\t", b"|"):
        rows, broken = _read(tmp_path, b"id" + mark + b"name\n1" + mark + b"a,b\n")
        assert (rows, broken) == ([["2", "1", "a,b"]], [])


def test_a_quoted_cell_may_hold_commas_quotes_and_line_ends(tmp_path: Path) -> None:
    """One row of three lines."""
    rows, broken = _read(tmp_path, b'id,name\n1,"a, ""b""\nc\nd"\n2,e\n')
    assert (rows, broken) == ([["2", "1", 'a, "b"\nc\nd'], ["5", "2", "e"]], [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"1", "has 1 columns, the header has 2"),
        (b"1,2,3", "has 3 columns, the header has 2"),
        (b'1,"never closed', "a quote is opened and never closed"),
        (b'1,"a"b', "is not readable as CSV: "),
        (b"1,\xff", "is not UTF-8 text"),
        (b"1,\x00", "holds a zero byte"),
        (b"1," + b"x" * 200_000, "is not readable as CSV: field larger"),
    ],
)
def test_a_broken_row_is_named_and_the_others_are_read(tmp_path: Path, line: bytes, reason: str) -> None:
    """The row before and the rows after it are there."""
    rows, (broken,) = _read(tmp_path, b"id,name\n0,a\n" + line + b"\n3,d\n4,e\n")
    assert (broken.file, broken.line) == ("a.csv", 3)
    assert broken.reason.startswith(reason)
    assert [row[1] for row in rows] == ["0", "3", "4"]


def test_a_quote_that_is_never_closed_costs_one_line_of_a_long_file(tmp_path: Path) -> None:
    """An ordinary reader would swallow the rest."""
    rows, broken = _read(tmp_path, b"id\n" + b'"open\n' + b"1\n" * 500)
    assert broken == [Broken("a.csv", 2, "a quote is opened and never closed")]
    assert len(rows) == 500


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a,,b\n", "the first line must name the columns"),
        (b'"a"b,c\n', "the first line must name the columns"),
        (b"a,b,A\n", "names the column 'A' twice"),
    ],
)
def test_a_file_without_names_of_columns_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    """With a first line that names nothing, or one thing twice."""
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=rf"a\.csv: .*{sentence}"):
        read_header(path, tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_an_empty_file_has_no_header(tmp_path: Path, content: bytes) -> None:
    """It is told in the report, and stops nothing."""
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert read_header(path, tmp_path) is None


@pytest.mark.parametrize("name", ["b.csv", "half.csv.gz", "half.csv.zst"])
def test_a_file_that_is_not_there_or_half_packed_is_refused(tmp_path: Path, name: str) -> None:
    """In one sentence."""
    if name.startswith("half"):
        whole = gzip.compress(b"id\n" + bytes(range(256)) * 999) if name.endswith("gz") else b"no zstd at all"
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ConfigurationError, match="cannot read"):
        _ = [write_clean(tmp_path / name, read_header(tmp_path / name, tmp_path) or HEADER, tmp_path / "clean")]
