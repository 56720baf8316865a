"""A score as a person reads it."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from upswing.simulate.marks import Example, RuleScore, Score
from upswing.simulate.send import Sent

__all__ = ["print_score", "sent_lines"]

WIDTH = 132
NOTED_SECONDS = 1.0
COLUMNS = (
    *("rule", "stood", "seen", "missed", "lost", "recall", "firings", "right", "misled", "wrong"),
    *("precision", "delay", "held", "released", "outcome"),
)


def print_score(score: Score) -> None:
    """Print the tables, then examples of each miss."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    table = Table(title="By situation", title_justify="left", title_style="bold", header_style="bold", padding=(0, 0))
    for number, column in enumerate(COLUMNS):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    for row in score.rules:
        if row.situations or row.firings:
            table.add_row(*_cells(row))
    table.add_section()
    table.add_row(*_cells(score.overall), style="bold")
    console.print(table)
    for line in _lines(score):
        console.print(escape(line), highlight=False, soft_wrap=True)


def sent_lines(sent: Sent) -> Iterator[str]:
    """Yield what became of what was sent, a line each."""
    yield (
        f"{sent.sent:,} events sent in {sent.seconds:.1f} s: {sent.acked:,} acked ({sent.per_second:,.0f} a second), "
        f"{sent.duplicates:,} duplicates among them, {sent.rejected:,} rejected"
    )
    if sent.codes:
        yield "rejected: " + ", ".join(f"{count:,} {code}" for code, count in sent.codes.items())
    latency = ", ".join(f"{name} {value:g} ms" for name, value in sent.latency_ms.items())
    yield f"{sent.requests:,} requests, latency {latency or '–'}; {sent.retries:,} retries, {sent.throttled:,} put off"
    if sent.behind_seconds > NOTED_SECONDS:
        yield f"the last event was {sent.behind_seconds:.1f} s late: ingest or this machine cannot keep the rate"


def _cells(row: RuleScore) -> list[str]:
    numbers = (row.situations, row.noticed, row.missed, row.unseeable)
    firings = (row.firings, row.right, row.misled, row.wrong)
    delay = "–" if row.median_delay_days is None else f"{row.median_delay_days:g} d"
    return [
        row.rule,
        *(f"{number:,}" for number in numbers),
        percent(row.recall),
        *(f"{number:,}" for number in firings),
        percent(row.precision),
        delay,
        f"{row.held:,}",
        f"{row.released:,}",
        percent(row.precision_by_outcome),
    ]


def _lines(score: Score) -> Iterator[str]:
    yield (
        "stood: situations in truth; seen: a firing met them; lost: what was sent never shows them; recall: seen of "
        "stood without lost; misled: what was sent shows it, and it is not true; delay: median from the beginning to "
        "the first firing; held, released: of the firings; outcome: accounts that fired and then expanded"
    )
    if score.overall.levels:
        noticed = f"{score.overall.levels_noticed:,} of {score.overall.levels:,}"
        yield f"levels: {noticed} that were reached fired, or one above them did, on their day"
    yield ""
    out = score.outcomes
    yield (
        f"by outcome: {out.expanded:,} of {out.accounts:,} accounts expanded ({percent(out.base_rate)}). Expansion "
        f"rules fired for {out.fired_accounts:,}, of which {out.fired_and_expanded:,} expanded within "
        f"{out.horizon_days} days: "
        f"precision {percent(out.precision)}, lift {'–' if out.lift is None else out.lift}; "
        f"{out.fired_before:,} of those that expanded had fired before: recall {percent(out.recall)}"
    )
    yield (
        f"alerts (fired, released, or held by the loading of history alone): {out.alerted_accounts:,} accounts, of "
        f"which {out.alerted_and_expanded:,} expanded: precision {percent(out.precision_of_alerts)}, "
        f"lift {'–' if out.lift_of_alerts is None else out.lift_of_alerts}"
    )
    yield (
        f"gate: all criteria passed at some firing for {score.gate_passed:,} of {score.gate_accounts:,} accounts that "
        f"fired: {percent(score.gate_pass_share)}"
    )
    yield from _notes(score)
    yield from _examples("missed", [(row.rule, one) for row in score.rules for one in row.examples_missed])
    yield from _examples("wrong", [(row.rule, one) for row in score.rules for one in row.examples_wrong])
    yield from _examples("not foreseen", [("expansion", one) for one in out.examples_not_foreseen])


def _notes(score: Score) -> Iterator[str]:
    """Yield what the tables leave out."""
    if score.not_judged:
        listed = ", ".join(f"{rule} {count:,}" for rule, count in sorted(score.not_judged.items()))
        yield f"not judged (the truth says nothing of these rules): {listed}"
    if score.not_built:
        yield f"not there (the engine has no such rule, so its situations are left out): {', '.join(score.not_built)}"
    for rule, missing in score.starving.items():
        yield f"starving: {rule} cannot fire, the events lack: {'; '.join(missing)}"
    if score.outside:
        yield f"{score.outside:,} firings lie on days before or after the story, and are left out"
    if score.unknown_accounts:
        yield f"{score.unknown_accounts:,} accounts with triggers are not in the truth: is it that of this log?"


def _examples(title: str, rows: list[tuple[str, Example]]) -> Iterator[str]:
    if rows:
        yield ""
        yield f"{title}, for example:"
    for rule, one in rows:
        scope = f" {one.scope}" if one.scope else ""
        yield f"  {one.account_id}  {rule}{scope}  {one.day}: {one.what}"


def percent(share: float | None) -> str:
    """Return a share as text."""
    return "–" if share is None else f"{share * 100:.1f} %"
