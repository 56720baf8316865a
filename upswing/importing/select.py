"""One entry over one file, as one SELECT: each row is what its event says, or a reason why there is none.

Sorting is what an import spends its time on, so rows stay narrow: of an event only what its line cannot be made of
again is kept, its properties as JSON. `line_of` puts the line together when it is read.
"""

from pathlib import Path
from typing import Any

import msgspec

from shared.kernel.clock import MAX_INSTANT_MS, MIN_INSTANT_MS
from upswing.importing import sql
from upswing.importing.cells import Cells
from upswing.importing.mapping import Condition, Entry, split_column, time_of
from upswing.importing.sources import Part
from upswing.importing.values import SPLIT, instant, piece

COLUMNS = ("file", "line_no", "entry", "at_ms", "account", "user_id", "type", "id", "made", "problem")
TIMES = {"native": "occurred_at", "cloudevents": "time", "openmeter": "time"}  # elsewhere it is the timestamp
NO_JSON = "is not readable as a JSON object"
Problem = tuple[str, str, str]


class Wanted(msgspec.Struct, frozen=True):
    """What holds for all entries. Units: `now_ms` is the instant of the import; later events are refused."""

    source: str
    now_ms: int


def select_entry(place: int, entry: Entry, part: Part, joined: dict[str, list[Part]], wanted: Wanted) -> str:
    """Return the SELECT of what an entry makes of a file. Shape: its columns are `COLUMNS`."""
    cells = Cells(entry, part, joined)
    at_ms, given = instant(cells, time_of(entry))
    problems = _problems(cells, entry, given)
    parts: dict[str, str] = {}
    for name, source in (entry.properties if entry.type else entry.item).items():
        found = piece(cells, name, source)
        parts[name] = found.json
        problems += found.problems
    texts = {
        "account": cells.cell(entry.account).text if entry.account else "NULL",
        "user_id": cells.cell(entry.user).text if entry.user else "NULL",
        "id": cells.cell(entry.id).text if entry.id else "NULL",
    }
    keep = [_kept(cells, column, condition) for column, condition in entry.when.items()]
    made = _object({name: f"v{number}" for number, name in enumerate(parts)})
    values = ", ".join(
        [f"{at_ms} AS at_ms"]
        + [f"{text} AS {name}" for name, text in texts.items()]
        + [f"{json} AS v{number}" for number, json in enumerate(parts.values())]
        + [f"CASE {''.join(map(_when, problems))} END AS wrong"]
    )
    where = f" WHERE __bad OR ({' AND '.join(keep)})" if keep else ""
    made, event_id = (made, _id(place, entry, part, made)) if entry.type else (_item(entry.dialect or "", made), "NULL")
    kind = sql.text(entry.type) if entry.type else "NULL"
    return (
        f"SELECT __file AS file, __row AS line_no, {place} AS entry, at_ms, account, user_id, {kind} AS type, "
        f"{event_id} AS id, {made} AS made, {_wrong_time(wanted)} AS problem "
        f"FROM (SELECT *, {values} FROM ({cells.select()}){where})"
    )


def _problems(cells: Cells, entry: Entry, given: str) -> list[Problem]:
    time = time_of(entry).column
    when = time if isinstance(time, str) else " or ".join(time)
    found: list[Problem] = [("__bad", NO_JSON, "NULL")]
    for alias, join in entry.join.items():
        key = cells.cell(join.column).text
        found.append((cells.missing(alias), f"no row of {join.file} has the {join.key} that {join.column} names", key))
    found += [
        (f"{given} IS NULL", f"{when} is blank, it must be the time", "NULL"),
        ("at_ms IS NULL", f"{when} is not readable as a time", given),
    ]
    if entry.account:
        account = cells.cell(entry.account).text
        found.append((f"{account} IS NULL", f"{entry.account} is blank, it must name the account", "NULL"))
    return found


def _wrong_time(wanted: Wanted) -> str:
    return (
        f"CASE WHEN wrong IS NOT NULL THEN wrong "
        f"WHEN at_ms < {MIN_INSTANT_MS} OR at_ms >= {MAX_INSTANT_MS} THEN 'its time is not between 1900 and 2100' "
        f"WHEN at_ms > {wanted.now_ms} "
        f"THEN 'its time lies in the future{SPLIT}' || CAST(make_timestamp_ms(at_ms) AS VARCHAR) END"
    )


