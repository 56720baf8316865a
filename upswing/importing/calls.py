"""Staged events as calls of an SDK, for the demo: it plays few of them through the front door."""

import duckdb
import msgspec

from shared.kernel.events.envelope import MAX_ID_CHARS
from upswing.history.calls import Call


class _Line(msgspec.Struct):
    """An event's line, its properties as plain data."""

    type: str
    id: str
    account_id: str
    occurred_at: int
    properties: dict[str, msgspec.Raw]
    user_id: str | None = None


_DECODER = msgspec.json.Decoder(_Line)


def calls_of(connection: duckdb.DuckDBPyConnection) -> list[Call]:
    """Return all good events in their order. Shape: they are held in memory, about a kilobyte each."""
    rows = connection.execute("SELECT line FROM good ORDER BY place").fetchall()
    return [_call(_DECODER.decode(line)) for (line,) in rows]


def _call(line: _Line) -> Call:
    return Call(
        at_ms=line.occurred_at,
        method="track",
        account_id=line.account_id,
        message_id=line.id[:MAX_ID_CHARS],
        name=line.type,
        user_id=line.user_id,
        properties={name: msgspec.json.decode(value) for name, value in line.properties.items()},
    )
