"""What the staged events hold, counted by DuckDB: types, accounts, users, days, and the tokens that rules feed on."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import duckdb
import msgspec

from shared.kernel.clock import DAY_MS
from shared.kernel.events import BY_NAME
from upswing.history.needs import KINDS, MENTION, NEEDS
from upswing.history.report import Profile
from upswing.importing import sql
from upswing.importing.staging import count

GOOD = (
    "problem IS NULL AND NOT EXISTS (FROM refused r WHERE r.place = staged.rowid) "
    "AND NOT EXISTS (FROM repeats d WHERE d.place = staged.rowid)"
)
LISTED = ("plan", "metric", "feature")
MOST_NAMES = 10_000


class Gap(msgspec.Struct, frozen=True):
    """Days without any event. Units: `first` and `last` are days, both included."""

    first: int
    last: int

    @property
    def days(self) -> int:
        """How many they are."""
        return self.last - self.first + 1


def good_events(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the view of all events that will be sent."""
    connection.execute(
        f"CREATE OR REPLACE VIEW good AS SELECT rowid AS place, * EXCLUDE (h, problem) FROM staged WHERE {GOOD}"
    )


def profile(connection: duckdb.DuckDBPyConnection) -> Profile:
    """Return what the events hold. The view of `good_events` must be there."""
    calls, first, last = connection.execute("SELECT count(*), min(at_ms), max(at_ms) FROM good").fetchall()[0]
    found = Profile(calls, Counter(), 0, 0, Counter(), set(), set(), first or 0, last or 0, 0)
    found.accounts = count(connection, "SELECT count(DISTINCT account) FROM good")
    found.users = count(
        connection, "SELECT count(*) FROM (SELECT DISTINCT account, user_id FROM good WHERE user_id IS NOT NULL)"
    )
    types = connection.execute("SELECT type, count(*), count(user_id) FROM good GROUP BY type").fetchall()
    for kind, events, named in types:
        found.tokens[kind] += events
        if named:
            found.tokens[f"{kind}.user"] += named
        for token, number in _tokens(connection, kind):
            if number:
                found.tokens[token] += number
    mentions = count(connection, f"SELECT count(*) FROM good WHERE contains(line, '\"{MENTION}\":true')")
    if mentions:
        found.tokens["competitor.mentioned"] += mentions
    found.plans = Counter(dict(_texts(connection, "account.updated", "plan")))
    found.metrics = {name for kind, *_ in types for name, _number in _texts(connection, kind, "metric")}
    found.features = {name for kind, *_ in types for name, _number in _texts(connection, kind, "feature")}
    found.before_onboarding = count(
        connection,
        "SELECT count(*) FROM good JOIN (SELECT account, min(at_ms) AS since FROM good WHERE type = 'account.updated' "
        "GROUP BY account) USING (account) WHERE at_ms < since",
    )
    return found


def gaps(connection: duckdb.DuckDBPyConnection) -> list[Gap]:
    """Return the days without any event between the first and the last."""
    rows = connection.execute(f"SELECT DISTINCT at_ms // {DAY_MS} FROM good ORDER BY 1").fetchall()
    days = [day for (day,) in rows]
    return [Gap(one + 1, two - 1) for one, two in pairwise(days) if two > one + 1]


def events_by_type(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return how many events of each type there are, the most frequent first."""
    return dict(connection.execute("SELECT type, count(*) FROM good GROUP BY type ORDER BY 2 DESC, 1").fetchall())


def _tokens(connection: duckdb.DuckDBPyConnection, kind: str) -> Iterator[tuple[str, int]]:
    """Yield how many events of a type hold each property, or kind, that any rule, criterion or component wants."""
    wanted = {token for need in NEEDS for want in need.wants for token in want.tokens}
    columns: dict[str, str] = {}
    for token in sorted(wanted):
        name = token.removeprefix(f"{kind}.")
        if token.startswith(f"{kind}.") and name != "user":
            found = _text(name)
            columns[token] = f"{found} IS NOT NULL AND {found} NOT IN ('false', '[]')"
        elif token.startswith(f"{kind}:"):
            said = sql.text(token.removeprefix(f"{kind}:"))
            columns[token] = " OR ".join(f"coalesce({_text(name)} = {said}, false)" for name in KINDS)
    if columns:
        counted = ", ".join(f"count(*) FILTER ({condition})" for condition in columns.values())
        row = connection.execute(f"SELECT {counted} FROM good WHERE type = ?", [kind]).fetchall()[0]
        yield from zip(columns, row, strict=True)


def _texts(connection: duckdb.DuckDBPyConnection, kind: str, name: str) -> list[tuple[str, int]]:
    if f"{kind}.{name}" not in _HOLDING:
        return []
    found = _text(name)
    return connection.execute(
        f"SELECT {found}, count(*) FROM good WHERE type = ? AND {found} IS NOT NULL GROUP BY 1 LIMIT {MOST_NAMES}",
        [kind],
    ).fetchall()


def _text(name: str) -> str:
    return f"json_extract_string(line, {sql.path(f'properties.{name}')})"


def _holding() -> frozenset[str]:
    return frozenset(
        f"{kind}.{name}"
        for kind, row in BY_NAME.items()
        for name in row.shape.__annotations__["properties"].__struct_fields__
        if name in LISTED
    )


_HOLDING = _holding()
