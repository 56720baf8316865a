"""The files of an import: which table each belongs to, which columns it has, and how DuckDB scans it.

A scan gives `__file` (its number), `__row` (the line of a text file, the row of a Parquet file), and its columns; the
lines of NDJSON stay one text, `__raw`, of which columns are taken by their path.
"""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import duckdb
import msgspec

from shared.kernel.errors import ConfigurationError
from upswing.importing import sql
from upswing.importing.rows import LINE, Broken, read_header, write_clean

Kind = Literal["csv", "ndjson", "parquet"]
KINDS: dict[str, Kind] = {
    "csv": "csv",
    "tsv": "csv",
    "ndjson": "ndjson",
    "jsonl": "ndjson",
    "json": "ndjson",
    "parquet": "parquet",
}
PACKINGS = (".gz", ".zst")
SAMPLE_ROWS = 20_000
LINES = "delim='\x01', quote='', escape='', header=false, auto_detect=false, columns={'__raw': 'VARCHAR'}"
LONGEST_LINE = 16 << 20


class Part(msgspec.Struct):
    """One file of one table. Shape: `columns` name the DuckDB type of each; `scan` is a SELECT. `rows` are all rows."""

    table: str
    path: Path
    number: int
    kind: Kind
    columns: dict[str, str]
    scan: str
    rows: int
    broken: list[Broken] = []


def kind_of(path: Path) -> Kind | None:
    """Return how a file is read, by its name; None for one that is not for us."""
    name = path.name.lower()
    for packing in PACKINGS:
        name = name.removesuffix(packing)
    return KINDS.get(name.rpartition(".")[2]) if "." in name else None


def list_files(given: Sequence[Path]) -> list[Path]:
    """Return the files that were named, and those of the folders that were. Errors: `ConfigurationError`."""
    found: dict[Path, None] = {}
    for path in given:
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*") if each.is_file() and kind_of(each))
            if not inside:
                raise ConfigurationError(f"the folder {path} holds no file that can be read: {_readable()}")
            found |= dict.fromkeys(inside)
        elif not path.is_file():
            raise ConfigurationError(f"there is no file or folder {path}")
        elif kind_of(path) is None:
            raise ConfigurationError(f"{path} cannot be read: {_readable()}")
        else:
            found[path] = None
    if not found:
        raise ConfigurationError("no file is named: name files, or folders that hold some")
    return list(found)


def bind(tables: Sequence[str], files: Sequence[Path]) -> dict[str, list[Path]]:
    """Return the files of each table. With one table all files are its own; else a file's or its folder's name says."""
    if len(tables) == 1 and not any(belongs(path, tables[0]) for path in files):
        return {tables[0]: list(files)}
    return {table: [path for path in files if belongs(path, table)] for table in tables}


def belongs(path: Path, table: str) -> bool:
    """Tell whether a file is one of a table: `tracks`, `tracks.csv`, `tracks-2026.parquet` or `tracks/0.parquet`."""
    name, wanted = path.name.casefold(), table.casefold()
    stem = name.partition(".")[0]
    return (
        fnmatchcase(name, wanted)
        or stem == wanted
        or path.parent.name.casefold() == wanted
        or any(stem.startswith(wanted + mark) for mark in "-_" if stem[len(wanted) + 1 :].strip("0123456789-_t") == "")
    )


def open_part(connection: duckdb.DuckDBPyConnection, table: str, path: Path, number: int, work: Path) -> Part | None:
    """Return how to scan a file, or None when it is empty. Errors: `ConfigurationError` when it cannot be read."""
    kind = kind_of(path)
    if kind is None:
        raise ConfigurationError(f"{path} cannot be read: {_readable()}")
    if path.stat().st_size == 0 and kind != "parquet":
        return None
    if kind == "csv":
        return _open_csv(table, path, number, work)
    try:
        return (_open_lines if kind == "ndjson" else _open_parquet)(connection, table, path, number)
    except duckdb.Error as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: duckdb.Error) -> ConfigurationError:
    """Return the sentence for a file that DuckDB cannot read."""
    what = {"parquet": "Parquet", "ndjson": "lines of JSON", "csv": "CSV"}[kind_of(path) or "csv"]
    return ConfigurationError(f"{path} is not readable as {what}: {str(error).splitlines()[0][:300]}")


