"""What the demo prints: progress, alerts as they arrive, and the tables at the end."""

import statistics
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from shared.kernel.clock import iso
from shared.kernel.triggers import Trigger
from upswing.demo.receivers import Alert

SHOWN_LINES = 12
SHOWN_ROWS = 20
FALLEN_BACK = "nothing now, but its value is no longer at the threshold"
WIDTH = 118
NAMES = {"activation", "active triggers"}  # columns of names, which are hard to read when they are folded
NAME_WIDTH = 20


class Show:
    """Prints for a person. Not for machines: the API and the topics are for them."""

    def __init__(self) -> None:
        console = Console()
        self.console = console if console.is_terminal else Console(width=WIDTH)

    def say(self, line: str) -> None:
        """Print one line."""
        self.console.print(f"[dim]·[/] {escape(line)}", highlight=False, soft_wrap=True)

    def title(self, text: str) -> None:
        """Print a headline."""
        self.console.rule(f"[bold]{escape(text)}[/]", align="left")

    def progress(self, what: str, total: int) -> "Bar":
        """Return a progress bar for long work."""
        return Bar(self.console, what, total)

    def alert(self, alert: Alert, seconds: float | None) -> None:
        """Print an alert as it arrived."""
        after = f" · {seconds:.2f} s after the event" if seconds is not None else ""
        text = "\n".join(escape(line) for line in alert.lines[:SHOWN_LINES])
        self.console.print(
            Panel(
                text,
                title=f"[bold]{escape(alert.title)}[/]",
                subtitle=escape(alert.channel + after),
                title_align="left",
            )
        )

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], left_out: int = 0) -> None:
        """Print a table."""
        table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", expand=False)
        for column in columns:
            table.add_column(column, overflow="fold", min_width=NAME_WIDTH if column in NAMES else None)
        for row in rows:
            table.add_row(*(escape("–" if cell is None else str(cell)) for cell in row))
        self.console.print(table)
        if left_out:
            self.say(f"and {left_out:,} more")

    def scorecard(self, rows: Sequence[dict[str, Any]]) -> None:
        """Print the scorecard, the readiest accounts first."""
        columns = ("account", "segment", "health", "activation", "ready", "active triggers", "motion", "est. ACV")
        shown = [
            (
                row["account_id"],
                row["segment"],
                _number(row["health_score"]),
                row["activation_status"],
                row["expansion_readiness"],
                ", ".join(row["active_triggers"]),
                row["recommended_motion"],
                _number(row["estimated_expansion_acv"]),
            )
            for row in rows[:SHOWN_ROWS]
        ]
        self.table("Scorecard", columns, shown, max(0, len(rows) - SHOWN_ROWS))

    def leads(self, rows: Sequence[dict[str, Any]]) -> None:
        """Print the open leads."""
        columns = ("account", "play", "stage", "owner", "next stage by", "worth a year", "triggers")
        shown = [
            (
                row["account_id"],
                row["play"],
                row["stage"],
                row["owner"]["id"] or row["owner"]["role"],
                (row["due_at"] or "–")[:16],
                _worth(row["estimated_acv"]),
                len(row["trigger_ids"]),
            )
            for row in rows[:SHOWN_ROWS]
        ]
        self.table("Open CSQLs", columns, shown, max(0, len(rows) - SHOWN_ROWS))
        if rows:
            self.say(
                '"next stage by" is when the lead must move on; an alert\'s "Respond by" is the play\'s: the answer'
            )

    def tasks(self, rows: Sequence[dict[str, Any]]) -> None:
        """Print the open tasks: what risk and adoption ask for."""
        columns = ("account", "play", "kind", "owner", "overdue after", "triggers")
        shown = [
            (
                row["account_id"],
                row["play"],
                row["kind"],
                row["owner"]["id"] or row["owner"]["role"],
                row["due_at"][:16],
                len(row["trigger_ids"]),
            )
            for row in rows[:SHOWN_ROWS]
        ]
        self.table("Open tasks", columns, shown, max(0, len(rows) - SHOWN_ROWS))

    def held(self, triggers: Sequence[Trigger], reasons: dict[str, Sequence[str]]) -> None:
        """Print what is held, and why."""
        columns = ("account", "rule", "level", "evidence", "held because")
        shown = [
            (
                trigger.account_id,
                trigger.rule,
                trigger.level or "–",
                trigger.evidence.summary,
                ", ".join(reasons.get(trigger.account_id, trigger.gate.held_because)) or FALLEN_BACK,
            )
            for trigger in triggers[:SHOWN_ROWS]
        ]
        self.table("Held, with the reason", columns, shown, max(0, len(triggers) - SHOWN_ROWS))

    def seconds(self, seconds: Sequence[float]) -> None:
        """Print how long events took to become alerts."""
        if not seconds:
            self.say("no alert was caused by a live event")
            return
        ordered = sorted(seconds)
        slowest = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
        self.console.print(
            f"[bold]From event to alert[/]: median {statistics.median(ordered):.3f} s, p99 {slowest:.3f} s "
            f"({len(ordered)} alerts)"
        )

    def triggers(self, rows: Sequence[Trigger]) -> None:
        """Print trigger records."""
        columns = ("when", "account", "rule", "level", "record", "evidence")
        shown = [
            (iso(row.occurred_at)[:16], row.account_id, row.rule, row.level or "–", row.record, row.evidence.summary)
            for row in rows[:SHOWN_ROWS]
        ]
        self.table("Triggers", columns, shown, max(0, len(rows) - SHOWN_ROWS))


class Bar(AbstractContextManager["Bar"]):
    """A progress bar that is told how much is done."""

    def __init__(self, console: Console, what: str, total: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console)
        self._task = self._progress.add_task(what, total=total)

    def __enter__(self) -> Self:
        """Show it."""
        self._progress.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        """Leave it as it is."""
        self._progress.stop()

    def told(self, done: int) -> None:
        """Show how much is done."""
        self._progress.update(self._task, completed=done)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _worth(estimate: dict[str, Any] | None) -> str:
    return "–" if estimate is None else f"{estimate['amount']:,.0f} {estimate['currency']} ({estimate['basis']})"
