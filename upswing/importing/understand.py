"""Calls of the past are read by the same code as live ones: dialect, tracking plan, identities.

A call whose account is not known when it is read is tried again once all calls have been read, since a later call may
have named it. Source: playbook section 2 (tracking plan), definition 78.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb
import msgspec

from services.ingest.core.dialect import Dialect, Route
from services.ingest.core.dialects import DIALECTS
from services.ingest.core.identities import Identities
from services.ingest.core.intake import Intake, World
from services.ingest.core.tracking import Tracking
from shared.kernel.errors import Reason
from shared.kernel.identities import Identity
from shared.kernel.playbook import Playbook
from upswing.importing import sql
from upswing.importing.mapping import Mapping
from upswing.importing.select import COLUMNS, Wanted
from upswing.importing.sources import LONGEST_LINE
from upswing.importing.staging import Opened, run, select_all
from upswing.importing.values import SPLIT

AT_ONCE = 2_000
EVENT_MAX_BYTES = 128 << 10
WRITTEN = {
    "entry": "INTEGER",
    "file": "INTEGER",
    "line_no": "BIGINT",
    "at_ms": "BIGINT",
    "made": "VARCHAR",
    "problem": "VARCHAR",
}
ITEMS = "entry, file, line_no, made, at_ms"
UNKNOWN = "its account is not known: no call of this user ever names one"
Item = tuple[int, int, int, str, int]
Told = Callable[[int], None]
_ENCODER = msgspec.json.Encoder()


class Understood(msgspec.Struct):
    """What the calls gave besides events. Shape: `unmapped` counts names that no row of the tracking plan maps."""

    identities: list[Identity] = []
    unmapped: int = 0
    silent: int = 0


class Reader:
    """Reads items as ingest would. Shape: what they teach about users stays for the ones after them."""

    def __init__(self, mapping: Mapping, wanted: Wanted, playbook: Playbook) -> None:
        tracking = Tracking(playbook.tracking, playbook.time)
        dialects = {dialect.name: dialect for dialect in DIALECTS}
        self._dialects = {
            place: dialects[entry.dialect] for place, entry in enumerate(mapping.events) if entry.dialect is not None
        }
        self._world = World(tracking, Identities(), lambda _account: 0, EVENT_MAX_BYTES)
        self._wanted = wanted
        self._known: dict[str, Identity] = {}
        self.found = Understood()

    def read(self, items: Sequence[Item]) -> Iterator[tuple[Item, str, str]]:
        """Yield each item with its event's line, or with the reason why there is none."""
        for dialect, same in _by_dialect(items, self._dialects):
            yield from self._read(dialect, same)

    def identities(self) -> list[Identity]:
        """Return the account of each user, as the latest call named it."""
        return list(self._known.values())

    def _read(self, dialect: Dialect, items: list[Item]) -> Iterator[tuple[Item, str, str]]:
        intake = self._take(dialect, items)
        lines = [_bytes_of(line) for group in intake.groups.values() for line in group]
        if len(lines) == len(items):
            self._learn(intake)
            for item, line in zip(items, lines, strict=True):
                yield item, line.decode(), ""
        elif len(items) > 1:
            half = len(items) // 2
            yield from self._read(dialect, items[:half])
            yield from self._read(dialect, items[half:])
        elif intake.rejected:
            rejected = intake.rejected[0]
            unknown = rejected.code is Reason.ACCOUNT_UNKNOWN
            yield (
                items[0],
                items[0][3] if unknown else "",
                UNKNOWN if unknown else f"{rejected.code}{SPLIT}{rejected.message}",
            )
        else:
            self._learn(intake)
            self.found.silent += 1

    def _take(self, dialect: Dialect, items: list[Item]) -> Intake:
        wanted = self._wanted
        request = "-".join(map(str, items[0][:3]))
        intake = Intake(self._world, wanted.source, wanted.now_ms, shift_ms=0, multiline=False, request_id=request)
        route = next(route for route in dialect.routes if route.kind is None)
        dialect.normalise(dialect.read(_body(route, items), route), intake)
        intake.close()
        return intake

    def _learn(self, intake: Intake) -> None:
        self.found.unmapped += intake.unmapped
        for identity in intake.identities:
            self._known[identity.user_id] = identity