def _open_csv(table: str, path: Path, number: int, work: Path) -> Part | None:
    header = read_header(path, work)
    if header is None:
        return None
    clean = work / f"clean-{number}.csv"
    rows, broken = write_clean(path, header, clean)
    names = {LINE: "BIGINT"} | dict.fromkeys(header.names, "VARCHAR")
    columns = ", ".join(f"{sql.text(name)}: '{kind}'" for name, kind in names.items())
    scan = (
        f"SELECT {number} AS __file, * FROM read_csv({sql.text(str(clean))}, delim={sql.text(header.delimiter)}, "
        f"quote='\"', escape='\"', header=false, auto_detect=false, max_line_size={LONGEST_LINE}, "
        f"columns={{{columns}}})"
    )
    return Part(table, path, number, "csv", dict.fromkeys(header.names, "VARCHAR"), scan, rows, broken)


def _open_lines(connection: duckdb.DuckDBPyConnection, table: str, path: Path, number: int) -> Part:
    lines = f"read_csv({sql.text(str(path))}, {LINES}, ignore_errors=true, max_line_size={LONGEST_LINE})"
    scan = f"SELECT {number} AS __file, row_number() OVER () AS __row, __raw FROM {lines}"
    keys = connection.execute(
        f"SELECT DISTINCT unnest(json_keys(__raw)) FROM (SELECT * FROM {lines} LIMIT {SAMPLE_ROWS}) "
        "WHERE CASE WHEN json_valid(__raw) THEN json_type(__raw) = 'OBJECT' END"
    ).fetchall()
    rows, broken = _count_lines(connection, path, number)
    columns = dict.fromkeys(sorted(key for (key,) in keys), "JSON")
    return Part(table, path, number, "ndjson", columns, scan, rows, broken)


def _count_lines(connection: duckdb.DuckDBPyConnection, path: Path, number: int) -> tuple[int, list[Broken]]:
    """Return how many rows there are, and those that are no UTF-8: these no scan will ever see."""
    tables = f"rejects_table='rejects_{number}', rejects_scan='scans_{number}'"
    told = f"store_rejects=true, {tables}, max_line_size={LONGEST_LINE}"
    lines = f"read_csv({sql.text(str(path))}, {LINES}, {told})"
    rows = connection.execute(f"SELECT count(*) FROM {lines} WHERE trim(__raw) <> ''").fetchall()[0][0]
    lost = connection.execute(f"SELECT DISTINCT line FROM rejects_{number} ORDER BY line").fetchall()
    connection.execute(f"DROP TABLE rejects_{number}; DROP TABLE scans_{number}")
    return rows + len(lost), [Broken(path.name, line, "is not UTF-8 text, or too long") for (line,) in lost]


def _open_parquet(connection: duckdb.DuckDBPyConnection, table: str, path: Path, number: int) -> Part:
    reader = f"read_parquet({sql.text(str(path))}, file_row_number=true)"
    found = connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()
    columns = {str(row[0]): str(row[1]) for row in found if row[0] != "file_row_number"}
    rows = connection.execute(f"SELECT count(*) FROM {reader}").fetchall()[0][0]
    scan = f"SELECT {number} AS __file, file_row_number + 1 AS __row, * EXCLUDE (file_row_number) FROM {reader}"
    return Part(table, path, number, "parquet", columns, scan, rows)


def _readable() -> str:
    return f"readable are {', '.join(f'.{suffix}' for suffix in KINDS)}, text also packed as {' or '.join(PACKINGS)}"


def repeated(files: Iterable[Path]) -> list[Path]:
    """Return files that were named twice under different paths."""
    seen: set[Path] = set()
    twice = []
    for path in files:
        real = path.resolve()
        (twice.append(path) if real in seen else seen.add(real))
    return twice
