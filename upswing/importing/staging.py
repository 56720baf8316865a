"""The staging table: every event of an import, in the order of time, with what makes its line in the log.

It is a DuckDB file, sorted out of core under a memory limit. Its rows never change once it is made, so the player can
go on where it was killed. Source: design (durability 7).
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import msgspec

from shared.kernel.errors import ConfigurationError, DependencyError
from shared.kernel.ids import murmur2
from upswing.importing import sql
from upswing.importing.cells import Cells, column_of, lacking
from upswing.importing.mapping import Entry, Mapping, columns_of, split_column
from upswing.importing.select import COLUMNS, Wanted, line_of, select_entry
from upswing.importing.sources import Part, bind, open_part
from upswing.importing.values import MACROS

ACCOUNTS_AT_ONCE = 50_000
AGELESS = ("account.updated", "user.provisioned", "user.deactivated", "user.erased", "subscription.set")
TYPES = ("INTEGER", "BIGINT", "INTEGER", "BIGINT", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR")
KNOWN = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in zip(COLUMNS, TYPES, strict=True))
Say = Callable[[str], None]


class Limits(msgspec.Struct, frozen=True):
    """What DuckDB may take. Shape: `memory` as DuckDB writes it, such as `512MB`."""

    memory: str = "512MB"
    threads: int = 2


def open_database(path: Path, limits: Limits, *, fresh: bool) -> duckdb.DuckDBPyConnection:
    """Return a connection to a staging file. Errors: `ConfigurationError` for a limit that cannot be."""
    if fresh:
        for old in (path, path.with_suffix(path.suffix + ".wal")):
            old.unlink(missing_ok=True)
    settings = {
        "memory_limit": limits.memory,
        "threads": str(limits.threads),
        "temp_directory": str(path.parent / "spill"),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
    }
    try:
        connection = duckdb.connect(str(path), config=dict(settings))
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET force_compression = 'zstd'")  # the quickest of those that keep lines small
    except duckdb.IOException as error:
        raise DependencyError(f"the staging file {path} cannot be opened: {str(error).splitlines()[0]}") from None
    except duckdb.Error as error:
        raise ConfigurationError(f"--memory {limits.memory}: {str(error).splitlines()[0]}") from None
    for macro in MACROS:
        connection.execute(f"CREATE OR REPLACE TEMP MACRO {macro}")
    return connection


class Opened(msgspec.Struct):
    """The files of a mapping. Shape: `parts` by table; `empty` and `unused` are files of which nothing can be read."""

    parts: dict[str, list[Part]]
    empty: list[Path]
    unused: list[Path]

    @property
    def all(self) -> list[Part]:
        """Every part, in the order of its number."""
        return sorted((part for parts in self.parts.values() for part in parts), key=lambda part: part.number)


def open_files(
    connection: duckdb.DuckDBPyConnection, mapping: Mapping, files: Sequence[Path], work: Path, say: Say
) -> Opened:
    """Open the files that a mapping reads, and check that their columns are there before anything else is done.

    Errors: `ConfigurationError` naming each file and column that is missing, and the columns there are.
    """
    tables = list(dict.fromkeys(table for entry in mapping.events for table in tables_of(entry)))
    bound = bind(tables, files)
    found = Opened({}, [], [path for path in files if not any(path in paths for paths in bound.values())])
    number = 0
    for table, paths in bound.items():
        for path in paths:
            say(f"opening {path}")
            part = open_part(connection, table, path, number, work)
            number += 1
            if part is None:
                found.empty.append(path)
            else:
                found.parts.setdefault(table, []).append(part)
    problems = list(_missing(mapping, found))
    if problems:
        raise ConfigurationError(f"the mapping {mapping.name} does not fit: {'; '.join(problems)}")
    return found


def tables_of(entry: Entry) -> list[str]:
    """Return the tables that an entry reads."""
    return [entry.file, *(join.file for join in entry.join.values())]


def _missing(mapping: Mapping, found: Opened) -> list[str]:
    problems: dict[str, None] = {}
    present = [entry for entry in mapping.events if all(found.parts.get(table) for table in tables_of(entry))]
    for entry in mapping.events:
        missing = [table for table in tables_of(entry) if not found.parts.get(table)]
        if missing and (entry.needed or not present):
            empty = [path for path in found.empty if path.name.startswith(missing[0].partition(".")[0])]
            why = f"the file {empty[0]} is empty" if empty else f"the file {missing[0]} is missing"
            problems[why] = None
    lost: dict[int, dict[str, None]] = {}
    for entry in present:
        for reference in columns_of(entry):
            alias, column, _path = split_column(entry, reference)
            for part in found.parts[entry.join[alias].file if alias else entry.file]:
                if column not in entry.optional and column_of(part, column) is None:
                    lost.setdefault(part.number, {})[column] = None
    parts = {part.number: part for part in found.all}
    return [*problems, *(lacking(parts[number], list(columns)) for number, columns in lost.items())]


def select_all(mapping: Mapping, opened: Opened, wanted: Wanted, *, calls: bool) -> list[str]:
    """Return the SELECT of each entry over each of its files: of those that make calls, or of the others."""
    selects: list[str] = []
    for place, entry in enumerate(mapping.events):
        if (entry.dialect is not None) == calls and all(opened.parts.get(table) for table in tables_of(entry)):
            joined = {alias: opened.parts[join.file] for alias, join in entry.join.items()}
            selects += [select_entry(place, entry, part, joined, wanted) for part in opened.parts[entry.file]]
    return selects


def repeated_keys(connection: duckdb.DuckDBPyConnection, mapping: Mapping, opened: Opened) -> list[str]:
    """Return a sentence about each joined file whose keys are not all different."""
    told: dict[str, None] = {}
    for entry in mapping.events:
        if entry.join and all(opened.parts.get(table) for table in tables_of(entry)):
            joined = {alias: opened.parts[join.file] for alias, join in entry.join.items()}
            cells = Cells(entry, opened.parts[entry.file][0], joined)
            for alias, join in entry.join.items():
                if number := count(connection, cells.repeated_keys(alias)):
                    told[f"{number:,} rows of {join.file} repeat a {join.key}: the first of each counts"] = None
    return list(told)


def stage(
    connection: duckdb.DuckDBPyConnection, mapping: Mapping, opened: Opened, wanted: Wanted, since_ms: int | None
) -> None:
    """Make the staging table. Errors: `ConfigurationError` when a file turns out to be unreadable in its midst."""
    selects = select_all(mapping, opened, wanted, calls=False)
    if connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'understood'").fetchall():
        selects.append(f"SELECT {', '.join(COLUMNS)} FROM understood")
    rows = " UNION ALL ".join([*selects, f"SELECT {KNOWN} WHERE false"])
    ageless = ", ".join(map(sql.text, AGELESS))
    young = f"WHERE problem IS NOT NULL OR at_ms >= {since_ms} OR type IN ({ageless})" if since_ms is not None else ""
    run(
        connection,
        f"CREATE OR REPLACE TABLE staged AS SELECT *, hash(id) AS h FROM ({rows}) {young} "
        "ORDER BY problem IS NOT NULL, at_ms, entry, file, line_no",
    )
    calls = [place for place, entry in enumerate(mapping.events) if entry.dialect is not None]
    connection.execute(
        f"CREATE OR REPLACE VIEW lined AS SELECT *, {line_of(wanted.source)} AS line FROM "
        f"(SELECT rowid AS place, *, list_contains({calls}, entry) AS whole FROM staged)"
    )
    connection.execute("CREATE OR REPLACE TABLE refused (place BIGINT, code VARCHAR, field VARCHAR, message VARCHAR)")
    connection.execute("CREATE OR REPLACE TABLE repeats (place BIGINT)")


def run(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Run a statement that reads files. Errors: `ConfigurationError`, `DependencyError` when the disk is full."""
    try:
        connection.execute(statement)
    except duckdb.OutOfMemoryException as error:
        raise ConfigurationError(
            f"the import needs more memory than it may take: give it more with --memory "
            f"({str(error).splitlines()[0][:200]})"
        ) from None
    except duckdb.IOException as error:
        raise DependencyError(f"a file cannot be read or written: {str(error).splitlines()[0][:300]}") from None
    except duckdb.Error as error:
        raise ConfigurationError(f"a file turned out to be unreadable: {str(error).splitlines()[0][:300]}") from None


