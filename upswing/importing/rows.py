"""Rows of a CSV file, line by line: a broken row is told with its line and reason, and stops nothing.

A quote that is never closed would swallow the rest of a file in an ordinary reader; here it breaks its own line only.
What is good is written to a clean file, each row with the number of its first line, which DuckDB then reads.
"""

import csv
import gzip
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import cramjam
import msgspec

from shared.kernel.errors import ConfigurationError

MOST_JOINED_LINES = 100
BOM = "\ufeff"
DELIMITERS = ",;\t|"
LONG = 100_000  # characters: what is longer is looked at cell by cell
LINE = "__row"


class Broken(msgspec.Struct, frozen=True):
    """What could not be used: where it stands, and why, in one sentence. Units: `line` counts from 1."""

    file: str
    line: int
    reason: str


class Header(msgspec.Struct, frozen=True):
    """The first line of a file: the names of its columns, and what stands between them."""

    names: list[str]
    delimiter: str


def read_header(path: Path, work: Path) -> Header | None:
    """Return what the first line says; None for an empty file. Errors: `ConfigurationError` if no columns."""
    with _opened(path, work) as lines:
        first = next(iter(lines), "").rstrip("\r\n").removeprefix(BOM)
    if not first:
        return None
    delimiter = max(DELIMITERS, key=first.count)
    try:
        names = [cell.strip() for cell in _cells(first, delimiter)]
    except csv.Error:
        names = []
    if not names or not all(names):
        raise ConfigurationError(f"{path}: the first line must name the columns, found {first[:80]!r}")
    if twice := sorted({each for each in names if [name.casefold() for name in names].count(each.casefold()) > 1}):
        raise ConfigurationError(
            f"{path}: the first line names the column {twice[0]!r} twice, each must be another one"
        )
    return Header(names, delimiter)


def write_clean(path: Path, header: Header, clean: Path) -> tuple[int, list[Broken]]:
    """Write the rows that can be read to a clean file; return how many rows there were, and those that are broken."""
    rows, broken = 0, []
    width, delimiter = len(header.names) - 1, header.delimiter
    pending: list[tuple[int, str]] = []
    with _opened(path, clean.parent) as lines, clean.open("w", encoding="utf-8", newline="") as out:
        write, writer = out.write, csv.writer(out, delimiter=delimiter, lineterminator="\n")
        for number, line in enumerate(lines, start=1):
            if number == 1:
                continue
            text = line.rstrip("\r\n")
            if (
                not pending
                and len(text) < LONG
                and '"' not in text
                and text.count(delimiter) == width
                and text.isascii()
                and text.isprintable()
            ):
                rows += 1
                write(f"{number}{delimiter}{text}\n")
                continue
            pending.append((number, text))
            for found in _settle(path.name, header, pending, last=False):
                rows += 1
                broken.append(found) if isinstance(found, Broken) else writer.writerow(found)
        for found in _settle(path.name, header, pending, last=True):
            rows += 1
            broken.append(found) if isinstance(found, Broken) else writer.writerow(found)
    return rows, broken


def _settle(
    file: str, header: Header, pending: list[tuple[int, str]], *, last: bool
) -> Iterator[Broken | list[str | int]]:
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


def _row(file: str, line: int, header: Header, text: str) -> Broken | list[str | int]:
    if not text.isascii() and any("\udc80" <= char <= "\udcff" for char in text):
        return Broken(file, line, "is not UTF-8 text")
    if "\x00" in text:
        return Broken(file, line, "holds a zero byte")
    try:
        cells = _cells(text, header.delimiter)
    except csv.Error as error:
        return Broken(file, line, f"is not readable as CSV: {error}")
    if len(cells) != len(header.names):
        return Broken(file, line, f"has {len(cells)} columns, the header has {len(header.names)}")
    return [line, *cells]


def _cells(text: str, delimiter: str) -> list[str]:
    return next(csv.reader([text], strict=True, delimiter=delimiter), [])


@contextmanager
def _opened(path: Path, work: Path) -> Iterator[IO[str]]:
    """Open a file's text, whether it is packed or not; bytes that are no UTF-8 are kept as surrogates."""
    how = {"encoding": "utf-8", "errors": "surrogateescape", "newline": "\n"}
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", **how) as lines:  # type: ignore[call-overload]  # the options are what they are
                yield lines
        else:
            plain = _unpacked(path, work) if path.suffix == ".zst" else path
            try:
                with plain.open(**how) as lines:  # type: ignore[call-overload]  # the same
                    yield lines
            finally:
                if plain is not path:
                    plain.unlink(missing_ok=True)
    except (OSError, EOFError, cramjam.DecompressionError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(f"cannot read {path}: {why}") from None


def _unpacked(path: Path, work: Path) -> Path:
    packed, plain = work / f"{path.name}.packed", work / path.stem
    shutil.copyfile(path, packed)  # the unpacker opens files for writing too
    cramjam.zstd.decompress_into(
        cramjam.File(str(packed), read=True, write=True), cramjam.File(str(plain), truncate=True)
    )
    packed.unlink()
    return plain
