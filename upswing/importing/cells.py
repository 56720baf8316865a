"""The cells that an entry reads, as columns of one subquery: each taken once, as text or in its own type."""

from fnmatch import fnmatchcase

import msgspec

from shared.kernel.errors import ConfigurationError
from upswing.importing import sql
from upswing.importing.mapping import Entry, split_column
from upswing.importing.sources import Part

WHOLE_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
FRACTION_TYPES = ("FLOAT", "DOUBLE")
PLAIN_TYPES = (*WHOLE_TYPES, *FRACTION_TYPES, "DATE", "BOOLEAN")


class Cell(msgspec.Struct, frozen=True):
    """A cell as SQL. Shape: `kind` is the DuckDB type of `given`; `text` is its trimmed text, NULL when it is blank."""

    given: str
    kind: str
    text: str


NOTHING = Cell("NULL", "NULL", "NULL")


class Cells:
    """The cells of one entry over one file. Shape: `joined` holds the parts of each joined file by its alias."""

    def __init__(self, entry: Entry, part: Part, joined: dict[str, list[Part]]) -> None:
        self.entry, self.part, self.joined = entry, part, joined
        self._selected: dict[str, str] = {}
        self._joined: dict[str, dict[tuple[str, str | None], str]] = {alias: {} for alias in entry.join}
        for join in entry.join.values():
            self.cell(join.column)

    def cell(self, reference: str) -> Cell:
        """Return the cell that a reference names; nothing when its column is optional and missing."""
        alias, column, path = split_column(self.entry, reference)
        if alias is not None:
            names = self._joined[alias]
            where = names.setdefault((column, path), f"j{len(names)}")
            return self._take(f"{sql.name(alias)}.{where}", "VARCHAR")
        found = column_of(self.part, column)
        if found is None:
            return NOTHING
        kind = self.part.columns[found]
        if (
            path is None
            and self.part.kind == "parquet"
            and (kind in PLAIN_TYPES or kind.startswith(("TIMESTAMP", "DECIMAL")))
        ):
            return self._take(f"t.{sql.name(found)}", kind)
        return self._take(text_of(self.part, "t", found, path), "VARCHAR")

    def _take(self, expression: str, kind: str) -> Cell:
        given = self._selected.setdefault(expression, f"c{len(self._selected)}")
        return Cell(given, kind, given if kind == "VARCHAR" else f"CAST({given} AS VARCHAR)")

    def missing(self, alias: str) -> str:
        """Return the SQL that tells whether a joined file has no row for this one."""
        wanted = self.cell(self.entry.join[alias].column).text
        return f"{wanted} IS NOT NULL AND {self._take(f'{sql.name(alias)}.__key', 'VARCHAR').given} IS NULL"

    def select(self) -> str:
        """Return the SELECT of all cells that were taken so far, with file, row, and whether a line is no JSON."""
        columns = ["t.__file AS __file", "t.__row AS __row", f"{self._unreadable()} AS __bad"]
        columns += [f"{expression} AS {given}" for expression, given in self._selected.items()]
        return f"SELECT {', '.join(columns)} FROM {self._scan()} AS t{''.join(map(self._join, self.entry.join))}"

    def _unreadable(self) -> str:
        return "t.__raw IS NULL" if self.part.kind == "ndjson" else "false"

    def _scan(self) -> str:
        if self.part.kind != "ndjson":
            return f"({self.part.scan})"
        readable = "CASE WHEN json_valid(__raw) THEN CASE WHEN json_type(__raw) = 'OBJECT' THEN __raw END END"
        return f"(SELECT * REPLACE ({readable} AS __raw) FROM ({self.part.scan}) WHERE trim(__raw) <> '')"

    def repeated_keys(self, alias: str) -> str:
        """Return the SELECT of how many rows of a joined file repeat a key."""
        key = self.entry.join[alias].key
        keys = [
            f"SELECT {text_of(part, 's', require(part, key), None)} AS __key FROM ({part.scan}) AS s"
            for part in self.joined[alias]
        ]
        return f"SELECT count(__key) - count(DISTINCT __key) FROM ({' UNION ALL '.join(keys)})"

    def _join(self, alias: str) -> str:
        join, names = self.entry.join[alias], self._joined[alias]
        tables = []
        for part in self.joined[alias]:
            wanted = {"__key": text_of(part, "s", require(part, join.key), None)}
            wanted |= {name: text_of(part, "s", require(part, column), path) for (column, path), name in names.items()}
            columns = ", ".join(f"{expression} AS {name}" for name, expression in wanted.items())
            tables.append(f"SELECT __file, __row, {columns} FROM ({part.scan}) AS s")
        rows = " UNION ALL BY NAME ".join(tables)
        first = f"SELECT DISTINCT ON (__key) * FROM ({rows}) WHERE __key IS NOT NULL ORDER BY __key, __file, __row"
        inner, column, path = split_column(self.entry, join.column)
        if inner is not None:
            key = f"{sql.name(inner)}.{self._joined[inner][column, path]}"
        else:
            key = text_of(self.part, "t", require(self.part, column), path)
        return f" LEFT JOIN ({first}) AS {sql.name(alias)} ON {sql.name(alias)}.__key = {key}"

    def others(self, but: list[str]) -> list[str]:
        """Return the columns of the file that none of these patterns matches."""
        return [name for name in self.part.columns if not any(fnmatchcase(name, pattern) for pattern in but)]


def column_of(part: Part, column: str) -> str | None:
    """Return a file's own spelling of a column, or None when it has no such column."""
    if column in part.columns:
        return column
    if part.kind == "ndjson":
        return None
    return next((name for name in part.columns if name.casefold() == column.casefold()), None)


def require(part: Part, column: str) -> str:
    """Return a file's own spelling of a column. Errors: `ConfigurationError` that names what there is."""
    found = column_of(part, column)
    if found is None:
        raise ConfigurationError(lacking(part, [column]))
    return found


def lacking(part: Part, columns: list[str]) -> str:
    """Return the sentence about columns that a file does not have, with those that it has."""
    several = "s" if len(columns) > 1 else ""
    there = ", ".join(part.columns) or "none"
    return f"{part.path} has no column{several} {', '.join(map(repr, columns))}; it has: {there}"


def text_of(part: Part, table: str, column: str, path: str | None) -> str:
    """Return the SQL of a cell's trimmed text, NULL when it is blank."""
    where = f"{table}.{sql.name(column)}"
    if part.kind == "ndjson":
        found = sql.path(f"{column}.{path}" if path else column)
        text = f"json_extract_string({table}.__raw, {found})"
    elif path is not None:
        whole = (
            f"CAST({where} AS VARCHAR)"
            if part.columns[column] in {"VARCHAR", "JSON"}
            else f"CAST(to_json({where}) AS VARCHAR)"
        )
        text = f"CASE WHEN json_valid({whole}) THEN json_extract_string({whole}, {sql.path(path)}) END"
    elif part.columns[column] == "VARCHAR":
        text = where
    elif part.columns[column].endswith((")", "]")) and not part.columns[column].startswith("DECIMAL"):
        text = f"CAST(to_json({where}) AS VARCHAR)"
    else:
        text = f"CAST({where} AS VARCHAR)"
    return f"nullif(trim({text}), '')"
