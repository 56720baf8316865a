"""The kernel's own checks of every event, before anything is sent: what they refuse is kept with its reason.

Rows say the same things over and over. Where they do, each different text of properties is checked once, and the few
rows it belongs to when it is wrong; otherwise line by line.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import duckdb

from shared.kernel.codec import decode_record
from shared.kernel.events.envelope import MAX_ID_CHARS
from upswing.importing.staging import count

AT_ONCE = 100_000
MOST_LINE_BYTES = 256 << 10
MOST_TEXTS = 50_000
SAMPLE_ROWS = 200_000
MARK = ',"properties":'
LONGEST_ESCAPE = 8  # a character may become six in JSON
ROUGH = "(strlen(made) + strlen(id) + strlen(account) + coalesce(strlen(user_id), 0))"
MADE = f"CASE WHEN whole THEN substr(made, strpos(made, '{MARK}')) ELSE made END"  # quotes in a text are escaped
Told = Callable[[int], None]


def verify(connection: duckdb.DuckDBPyConnection, told: Told) -> int:
    """Check all events; return how many are refused. Shape: `told` gets how many have been looked at."""
    good = count(connection, "SELECT count(*) FROM staged WHERE problem IS NULL")
    connection.execute(
        "INSERT INTO refused SELECT place, 'too_large', '', 'an event may take 256 KiB as a line' FROM lined "
        f"WHERE problem IS NULL AND CASE WHEN {ROUGH} * {LONGEST_ESCAPE} > {MOST_LINE_BYTES} "
        f"THEN strlen(line) > {MOST_LINE_BYTES} ELSE false END"
    )
    if good > SAMPLE_ROWS and _repeating(connection):
        _verify_texts(connection)
        told(good)
    else:
        _verify_lines(connection, good, told)
    return count(connection, "SELECT count(DISTINCT place) FROM refused")


def _repeating(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether rows say the same over and over: first a sample, then all, which costs as much as it saves."""
    sample = f"SELECT type, {MADE} AS said FROM lined WHERE problem IS NULL AND place < {SAMPLE_ROWS}"
    if count(connection, f"SELECT count(*) FROM (SELECT DISTINCT * FROM ({sample}))") > MOST_TEXTS // 10:
        return False
    whole = f"SELECT approx_count_distinct({MADE}) FROM lined WHERE problem IS NULL"
    return count(connection, whole) <= MOST_TEXTS


def _verify_texts(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute(
        f"SELECT said, any_value(place) FROM (SELECT type, place, {MADE} AS said FROM lined WHERE problem IS NULL) "
        "GROUP BY type, said"
    ).fetchall()
    firsts = sorted(place for _made, place in rows)
    wrong = [place for place, _problem in _refused(connection, firsts)]
    texts = f"SELECT type, {MADE} FROM lined WHERE place IN (SELECT unnest(?::BIGINT[]))"
    long = " OR ".join(f"strlen({name}) > {MAX_ID_CHARS}" for name in ("id", "account", "user_id"))
    suspects = connection.execute(
        f"SELECT place FROM lined WHERE problem IS NULL AND ({long} OR (type, {MADE}) IN ({texts})) ORDER BY place",
        [wrong],
    ).fetchall()
    found = [row for _place, row in _refused(connection, [place for (place,) in suspects])]
    if found:
        connection.executemany("INSERT INTO refused VALUES (?, ?, ?, ?)", found)


def _refused(
    connection: duckdb.DuckDBPyConnection, places: list[int]
) -> Iterable[tuple[int, tuple[int, str, str, str]]]:
    """Yield which of these rows the kernel refuses, each with its row of the table of refusals."""
    for start in range(0, len(places), AT_ONCE):
        some = places[start : start + AT_ONCE]
        lines = connection.execute(
            "SELECT string_agg(line, chr(10) ORDER BY place) FROM lined WHERE place IN (SELECT unnest(?::BIGINT[]))",
            [some],
        ).fetchall()[0][0]
        for number, _raw, problem in decode_record((lines or "").encode())[1]:
            yield some[number], (some[number], problem.reason.value, problem.field, problem.message)


def _verify_lines(connection: duckdb.DuckDBPyConnection, good: int, told: Told) -> None:
    cursor = connection.cursor()

    def fetch(start: int) -> bytes:
        found = cursor.execute(
            "SELECT string_agg(line, chr(10) ORDER BY place) FROM lined WHERE place >= ? AND place < ?",
            [start, min(good, start + AT_ONCE)],
        ).fetchall()
        return (found[0][0] or "").encode()

    with ThreadPoolExecutor(1) as reader:
        following = reader.submit(fetch, 0)
        for start in range(0, good, AT_ONCE):
            text = following.result()
            following = reader.submit(fetch, start + AT_ONCE)
            _good, bad = decode_record(text)
            if bad:
                rows = [(start + n, problem.reason.value, problem.field, problem.message) for n, _raw, problem in bad]
                connection.executemany("INSERT INTO refused VALUES (?, ?, ?, ?)", rows)
            told(min(good, start + AT_ONCE))
