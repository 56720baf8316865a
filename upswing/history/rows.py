"""Rows of a CSV file, one by one: a broken row is a `Broken` with its line and reason, and stops nothing.

A quote that is never closed would swallow the rest of a file in an ordinary reader; here it breaks its own line only.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import msgspec

from shared.kernel.errors import ConfigurationError

MOST_JOINED_LINES = 100
BOM = "\ufeff"


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row. Units: `line` is the number of its first line in the file, from 1."""

    file: str
    line: int
    cells: dict[str, str]


class Broken(msgspec.Struct, frozen=True):
    """What could not be used: where it stands, and why, in one sentence."""

    file: str
    line: int
    reason: str


def read_header(path: Path) -> list[str]:
    """Return the names of a file's columns. Errors: `ConfigurationError` when it cannot be read or has none."""
    for _line, text in _lines(path):
        try:
            cells = _cells(text)
        except csv.Error:
            cells = []
        if not cells or any(not cell.strip() for cell in cells):
            raise ConfigurationError(f"{path.name}: the first line must name the columns, found {text[:80]!r}")
        return [cell.strip() for cell in cells]
    raise ConfigurationError(f"{path.name}: is empty, its first line must name the columns")


def read_rows(path: Path) -> Iterator[Row | Broken]:
    """Yield each row after the header, or what is wrong with it; blank lines are passed over.

    Errors: `ConfigurationError` when the file cannot be read at all.
    """
    header = read_header(path)
    pending: list[tuple[int, str]] = []
    first = True
    for line, text in _lines(path):
        if first:
            first = False
            continue
        pending.append((line, text))
        yield from _settle(path.name, header, pending, last=False)
    yield from _settle(path.name, header, pending, last=True)


def _settle(file: str, header: list[str], pending: list[tuple[int, str]], *, last: bool) -> Iterator[Row | Broken]:
    """Yield what the waiting lines amount to; lines of an open quote wait for the one that closes it."""
    while pending:
        count = _lines_of_a_row(pending)
        line = pending[0][0]
        if count:
            whole = "\n".join(text for _line, text in pending[:count])
            del pending[:count]
            if whole.strip():
                yield _row(file, line, header, whole)
        elif last or len(pending) >= MOST_JOINED_LINES:
            del pending[0]
            yield Broken(file, line, "a quote is opened and never closed")
        else:
            return


def _lines_of_a_row(pending: list[tuple[int, str]]) -> int:
    """Return how many of the waiting lines make the next row, 0 when its quote is still open."""
    quotes = 0
    for count, (_line, text) in enumerate(pending, start=1):
        quotes += text.count('"')
        if quotes % 2 == 0:
            return count
    return 0


def _row(file: str, line: int, header: list[str], text: str) -> Row | Broken:
    if not text.isascii() and any("\udc80" <= char <= "\udcff" for char in text):
        return Broken(file, line, "is not UTF-8 text")
    if "\x00" in text:
        return Broken(file, line, "holds a zero byte")
    try:
        cells = _cells(text)
    except csv.Error as error:
        return Broken(file, line, f"is not readable as CSV: {error}")
    if len(cells) != len(header):
        return Broken(file, line, f"has {len(cells)} columns, the header has {len(header)}")
    return Row(file, line, {name: cell.strip() for name, cell in zip(header, cells, strict=True)})


def _cells(text: str) -> list[str]:
    return next(csv.reader([text], strict=True), [])


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
            for number, text in enumerate(lines, start=1):
                yield number, text.rstrip("\r\n").removeprefix(BOM if number == 1 else "")
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
