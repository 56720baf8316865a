"""What a cell means, as SQL: JSON text of a property, NULL when there is none, and the reason when it means nothing.

A reason is a sentence without the value, so that it can be counted, then `SPLIT`, then what was found.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from upswing.importing import sql
from upswing.importing.cells import FRACTION_TYPES, NOTHING, WHOLE_TYPES, Cell, Cells
from upswing.importing.mapping import Source, Time, Value, columns_of_value

SPLIT = "\x1f"
ANY_OTHER = "*"
FACTORS = {"seconds": "1000", "milliseconds": "1", "microseconds": "0.001"}
OFFSET = r":\d{2}(:\d{2}([.,]\d+)?)?\s*([zZ]|[+-]\d{2}(:?\d{2})?|[A-Za-z][A-Za-z_/]+)$"
NUMBER = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?"
ALLOWED = {
    "text": "text",
    "upper": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list",
    "date": "a date",
    "json": "JSON",
}
MACROS = (
    f"""instant_of(t, zone, factor) AS CASE
    WHEN regexp_full_match(t, '[+-]?\\d{{1,18}}(\\.\\d+)?')
        THEN CAST(floor(TRY_CAST(t AS DECIMAL(28, 6)) * factor) AS BIGINT)
    WHEN regexp_matches(t, {sql.text(OFFSET)}) THEN epoch_ms(TRY_CAST(t AS TIMESTAMPTZ))
    ELSE epoch_ms(timezone(zone, TRY_CAST(t AS TIMESTAMP))) END""",
    """whole_of(t) AS CASE
    WHEN regexp_full_match(t, '[+-]?\\d{1,18}(\\.0*)?') THEN CAST(TRY_CAST(t AS BIGINT) AS VARCHAR) END""",
    f"""number_of(t) AS CASE
    WHEN regexp_full_match(t, '[+-]?\\d{{1,18}}') THEN CAST(TRY_CAST(t AS BIGINT) AS VARCHAR)
    WHEN regexp_full_match(t, {sql.text(NUMBER)}) THEN CAST(to_json(t) AS VARCHAR) END""",
    """boolean_of(t) AS CASE
    WHEN lower(t) IN ('true', 'yes', '1', 't', 'y') THEN 'true'
    WHEN lower(t) IN ('false', 'no', '0', 'f', 'n') THEN 'false' END""",
    """list_of(t) AS CASE
    WHEN starts_with(t, '[') THEN CASE WHEN json_valid(t) THEN CAST(json(t) AS VARCHAR) END
    ELSE CAST(to_json(list_filter(list_transform(string_split(t, ';'), lambda x: trim(x)),
        lambda x: x <> '')) AS VARCHAR)
    END""",
    "upper_of(t) AS CAST(to_json(upper(t)) AS VARCHAR)",
    "json_of(t) AS CASE WHEN json_valid(t) THEN CAST(json(t) AS VARCHAR) END",
)


class Piece(msgspec.Struct, frozen=True):
    """A value as SQL. Shape: `problems` are conditions, each with its reason and the SQL of what was found."""

    json: str
    problems: tuple[tuple[str, str, str], ...] = ()


def instant(cells: Cells, time: Time) -> tuple[str, str]:
    """Return the SQL of an instant in milliseconds, NULL when there is none, and of the text that was given."""
    references = [time.column] if isinstance(time.column, str) else time.column
    found = [cells.cell(reference) for reference in references]
    given = _first(cell.text for cell in found)
    return _first(_moment(cell, time.zone, FACTORS[time.unit]) for cell in found), given


def _moment(cell: Cell, zone: str, factor: str) -> str:
    if cell.kind == "TIMESTAMP WITH TIME ZONE":
        return f"epoch_ms({cell.given})"
    if cell.kind.startswith("TIMESTAMP") or cell.kind == "DATE":
        plain = f"CAST({cell.given} AS TIMESTAMP)"
        return f"epoch_ms({plain})" if zone == "UTC" else f"epoch_ms(timezone({sql.text(zone)}, {plain}))"
    return "NULL" if cell is NOTHING else f"instant_of({cell.text}, {sql.text(zone)}, {factor})"


def piece(cells: Cells, name: str, source: Source) -> Piece:
    """Return what a property of that name is made of."""
    value = Value(column=source) if isinstance(source, str) else source
    if value.rest is not None:
        return Piece(_rest(cells, value.rest, value.numbers))
    if value.constant is not msgspec.UNSET:
        return Piece(literal(value.constant))
    found = [cells.cell(reference) for reference in columns_of_value(value)]
    text = _first(cell.text for cell in found)
    cell = found[0] if len(found) == 1 else Cell(text, "VARCHAR", text)
    if value.times or value.over:
        return _computed(cells, name, value, cell)
    where = " or ".join(columns_of_value(value))
    if value.values is not None:
        json, reason = _translated(value.values, text), f"{where} is a text that the mapping does not know"
    else:
        json, reason = _cast(value, cell), f"{where} must be {ALLOWED[value.cast]} for {name}"
    anything = value.cast == "text" and value.values is None
    problems = () if anything else ((f"{text} IS NOT NULL AND ({json}) IS NULL", reason, text),)
    if value.blank is not msgspec.UNSET:
        json = f"CASE WHEN {text} IS NULL THEN {literal(value.blank)} ELSE {json} END"
    return Piece(json, problems)


def literal(value: Any) -> str:
    """Return a constant as SQL of its JSON text."""
    return sql.text(msgspec.json.encode(value).decode())


def _translated(values: dict[str, Any], text: str) -> str:
    cases = "".join(f" WHEN {sql.text(k)} THEN {literal(v)}" for k, v in values.items() if k != ANY_OTHER)
    other = f" ELSE {literal(values[ANY_OTHER])}" if ANY_OTHER in values else ""
    known = f"CASE {text}{cases}{other} END" if cases else literal(values[ANY_OTHER])
    return f"CASE WHEN {text} IS NOT NULL THEN {known} END"


def _cast(value: Value, cell: Cell) -> str:
    text = cell.text
    match value.cast:
        case "number" | "integer" if cell.kind in WHOLE_TYPES:
            return text
        case "number" if cell.kind in FRACTION_TYPES:
            return f"CASE WHEN isfinite({cell.given}) THEN CAST(round({cell.given}, 6) AS VARCHAR) END"
        case "date":
            moment = _moment(cell, value.zone, FACTORS[value.unit or "milliseconds"])
            return f"strftime(make_timestamp_ms({moment}), '\"%Y-%m-%d\"')"
        case "text":
            return f"CAST(to_json({text}) AS VARCHAR)"
        case "integer":
            return f"whole_of({text})"
        case _:
            return f"{value.cast}_of({text})"


def _computed(cells: Cells, name: str, value: Value, cell: Cell) -> Piece:
    """Return a product and quotient of numbers, to six places."""
    problems: list[tuple[str, str, str]] = []
    amount = _number(cells, name, value, problems)
    for other in value.times:
        amount = f"{amount} * {_number(cells, name, other, problems)}"
    for other in value.over:
        amount = f"{amount} / nullif({_number(cells, name, other, problems)}, 0)"
    exact = f"CAST(CAST(round({amount}, 6) AS DECIMAL(36, 6)) AS VARCHAR)"
    json = f"rtrim(rtrim({exact}, '0'), '.')"
    if value.blank is msgspec.UNSET:
        json = f"CASE WHEN {cell.text} IS NOT NULL THEN {json} END"
    return Piece(json, tuple(problems))


def _number(cells: Cells, name: str, source: str | float | Value, problems: list[tuple[str, str, str]]) -> str:
    if isinstance(source, int | float):
        return f"CAST({source} AS DOUBLE)"
    value = Value(column=source) if isinstance(source, str) else source
    text = _first(cells.cell(reference).text for reference in columns_of_value(value))
    where = " or ".join(columns_of_value(value))
    if value.values is not None:
        text, given = f"trim({_translated(value.values, text)}, '\"')", text
    else:
        given = text
    number = f"TRY_CAST({text} AS DOUBLE)"
    reason = f"{where} must be a number for {name}"
    problems.append((f"{given} IS NOT NULL AND ({number} IS NULL OR NOT isfinite({number}))", reason, given))
    if value.blank is not msgspec.UNSET:
        number = f"coalesce({number}, {float(value.blank or 0)})"
    return number


def _rest(cells: Cells, but: list[str], numbers: list[str]) -> str:
    parts = []
    for column in cells.others(but):
        cell = cells.cell(column)
        if cell.kind in (*WHOLE_TYPES, "BOOLEAN"):
            json = cell.text
        elif cell.kind in FRACTION_TYPES:
            json = f"CASE WHEN isfinite({cell.given}) THEN {cell.text} END"
        else:
            text = f"CAST(to_json({cell.text}) AS VARCHAR)"
            json = f"coalesce(number_of({cell.text}), {text})" if column in numbers else text
        parts.append(f"{sql.text(msgspec.json.encode(column).decode() + ':')} || {json}")
    return "'{' || " + (f"concat_ws(',', {', '.join(parts)})" if parts else "''") + " || '}'"


def _first(texts: Iterable[str]) -> str:
    given = list(texts)
    return given[0] if len(given) == 1 else f"coalesce({', '.join(given)})"
