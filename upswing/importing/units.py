"""The steps of an import in the one order in which they go to every partition: begin, events and ticks by time, end.

History ends at the midnight that begins today, and today's events follow: what still stands is then released at the
first live tick, which turns the day, and what happens today fires at once (definition 63).

A unit has a number, which each of its records carries; so the log itself tells how far an import has come.
"""

from collections.abc import Iterator
from typing import Literal

import duckdb
import msgspec

from shared.kernel.errors import ConfigurationError
from upswing.history.player import next_step

EVENTS_AT_ONCE = 100_000
Kind = Literal["begin", "events", "tick", "end"]


class Unit(msgspec.Struct, frozen=True):
    """One step. Shape: `first` to `last` are the places of its events in the staging table. Units: `at_ms` instant."""

    number: int
    kind: Kind
    at_ms: int
    first: int = 0
    last: int = -1


def units(connection: duckdb.DuckDBPyConnection, *, step_ms: int, until_ms: int) -> list[Unit]:
    """Return all steps of an import whose history ends at `until_ms`, a tick at each multiple of `step_ms` before it.

    Errors: `ConfigurationError` when there is no event at all.
    """
    steps = connection.execute(
        f"SELECT at_ms // {step_ms}, min(rowid), max(rowid), min(at_ms) FROM staged WHERE problem IS NULL "
        f"GROUP BY 1, at_ms >= {until_ms} ORDER BY 2"
    ).fetchall()
    if not steps:
        raise ConfigurationError("no event can be made of these files: see the report")
    return [Unit(number, *rest) for number, rest in enumerate(_in_order(steps, step_ms, until_ms))]


def _in_order(
    steps: list[tuple[int, int, int, int]], step_ms: int, until_ms: int
) -> Iterator[tuple[Kind, int, int, int]]:
    first_ms = steps[0][3]
    yield "begin", first_ms, 0, -1
    tick_ms = next_step(first_ms, step_ms)
    ended = False
    for step, first, last, at_ms in steps:
        while tick_ms <= step * step_ms and tick_ms < until_ms:
            yield "tick", tick_ms, 0, -1
            tick_ms += step_ms
        if at_ms >= until_ms and not ended:
            yield from (("tick", at, 0, -1) for at in range(tick_ms, until_ms, step_ms))
            yield "end", until_ms, 0, -1
            ended, tick_ms = True, until_ms
        for start in range(first, last + 1, EVENTS_AT_ONCE):
            yield "events", at_ms, start, min(last, start + EVENTS_AT_ONCE - 1)
    while tick_ms < until_ms:
        yield "tick", tick_ms, 0, -1
        tick_ms += step_ms
    if not ended:
        yield "end", until_ms, 0, -1


def lines_of(
    connection: duckdb.DuckDBPyConnection, unit: Unit, partitions: int, *, whole: bool
) -> list[tuple[int, bytes, int]]:
    """Return a unit's events for each partition, as lines in their order, and how many they are.

    Shape: `whole` says that no event was refused or repeats, so that nothing has to be left out.
    """
    left_out = (
        ""
        if whole
        else "AND s.place NOT IN (SELECT place FROM refused) AND s.place NOT IN (SELECT place FROM repeats) "
    )
    return connection.execute(
        "SELECT a.bucket % ? AS partition, encode(string_agg(s.line, chr(10) ORDER BY s.place)), count(*) "
        f"FROM lined s JOIN accounts a USING (account) WHERE s.place BETWEEN ? AND ? {left_out}GROUP BY 1 ORDER BY 1",
        [partitions, unit.first, unit.last],
    ).fetchall()


def cut(lines: bytes, most: int) -> Iterator[bytes]:
    """Yield lines in pieces of at most so many bytes, unless a single line is longer; always in the same way."""
    start = 0
    while len(lines) - start > most:
        end = lines.rfind(b"\n", start, start + most)
        if end < 0:
            end = lines.find(b"\n", start)
            if end < 0:
                break
        yield lines[start:end]
        start = end + 1
    if start < len(lines):
        yield lines[start:]
