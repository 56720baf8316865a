"""Reading CSV: a broken row is named by file, line and reason, and stops nothing."""

from pathlib import Path

import pytest

from shared.kernel.errors import ConfigurationError
from upswing.history.rows import Broken, Row, read_header, read_rows


def _read(tmp_path: Path, content: bytes) -> list[Row | Broken]:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    return list(read_rows(path))


def test_rows_are_read_with_their_line_numbers(tmp_path: Path) -> None:
    """Blanks around cells, blank lines, line ends of either kind and a byte order mark make no difference."""
    rows = _read(tmp_path, b"\xef\xbb\xbfid, name\r\n1, Ada \r\n\r\n2,B\n")
    assert rows == [Row("a.csv", 2, {"id": "1", "name": "Ada"}), Row("a.csv", 4, {"id": "2", "name": "B"})]


def test_a_quoted_cell_may_hold_commas_quotes_and_line_ends(tmp_path: Path) -> None:
    """One row of three lines."""
    rows = _read(tmp_path, b'id,name\n1,"a, ""b""\nc\nd"\n2,e\n')
    assert rows == [Row("a.csv", 2, {"id": "1", "name": 'a, "b"\nc\nd'}), Row("a.csv", 5, {"id": "2", "name": "e"})]


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
    first, broken, *others = _read(tmp_path, b"id,name\n0,a\n" + line + b"\n3,d\n4,e\n")
    assert first == Row("a.csv", 2, {"id": "0", "name": "a"})
    assert isinstance(broken, Broken)
    assert (broken.file, broken.line) == ("a.csv", 3)
    assert broken.reason.startswith(reason)
    assert [row.cells["id"] for row in others if isinstance(row, Row)] == ["3", "4"]


def test_a_quote_that_is_never_closed_costs_one_line_of_a_long_file(tmp_path: Path) -> None:
    """An ordinary reader would swallow the rest."""
    rows = _read(tmp_path, b"id\n" + b'"open\n' + b"1\n" * 500)
    assert [row for row in rows if isinstance(row, Broken)] == [
        Broken("a.csv", 2, "a quote is opened and never closed")
    ]
    assert sum(isinstance(row, Row) for row in rows) == 500


@pytest.mark.parametrize("content", [b"", b"\n", b"a,,b\n", b'"a"b,c\n'])
def test_a_file_without_names_of_columns_is_refused(tmp_path: Path, content: bytes) -> None:
    """Empty, or with a first line that names nothing."""
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"^a\.csv: .*name the columns"):
        read_header(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """In one sentence."""
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_header(tmp_path / "b.csv")