def drop_repeats(connection: duckdb.DuckDBPyConnection) -> int:
    """Take out every event whose id an earlier one has; return how many there were. The first one counts."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE twice AS SELECT h FROM staged WHERE problem IS NULL "
        "GROUP BY h HAVING count(*) > 1"
    )
    connection.execute(
        "INSERT INTO repeats SELECT place FROM (SELECT rowid AS place, "
        "row_number() OVER (PARTITION BY id ORDER BY rowid) AS n "
        "FROM staged WHERE problem IS NULL AND h IN (SELECT h FROM twice)) WHERE n > 1"
    )
    connection.execute("DROP TABLE twice")
    return count(connection, "SELECT count(*) FROM repeats")


def place_accounts(connection: duckdb.DuckDBPyConnection) -> None:
    """Note for each account the hash by which its partition is found, whatever the number of partitions."""
    connection.execute("CREATE OR REPLACE TABLE accounts (account VARCHAR, bucket BIGINT)")
    found = connection.cursor().execute("SELECT DISTINCT account FROM staged WHERE problem IS NULL")
    while rows := found.fetchmany(ACCOUNTS_AT_ONCE):
        names = [name for (name,) in rows]
        buckets = [murmur2(name.encode()) & 0x7FFFFFFF for name in names]
        connection.execute("INSERT INTO accounts SELECT unnest(?::VARCHAR[]), unnest(?::BIGINT[])", [names, buckets])


def count(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    """Return the one number that a statement gives, 0 for none."""
    return int(connection.execute(statement).fetchall()[0][0] or 0)
