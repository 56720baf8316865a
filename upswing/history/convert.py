"""From rows of files to calls in the order of time, by a mapping; what cannot be used is named by line and reason."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from shared.kernel.clock import iso, parse_instant
from shared.kernel.codec import decode_line
from shared.kernel.errors import Problem
from upswing.history.calls import Call, in_order
from upswing.history.cells import UNSET, property_of
from upswing.history.mapping import Entry, Mapping, columns_of
from upswing.history.rows import Broken, Row, read_header, read_rows

Told = Callable[[int], None]


class Converted(msgspec.Struct):
    """What became of the files: calls in order, broken rows, and how many rows each file has."""

    calls: list[Call]
    broken: list[Broken]
    rows: dict[str, int]


class _Skip(Exception):  # noqa: N818 - no error: the mapping does not want the row
    """The mapping's `when` leaves this row out."""


def convert(mapping: Mapping, folder: Path, *, now_ms: int, told: Told = lambda _rows: None) -> Converted:
    """Return the calls that a mapping makes of a folder's files.

    Shape: `told` gets the number of rows looked at so far. Errors: `ConfigurationError` when a file cannot be read.
    """
    found = Converted([], [], {})
    files = {name: _load(folder / name, found) for name in columns_of(mapping)}
    tables = _tables(mapping, files, found)
    seen: dict[str, int] = {}
    done = 0
    for place, entry in enumerate(mapping.events):
        for row in files[entry.file]:
            made = _make(entry, place, row, tables, now_ms)
            if isinstance(made, Call) and made.message_id in seen:
                first = seen[made.message_id]
                made = Broken(row.file, row.line, f"repeats the id {made.message_id!r} of line {first}")
            if isinstance(made, Call):
                seen[made.message_id] = row.line
                found.calls.append(made)
            elif made is not None:
                found.broken.append(made)
            done += 1
        told(done)
    found.calls = in_order(found.calls)
    found.broken = sorted(dict.fromkeys(found.broken), key=lambda broken: (broken.file, broken.line))
    return found


def missing_columns(mapping: Mapping, folder: Path) -> list[str]:
    """Return what a mapping needs and a folder does not have, one sentence each."""
    missing = []
    for name, columns in columns_of(mapping).items():
        if not (folder / name).is_file():
            missing.append(f"the file {name} is missing")
            continue
        header = read_header(folder / name)
        missing.extend(f"{name} has no column {column!r}" for column in sorted(columns.difference(header)))
    return missing


def _load(path: Path, found: Converted) -> list[Row]:
    rows: list[Row] = []
    count = 0
    for row in read_rows(path):
        count += 1
        if isinstance(row, Row):
            rows.append(row)
        else:
            found.broken.append(row)
    found.rows[path.name] = count
    return rows


Tables = dict[tuple[str, str], dict[str, Row]]


def _tables(mapping: Mapping, files: dict[str, list[Row]], found: Converted) -> Tables:
    tables: Tables = {}
    for join in (join for entry in mapping.events for join in entry.join.values()):
        if (join.file, join.key) in tables:
            continue
        table = tables[join.file, join.key] = {}
        for row in files[join.file]:
            first = table.setdefault(row.cells[join.key], row)
            if first is not row:
                reason = f"repeats the key {join.key} = {row.cells[join.key]!r:.60} of line {first.line}"
                found.broken.append(Broken(row.file, row.line, reason))
    return tables


def _make(entry: Entry, place: int, row: Row, tables: Tables, now_ms: int) -> Call | Broken | None:
    def cell(column: str) -> str:
        alias, dot, rest = column.partition(".")
        if not dot or alias not in entry.join:
            return row.cells[column]
        join = entry.join[alias]
        key = cell(join.column)
        other = tables[join.file, join.key].get(key)
        if other is None:
            raise ValueError(f"no row of {join.file} has {join.key} = {key!r:.60}")
        return other.cells[rest]

    try:
        return _call(entry, place, row, cell, now_ms)
    except _Skip:
        return None
    except ValueError as error:
        return Broken(row.file, row.line, str(error))


def _call(entry: Entry, place: int, row: Row, cell: Callable[[str], str], now_ms: int) -> Call:
    for column, wanted in entry.when.items():
        text = cell(column)
        if not (text in wanted if isinstance(wanted, list) else (text != "") == (wanted == "present")):
            raise _Skip
    at_ms = _instant(entry.time, cell(entry.time), now_ms)
    account_id = cell(entry.account)
    if not account_id:
        raise ValueError(f"{entry.account} is blank, it must name the account")
    properties = {name: property_of(name, source, cell) for name, source in entry.properties.items()}
    properties = {name: value for name, value in properties.items() if value is not UNSET}
    name = (cell(entry.id) if entry.id else "") or str(row.line)
    call = Call(
        at_ms=at_ms,
        method="track",
        account_id=account_id,
        message_id=f"{Path(entry.file).stem}/{place}/{name}",
        name=entry.type,
        user_id=(cell(entry.user) or None) if entry.user else None,
        properties=properties,
    )
    _validate(call)
    return call


def _instant(column: str, text: str, now_ms: int) -> int:
    if not text:
        raise ValueError(f"{column} is blank, it must be the time")
    try:
        at_ms = parse_instant(text)
    except ValueError as error:
        raise ValueError(f"{column} {error}") from None
    if at_ms > now_ms:
        raise ValueError(f"{column} lies in the future: {iso(at_ms)}")
    return at_ms


def _validate(call: Call) -> None:
    event: dict[str, Any] = {
        "type": call.name,
        "id": call.message_id,
        "account_id": call.account_id,
        "occurred_at": call.at_ms,
        "properties": call.properties,
        "user_id": call.user_id,
    }
    problem = decode_line(msgspec.json.encode(event))
    if isinstance(problem, Problem):
        raise ValueError(f"{problem.field or call.name}: {problem.message}")
