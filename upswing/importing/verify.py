"""The kernel's own checks of every line, before anything is sent: what they refuse is kept with its reason."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import duckdb

from shared.kernel.codec import decode_record
from upswing.importing.staging import count

AT_ONCE = 100_000
MOST_LINE_BYTES = 256 << 10
Told = Callable[[int], None]


def verify(connection: duckdb.DuckDBPyConnection, told: Told) -> int:
    """Check all events; return how many are refused. Shape: `told` gets how many have been looked at."""
    good = count(connection, "SELECT count(*) FROM staged WHERE problem IS NULL")
    connection.execute(
        "INSERT INTO refused SELECT rowid, 'too_large', '', 'an event may take 256 KiB as a line' FROM staged "
        f"WHERE problem IS NULL AND strlen(line) > {MOST_LINE_BYTES}"
    )
    cursor = connection.cursor()

    def fetch(start: int) -> bytes:
        found = cursor.execute(
            "SELECT string_agg(line, chr(10) ORDER BY rowid) FROM staged WHERE rowid >= ? AND rowid < ?",
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
    return count(connection, "SELECT count(DISTINCT place) FROM refused")