def understand(
    connection: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    opened: Opened,
    wanted: Wanted,
    playbook: Playbook,
    work: Path,
    told: Told,
) -> Understood:
    """Make the table of what all calls mean. Errors: `ConfigurationError` when a file turns out to be unreadable."""
    selects = select_all(mapping, opened, wanted, calls=True)
    connection.execute("DROP TABLE IF EXISTS understood")
    if not selects:
        return Understood()
    rows = " UNION ALL ".join(selects)
    run(connection, f"CREATE OR REPLACE TABLE items AS {rows} ORDER BY at_ms, entry, file, line_no")
    reader = Reader(mapping, wanted, playbook)
    first, second = work / "understood-1.tsv", work / "understood-2.tsv"
    _write(connection, reader, "SELECT * FROM items WHERE problem IS NULL ORDER BY rowid", first, told)
    connection.execute(f"CREATE OR REPLACE TABLE once AS {_from(first)}")
    again = (
        f"SELECT i.* FROM items i JOIN (SELECT entry, file, line_no FROM once WHERE {_is_unknown('once')}) "
        "USING (entry, file, line_no) ORDER BY i.rowid"
    )
    _write(connection, reader, again, second, told)
    run(
        connection,
        f"CREATE TABLE understood AS SELECT {', '.join(COLUMNS)} FROM items WHERE problem IS NOT NULL UNION ALL "
        f"SELECT {', '.join(COLUMNS)} FROM once WHERE NOT {_is_unknown('once')} UNION ALL "
        f"SELECT {', '.join(COLUMNS)} FROM ({_from(second)})",
    )
    connection.execute("DROP TABLE once; DROP TABLE items")
    for path in (first, second):
        path.unlink()
    reader.found.identities = reader.identities()
    return reader.found


def _is_unknown(table: str) -> str:
    return f"coalesce({table}.problem = {sql.text(UNKNOWN)}, false)"


def _write(connection: duckdb.DuckDBPyConnection, reader: Reader, query: str, path: Path, told: Told) -> None:
    found = connection.cursor().execute(f"SELECT {ITEMS} FROM ({query})")
    done = 0
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
        while rows := found.fetchmany(AT_ONCE):
            for (entry, file, line_no, _line, at_ms), line, problem in reader.read(rows):
                writer.writerow((entry, file, line_no, at_ms, line, " ".join(problem.split("\t")).replace("\n", " ")))
            done += len(rows)
            told(done)


def _from(path: Path) -> str:
    """Return the SELECT of what was written, with what an event's line says of itself."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in WRITTEN.items())
    fields = sql.texts(["$.account_id", "$.user_id", "$.type", "$.id", "$.occurred_at"])
    how = f"delim='\t', quote='', escape='', header=false, auto_detect=false, max_line_size={LONGEST_LINE}"
    reader = f"read_csv({sql.text(str(path))}, {how}, columns={{{columns}}})"
    return (
        "SELECT file, line_no, entry, coalesce(CAST(f[5] AS BIGINT), at_ms) AS at_ms, f[1] AS account, "
        "f[2] AS user_id, f[3] AS type, f[4] AS id, made, problem "
        "FROM (SELECT * REPLACE (nullif(problem, '') AS problem), "
        f"CASE WHEN nullif(problem, '') IS NULL THEN json_extract_string(made, {fields}) END AS f FROM {reader})"
    )


def _by_dialect(items: Sequence[Item], dialects: dict[int, Dialect]) -> Iterator[tuple[Dialect, list[Item]]]:
    same: list[Item] = []
    for item in items:
        if same and dialects[same[0][0]] is not dialects[item[0]]:
            yield dialects[same[0][0]], same
            same = []
        same.append(item)
    if same:
        yield dialects[same[0][0]], same


def _body(route: Route, items: list[Item]) -> bytes:
    whole = ",".join(item[3] for item in items)
    return (f'{{"batch":[{whole}],"historical_migration":true}}' if "batch" in route.example else f"[{whole}]").encode()


def _bytes_of(line: msgspec.Struct | bytes) -> bytes:
    return line if isinstance(line, bytes) else _ENCODER.encode(line)