def _when(problem: Problem) -> str:
    condition, reason, found = problem
    told = f"{sql.text(reason + SPLIT)} || coalesce({found}, '')" if found != "NULL" else sql.text(reason)
    return f" WHEN {condition} THEN {told}"


def _id(place: int, entry: Entry, part: Part, made: str) -> str:
    """Return the SQL of an event's id: as given, or a digest of all that it says."""
    digest = f"md5(concat_ws('|', account, at_ms, user_id, {made}))"
    start = sql.text(f"{Path(part.table).name.partition('.')[0]}/{place}/")
    return f"{start} || coalesce(id, {digest})" if entry.id else f"{start} || {digest}"


def line_of(source: str) -> str:
    """Return the SQL of an event's line as it will lie in the log; that of a call is what was made of it."""
    fields = [
        sql.text('{"type":"'),
        "type",
        sql.text('","id":'),
        "CAST(to_json(id) AS VARCHAR)",
        sql.text(',"account_id":'),
        "CAST(to_json(account) AS VARCHAR)",
        sql.text(',"occurred_at":'),
        "CAST(at_ms AS VARCHAR)",
        sql.text(f',"source":{msgspec.json.encode(source).decode()}'),
        f"""{sql.text(',"user_id":')} || CAST(to_json(user_id) AS VARCHAR)""",
        sql.text(',"properties":'),
        "made",
        "'}'",
    ]
    return f"CASE WHEN whole THEN made ELSE concat({', '.join(fields)}) END"


def _item(dialect: str, made: str) -> str:
    """Return the SQL of a dialect's item, its time put in."""
    stamp = "strftime(make_timestamp_ms(at_ms), '%Y-%m-%dT%H:%M:%S.%gZ')"
    start = sql.text(f'{{"{TIMES.get(dialect, "timestamp")}":"')
    return f"""{start} || {stamp} || '"' || CASE WHEN {made} = '{{}}' THEN '}}' ELSE ',' || substr({made}, 2) END"""


def _object(parts: dict[str, str]) -> str:
    """Return the SQL of a JSON object; a dot in a name nests, what is NULL is left out."""
    tree: dict[str, Any] = {}
    for name, expression in parts.items():
        *outer, last = name.split(".")
        level = tree
        for key in outer:
            level = level.setdefault(key, {})
        level[last] = expression
    return _nested(tree)


def _nested(tree: dict[str, Any]) -> str:
    if not tree:
        return "'{}'"
    fields = [
        f"{sql.text(msgspec.json.encode(key).decode() + ':')} || {_nested(value) if isinstance(value, dict) else value}"
        for key, value in tree.items()
    ]
    return "'{' || concat_ws(',', " + ", ".join(fields) + ") || '}'"


def _kept(cells: Cells, column: str, condition: Any) -> str:
    """Return whether a row is wanted; one whose joined row is missing is, so that it can be told."""
    alias, _column, _path = split_column(cells.entry, column)
    found = _condition(cells, column, condition)
    lost = " OR ".join(f"({cells.missing(each)})" for each in cells.entry.join)
    return f"({found})" if alias is None else f"({lost} OR ({found}))"


def _condition(cells: Cells, column: str, condition: Any) -> str:
    text = cells.cell(column).text
    if condition == "present":
        return f"{text} IS NOT NULL"
    if condition == "blank":
        return f"{text} IS NULL"
    if isinstance(condition, Condition):
        number = f"TRY_CAST({text} AS DOUBLE)"
        parts = [
            f"{text} GLOB {sql.text(condition.like)}" if condition.like is not None else "",
            f"coalesce(NOT list_contains({sql.texts(condition.not_)}, {text}), true)" if condition.not_ else "",
            f"{number} >= {condition.at_least}" if condition.at_least is not None else "",
            f"{number} <= {condition.at_most}" if condition.at_most is not None else "",
        ]
        return " AND ".join(f"coalesce({part}, false)" for part in parts if part) or "true"
    return f"coalesce(list_contains({sql.texts(list(condition))}, {text}), false)"
