"""The data-quality report: what was read, what is refused and why, and what starves for want of which events.

Source: playbook sections 5 to 7 and 11.
"""

from collections.abc import Collection

import duckdb
import msgspec

from shared.kernel.clock import DAY_MS, iso_day
from shared.kernel.playbook import Playbook
from upswing.history.report import Fed, Profile, oddities, what_is_fed
from upswing.importing import sql
from upswing.importing.mapping import Entry, Mapping
from upswing.importing.profile import Gap, events_by_type, gaps, profile
from upswing.importing.select import NO_JSON
from upswing.importing.sources import Part, repeated
from upswing.importing.staging import Opened, count, repeated_keys
from upswing.importing.understand import Understood
from upswing.importing.values import SPLIT

MOST_EXAMPLES = 3
MOST_GAPS = 10


class File(msgspec.Struct, frozen=True):
    """One file. Shape: `broken` are rows that could not even be read; `rows` counts them too."""

    path: str
    table: str
    rows: int
    broken: int


class Made(msgspec.Struct, frozen=True):
    """What one entry of the mapping made of a table. Shape: `left_out` rows are not wanted by it, or repeat an id."""

    table: str
    what: str
    rows: int
    events: int
    refused: int
    left_out: int


class Refusal(msgspec.Struct, frozen=True):
    """One reason why rows are refused. Shape: each example is `file:row`, with what was found there."""

    reason: str
    rows: int
    examples: tuple[str, ...]


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report. Shape: `playbook` is its file. Units: days are `YYYY-MM-DD`; `older_days` is the horizon."""

    mapping: str
    what: str
    files: list[File]
    empty: list[str]
    unused: list[str]
    made: list[Made]
    refusals: list[Refusal]
    rows: int
    events: int
    refused: int
    repeats: int
    unmapped: int
    types: dict[str, int]
    accounts: int
    users: int
    first_day: str | None
    last_day: str | None
    gaps: list[tuple[str, str, int]]
    gap_days: int
    older: int
    older_days: int
    fed: list[Fed]
    notes: list[str]
    playbook: str = ""

    @property
    def starving(self) -> list[Fed]:
        """What these data cannot feed."""
        return [row for row in self.fed if not row.fed]


def judge(
    connection: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    opened: Opened,
    understood: Understood,
    playbook: Playbook,
    built: Collection[str],
    now_ms: int,
) -> Quality:
    """Return the report about what is staged and verified. Shape: `built` names the rules that are looked at."""
    found = profile(connection)
    parts = opened.all
    holes = gaps(connection)
    horizon = playbook.time.horizon_days
    refusals = _refusals(connection, parts)
    return Quality(
        mapping=mapping.name,
        what=mapping.what,
        files=_files(connection, parts),
        empty=list(map(str, opened.empty)),
        unused=list(map(str, opened.unused)),
        made=_made(connection, mapping, opened),
        refusals=refusals,
        rows=sum(part.rows for part in parts),
        events=found.calls,
        refused=sum(refusal.rows for refusal in refusals if not refusal.reason.startswith("repeats")),
        repeats=count(connection, "SELECT count(*) FROM repeats"),
        unmapped=understood.unmapped,
        types=events_by_type(connection),
        accounts=found.accounts,
        users=found.users,
        first_day=iso_day(found.first_ms // DAY_MS) if found.calls else None,
        last_day=iso_day(found.last_ms // DAY_MS) if found.calls else None,
        gaps=[_gap(hole) for hole in sorted(holes, key=lambda hole: -hole.days)[:MOST_GAPS]],
        gap_days=sum(hole.days for hole in holes),
        older=count(connection, f"SELECT count(*) FROM good WHERE at_ms < {now_ms - horizon * DAY_MS}"),
        older_days=horizon,
        fed=what_is_fed(found, playbook, built),
        notes=_notes(connection, mapping, opened, understood, found, playbook),
    )


def _notes(
    connection: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    opened: Opened,
    understood: Understood,
    found: Profile,
    playbook: Playbook,
) -> list[str]:
    notes = list(mapping.notes)
    if understood.unmapped:
        notes.append(
            f"{understood.unmapped:,} calls have names that no row of the tracking plan maps: each counts as the use "
            "of a feature of that name"
        )
    notes += [
        f"{path} is the same file as one named before it: its rows repeat"
        for path in repeated(p.path for p in opened.all)
    ]
    notes += repeated_keys(connection, mapping, opened)
    return notes + (list(oddities(found, playbook)) if found.calls else [])


def _gap(hole: Gap) -> tuple[str, str, int]:
    return iso_day(hole.first), iso_day(hole.last), hole.days


def _made(connection: duckdb.DuckDBPyConnection, mapping: Mapping, opened: Opened) -> list[Made]:
    events = dict(connection.execute("SELECT entry, count(*) FROM good GROUP BY entry").fetchall())
    refused = _refused_by_entry(connection)
    made = []
    for place, entry in enumerate(mapping.events):
        parts = opened.parts.get(entry.file, [])
        if parts:
            rows, broken = sum(part.rows for part in parts), sum(len(part.broken) for part in parts)
            good, bad = events.get(place, 0), refused.get(place, 0) + broken
            made.append(Made(entry.file, what_of(entry), rows, good, bad, max(0, rows - good - bad)))
    return made


def _refused_by_entry(connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
    found = connection.execute(
        "SELECT entry, count(*) FROM (SELECT entry FROM staged WHERE problem IS NOT NULL UNION ALL "
        "SELECT entry FROM (SELECT DISTINCT place FROM refused) JOIN staged ON staged.rowid = place) GROUP BY entry"
    ).fetchall()
    return dict(found)


def _files(connection: duckdb.DuckDBPyConnection, parts: list[Part]) -> list[File]:
    """Return the files with their rows; lines that are no JSON object count once, however many entries read them."""
    rows = connection.execute(
        f"SELECT file, count(DISTINCT line_no) FROM staged WHERE problem = {sql.text(NO_JSON)} GROUP BY file"
    ).fetchall()
    no_json: dict[int, int] = dict(rows)
    return [File(str(p.path), p.table, p.rows, len(p.broken) + no_json.get(p.number, 0)) for p in parts]


def what_of(entry: Entry) -> str:
    """Return what an entry makes, for a person."""
    return entry.type or f"{entry.dialect} calls"


def _refusals(connection: duckdb.DuckDBPyConnection, parts: list[Part]) -> list[Refusal]:
    by_number = {part.number: part for part in parts}
    rows = connection.execute(
        f"SELECT reason, count(*), list((file, line_no, found) ORDER BY file, line_no)[1:{MOST_EXAMPLES}] FROM ("
        f"SELECT DISTINCT split_part(problem, '{SPLIT}', 1) AS reason, split_part(problem, '{SPLIT}', 2) AS found, "
        "file, line_no FROM staged WHERE problem IS NOT NULL UNION ALL "
        "SELECT concat_ws(': ', nullif(field, ''), message), '', file, line_no FROM refused "
        "JOIN staged ON staged.rowid = place UNION ALL "
        "SELECT CASE WHEN type = 'session.started' THEN 'repeats: views of pages within a session that is counted "
        "already' ELSE 'repeats the id of an earlier row' END, id, file, line_no FROM repeats "
        "JOIN staged ON staged.rowid = place"
        ") GROUP BY reason ORDER BY 2 DESC, 1"
    ).fetchall()
    found = [
        Refusal(reason, number, tuple(_example(by_number, *each) for each in some)) for reason, number, some in rows
    ]
    broken: dict[str, list[str]] = {}
    for part in parts:
        for row in part.broken:
            broken.setdefault(row.reason, []).append(f"{row.file}:{row.line}")
    found += [Refusal(reason, len(where), tuple(where[:MOST_EXAMPLES])) for reason, where in broken.items()]
    return sorted(found, key=lambda refusal: (-refusal.rows, refusal.reason))


def _example(parts: dict[int, Part], file: int, row: int, found: str) -> str:
    part = parts[file]
    line = row
    if part.kind == "ndjson":  # lines that are no UTF-8 were passed over when rows were numbered
        for broken in part.broken:
            line += broken.line <= line
    return f"{part.path.name}:{line}" + (f" found {found[:60]!r}" if found else "")
