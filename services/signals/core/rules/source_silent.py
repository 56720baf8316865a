"""A write key has fallen silent after a period of traffic: ops look at the SDK.

Ingest decides it, because only ingest sees the traffic of all accounts; the log carries it as `control.source`.
Source: playbook section 7, definition 41.
"""

from services.signals.core.rules.ops_row import OpsRow
from services.signals.core.source_state import SourceState
from services.signals.core.terms import Terms
from shared.kernel.clock import iso
from shared.kernel.triggers import Evidence

NAME = "source_silent"


def evidence(source: str, state: SourceState) -> Evidence:
    """Return what is known of a source: what was missed while it is silent, else that it is heard again."""
    heard = "never" if state.last_heard_at is None else iso(state.last_heard_at)
    if not state.silent:
        return Evidence(
            value=None,
            threshold=0,
            comparison="<=",
            unit="events",
            numbers={"source": source, "last_heard_at": heard},
            summary=f"the write key {source} is heard again, or was revoked; last heard {heard}",
        )
    hours = f"{state.missed_hours} hour{'' if state.missed_hours == 1 else 's'}"
    return Evidence(
        value=0,
        threshold=0,
        comparison="<=",
        unit="events",
        numbers={
            "source": source,
            "last_heard_at": heard,
            "usual_per_hour": state.usual_per_hour,
            "missed_hours": state.missed_hours,
            "missed_events": state.missed_events,
        },
        summary=(
            f"no event with the write key {source} for {hours} in which events were due; last heard {heard}, "
            f"usually {state.usual_per_hour:,g} an hour"
        ),
    )


def window_days(terms: Terms) -> int:
    """Return the period that a source must have been heard for."""
    days: int = terms.playbook.rules.source_silent.days
    return days


ROW: OpsRow = OpsRow(
    NAME,
    "source",
    evidence,
    window_days,
    example="no event with the write key web for 2 hours in which events were due; last heard "
    "2026-03-06T10:59:58.000Z, usually 1,200 an hour",
    tuning="""
    A write key counts once it was heard for `days`. It is silent when `silent_hours` hours went by without an event in
    which, and beside which, the period before had traffic; one that is too rare for that, after `pauses` times its
    longest pause and `silent_hours` more. `missed_events` must be missing by what came before: raise it where traffic
    is thin. How it is told, and what to do: [operations](operations.md#silent-sources).
    """,
)
