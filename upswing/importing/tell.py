"""The data-quality report for a person, and the progress of an import."""

import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from upswing.importing.quality import Quality

WIDTH = 118
MOST_FILES = 12
SECONDS_BETWEEN = 1.0
COUNT_SECONDS = 5.0


def make_console() -> Console:
    """Return the console that reports are written to: as wide as the terminal, or of a fixed width."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


def tell(quality: Quality, console: Console) -> None:
    """Print the report."""
    console.rule(f"[bold]{escape(quality.mapping)}: {escape(quality.what)}[/]", align="left")
    if quality.playbook:
        _say(console, f"read by the playbook {quality.playbook} (--playbook names another)")
    _files(quality, console)
    _table(
        console,
        "What the mapping makes of them",
        ("table", "event", "rows", "events", "refused", "left out"),
        [(made.table, made.what, made.rows, made.events, made.refused, made.left_out) for made in quality.made],
    )
    if quality.refusals:
        refused = [(each.reason, each.rows, "\n".join(each.examples)) for each in quality.refusals]
        _table(
            console,
            f"{quality.refused:,} refused, {quality.repeats:,} repeats",
            ("why", "rows", "for example"),
            refused,
        )
    else:
        _say(console, "no row is refused, none repeats")
    _span(quality, console)
    _table(console, "Events", ("type", "events"), list(quality.types.items()))
    for note in quality.notes:
        _say(console, note)
    for kind, title in (("rule", "Rules"), ("criterion", "Gate criteria"), ("health", "Health components")):
        rows = [
            (row.name, "yes" if row.fed else "no", row.why) for row in quality.fed if row.kind == kind and row.built
        ]
        _table(console, title, ("name", "fed", "why"), rows)
        if kind == "rule":
            _waiting(quality, console)


def _waiting(quality: Quality, console: Console) -> None:
    if waiting := [row for row in quality.fed if not row.built]:
        _say(
            console,
            f"{len(waiting)} more rules of the playbook are not looked at by this version; these data would do for "
            f"{sum(row.fed for row in waiting)} of them (--json lists them)",
        )


def _files(quality: Quality, console: Console) -> None:
    shown = [(file.path, file.table, file.rows, file.broken) for file in quality.files[:MOST_FILES]]
    _table(console, f"{quality.rows:,} rows", ("file", "table", "rows", "unreadable"), shown)
    if len(quality.files) > MOST_FILES:
        _say(console, f"and {len(quality.files) - MOST_FILES:,} more files")
    for path in quality.empty:
        _say(console, f"{path} is empty")
    for path in quality.unused:
        _say(console, f"{path} is not used: the mapping has no table of that name")


def _span(quality: Quality, console: Console) -> None:
    if quality.first_day is None:
        _say(console, "there is no event at all")
        return
    _say(
        console,
        f"{quality.events:,} events of {quality.accounts:,} accounts and {quality.users:,} named users, "
        f"{quality.first_day} to {quality.last_day}",
    )
    if quality.gaps:
        longest = ", ".join(f"{first} to {last} ({days})" for first, last, days in quality.gaps)
        _say(console, f"{quality.gap_days:,} days have no event: {longest}")
    if quality.older:
        _say(
            console,
            f"{quality.older:,} events are older than {quality.older_days} days: they count in their own time, and in "
            "no window of today (--since leaves them out)",
        )


def _table(console: Console, title: str, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", expand=False)
    for column in columns:
        number = column in {"rows", "events", "refused", "left out", "unreadable"}
        table.add_column(column, overflow="fold", justify="right" if number else "left")
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else escape(str(cell)) for cell in row))
    console.print(table)


def _say(console: Console, line: str) -> None:
    console.print(f"[dim]·[/] {escape(line)}", highlight=False, soft_wrap=True)


class Counted:
    """Tells how many of something are done, every few seconds: of much work a few lines, of little none."""

    def __init__(self, say: Callable[[str], None], what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._say, self._what, self._clock = say, what, clock
        self._told = clock()

    def told(self, done: int) -> None:
        """Take in how many are done."""
        now = self._clock()
        if now - self._told >= COUNT_SECONDS:
            self._told = now
            self._say(f"{done:,} {self._what}")


class Progress:
    """Tells how far an import is, at most once a second: rows, share, rate, and what is left."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say, self._clock = say, clock
        self._began: tuple[float, int] | None = None
        self._told = 0.0

    def told(self, done: int, whole: int) -> None:
        """Take in how many events are written."""
        now = self._clock()
        if self._began is None:
            self._began = now, done
        began, before = self._began
        if now - self._told < SECONDS_BETWEEN and done < whole:
            return
        self._told = now
        rate = (done - before) / (now - began) if now > began else 0.0
        share = 100 * done // whole if whole else 100
        left = f", {(whole - done) / rate:,.0f} s left" if rate and done < whole else ""
        self._say(f"{done:,} of {whole:,} events ({share} %), {rate:,.0f}/s{left}")
