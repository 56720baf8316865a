"""What the staged events hold, counted by DuckDB: types, accounts, users, days, and the tokens that rules feed on."""

from collections import Counter
from itertools import pairwise

import duckdb
import msgspec

from shared.kernel.clock import DAY_MS
from shared.kernel.events import BY_NAME
from upswing.history.needs import KINDS, MENTION, NEEDS
from upswing.history.report import Profile
from upswing.importing import sql
from upswing.importing.staging import count

LEFT_OUT = (
    "AND NOT EXISTS (FROM refused r WHERE r.place = lined.place) "
    "AND NOT EXISTS (FROM repeats d WHERE d.place = lined.place)"
)
LISTED = frozenset({"plan", "metric", "feature"})
SAID = "CASE WHEN whole THEN json_extract(made, '$.properties')::VARCHAR ELSE made END"
MOST_DIFFERENT = 50_000


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
    anything = count(connection, "SELECT (SELECT count(*) FROM refused) + (SELECT count(*) FROM repeats)")
    connection.execute(
        "CREATE OR REPLACE VIEW good AS SELECT * EXCLUDE (h, problem) FROM lined "
        f"WHERE problem IS NULL {LEFT_OUT if anything else ''}"
    )


def profile(connection: duckdb.DuckDBPyConnection) -> Profile:
    """Return what the events hold. The view of `good_events` must be there."""
    calls, first, last = connection.execute("SELECT count(*), min(at_ms), max(at_ms) FROM good").fetchall()[0]
    found = Profile(calls, Counter(), 0, 0, set(), set(), set(), first or 0, last or 0, 0)
    found.accounts = count(connection, "SELECT count(DISTINCT account) FROM good")
    named = "SELECT DISTINCT account, user_id FROM good WHERE user_id IS NOT NULL"
    found.users = count(connection, f"SELECT count(*) FROM ({named})")
    for kind, events, users in connection.execute(
        "SELECT type, count(*), count(user_id) FROM good GROUP BY 1"
    ).fetchall():
        found.tokens[kind] += events
        found.tokens[f"{kind}.user"] += users
        _look_into(connection, kind, found)
    found.tokens["competitor.mentioned"] += count(
        connection, f"SELECT count(*) FROM good WHERE contains(made, '\"{MENTION}\":true')"
    )
    found.tokens = +found.tokens
    if found.tokens["account.updated"]:
        since = "SELECT account, min(at_ms) AS since FROM good WHERE type = 'account.updated' GROUP BY account"
        found.before_onboarding = count(
            connection, f"SELECT count(*) FROM good JOIN ({since}) USING (account) WHERE at_ms < since"
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


def _look_into(connection: duckdb.DuckDBPyConnection, kind: str, found: Profile) -> None:
    """Count which properties events of a type hold, of those that any rule wants, and list the names of those listed.

    Each different text of properties is looked into once, if they are few.
    """
    names = sorted({name for name, _said in WANTED.get(kind, ())} | (LISTED & PROPERTIES[kind]))
    if not names:
        return
    place = {name: f"f[{number}]" for number, name in enumerate(names, start=1)}
    wanted = sorted(WANTED.get(kind, ()), key=str)
    columns = [_counted(place[name], said) for name, said in wanted]
    columns += [f"list(DISTINCT {place[name]}) FILTER ({place[name]} IS NOT NULL)" for name in names if name in LISTED]
    paths = ", ".join(sql.path(name) for name in names)
    each = f"SELECT json_extract_string({SAID}, [{paths}]) AS f, n FROM ({_different(connection, kind)})"
    row = connection.execute(f"SELECT {', '.join(columns)} FROM ({each})").fetchall()[0]
    for (name, said), number in zip(wanted, row, strict=False):
        found.tokens[f"{kind}.{name}" if said is None else f"{kind}:{said}"] += number
    for name, texts in zip([name for name in names if name in LISTED], row[len(wanted) :], strict=True):
        if name == "plan" and kind == "account.updated":
            found.plans.update(texts or ())
        elif name != "plan":
            (found.metrics if name == "metric" else found.features).update(texts or ())


def _different(connection: duckdb.DuckDBPyConnection, kind: str) -> str:
    """Return the SELECT of what events say and how many say it: where they repeat themselves, each once."""
    few = f"SELECT approx_count_distinct(made) <= {MOST_DIFFERENT} FROM good WHERE type = {sql.text(kind)}"
    once = ("count(*)", "GROUP BY made, whole") if count(connection, few) else ("1", "")
    return f"SELECT made, whole, {once[0]} AS n FROM good WHERE type = {sql.text(kind)} {once[1]}"


def _counted(text: str, said: str | None) -> str:
    """Return how often a property says something at all, or one thing."""
    if said is None:
        return f"coalesce(sum(n) FILTER ({text} IS NOT NULL AND {text} NOT IN ('false', '[]')), 0)::BIGINT"
    return f"coalesce(sum(n) FILTER ({text} = {sql.text(said)}), 0)::BIGINT"


def _wanted() -> dict[str, set[tuple[str, str | None]]]:
    """Return, by type of event, the properties and what they say that any rule, criterion or component wants."""
    found: dict[str, set[tuple[str, str | None]]] = {}
    for token in (token for need in NEEDS for want in need.wants for token in want.tokens):
        kind = max((name for name in BY_NAME if token.startswith(name)), key=len)
        rest = token.removeprefix(kind)
        if rest.startswith(":"):
            found.setdefault(kind, set()).update((name, rest[1:]) for name in KINDS if name in PROPERTIES[kind])
        elif rest and rest != ".user":
            found.setdefault(kind, set()).add((rest[1:], None))
    return found


PROPERTIES: dict[str, frozenset[str]] = {
    kind: frozenset(row.shape.__annotations__["properties"].__struct_fields__) for kind, row in BY_NAME.items()
}
WANTED = _wanted()
