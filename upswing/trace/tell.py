"""A trail in words: one line a station, and where it ends, why."""

from collections.abc import Iterator
from typing import Any

from shared.kernel.clock import iso
from shared.kernel.events import BY_NAME
from shared.kernel.phrases import counted
from shared.kernel.snapshots import RuleValue, Snapshot
from shared.kernel.triggers import Criterion, Gate, Trigger
from upswing.trace.follow import Place, Trail

NOTHING = {  # decisions of notify that are no message, in words
    "held": "the gate is shut; its release is told",
    "silenced": "somebody has silenced it",
    "no_route": "no route takes it",
    "resolved_unseen": "it has ended, and there was no message to mark so",
}
HINTS = {  # what a criterion counts, where its name does not say it
    "core_features": "each counts once it was used on as many different days as `measures.adopted_days` says",
    "core_departments": "those that use core features which count",
    "ticket_trend": "no tickets at all count as declining",
}
MORE = frozenset({"days_since_onboarding", "active_share_percent"})  # more than what is asked for, not as much
TYPE_NAMES = {row.shape: row for row in BY_NAME.values()}


def tell(trail: Trail, event_id: str, alerts: dict[str, list[dict[str, Any]]] | str) -> Iterator[str]:
    """Yield the lines of the answer. Shape: `alerts` maps trigger ids to deliveries, or says why they are unknown."""
    for letter in trail.letters:
        where = f" at {letter.field}" if letter.field else ""
        yield f"refused   by {letter.service}: {letter.reason.value}{where}: {letter.message} ({letter.letter_id})"
        if letter.retaken_at is not None:
            yield f"retaken   {iso(letter.retaken_at)}: sent to the log for account {letter.retaken_for}"
    if not trail.places:
        if not trail.letters:
            yield f"nowhere   no event {event_id} in the time searched: was it answered 200?"
            yield "          (page views are kept as a session of their user and half hour, with an id of its own)"
        return
    yield from _places(trail.places)
    yield from _folded(trail)
    for trigger in trail.triggers:
        yield from _trigger(trigger, alerts)
    if not trail.triggers and trail.snapshot is not None and trail.behind == 0:
        yield from _why_none(trail.places[0], trail.snapshot)


def _places(places: list[Place]) -> Iterator[str]:
    first = places[0].event
    for number, place in enumerate(places):
        event = place.event
        row = TYPE_NAMES[type(event)]
        same = (event.source, event.account_id) == (first.source, first.account_id)
        word = "logged" if number == 0 else "again" if same else "namesake"
        yield (
            f"{word:<9} {row.name} of account {event.account_id} from {event.source}: events/{place.partition}"
            f"/{place.offset} line {place.line}, occurred {iso(_ms(event.occurred_at))}, "
            f"received {iso(_ms(event.received_at)) if event.received_at is not None else 'unknown'}, "
            f"with the broker {iso(place.logged_at)}"
        )
        if number == 0:
            yield f"feeds     {row.feeds}"
        elif same:
            yield "          a repeat within an hour of the account's clock counts once"
        else:
            yield "          another source's event of that name, followed with --account; the rest is about the first"


def _ms(instant: int | str | None) -> int:
    return instant if isinstance(instant, int) else 0


def _folded(trail: Trail) -> Iterator[str]:
    if trail.behind:
        yield f"folded    not durably yet: signals is {trail.behind} records behind; is it running and ready?"
    else:
        yield "folded    yes: its pages are flushed and its offset is committed"
    if trail.snapshot is not None:
        gate, score = trail.snapshot.gate, trail.snapshot.health.score
        yield (
            f"account   explained at {iso(trail.snapshot.at)}: health {'unknown' if score is None else score}, "
            f"readiness {gate.readiness}, gate {'open' if gate.open else 'shut'}"
        )
        yield from _gate(gate)
        yield from (f"notice    {notice}" for notice in trail.snapshot.notices)
    elif trail.behind == 0:
        yield "account   not explained yet: the snapshot of an account follows within seconds of its records"


def _gate(gate: Gate) -> Iterator[str]:
    """Yield what shuts the gate: each criterion with what is and what is wanted, then the other reasons."""
    criteria = {criterion.name: criterion for criterion in gate.criteria}
    for name in gate.held_because:
        known = criteria.get(name)
        if known is None:
            yield f"          shut by {name}"
            continue
        yield f"          shut by {name}: {compared(known)}"


def compared(criterion: Criterion) -> str:
    """Return what is and what is wanted, in words."""
    name, actual = criterion.name, criterion.actual
    if name == "qbr_days":
        held = f"held {counted(actual, 'day')} ago" if isinstance(actual, int) else "none was held"
        return f"{held}, wanted one in the last {criterion.required} days"
    hint = f" ({HINTS[name]})" if name in HINTS else ""
    wanted = f"{'more than ' if name in MORE else ''}{criterion.required}"
    return f"{'unknown' if actual is None else actual}, wanted {wanted}{hint}"


def _trigger(trigger: Trigger, alerts: dict[str, list[dict[str, Any]]] | str) -> Iterator[str]:
    level = f" {trigger.level}" if trigger.level else ""
    scope = f" on {trigger.scope}" if trigger.scope else ""
    yield f"{trigger.record:<9} {trigger.rule}{level}{scope}: {trigger.evidence.summary} ({trigger.trigger_id})"
    if trigger.record == "held":
        yield f"          held because of {', '.join(trigger.gate.held_because)}"
    if trigger.record not in ("fired", "released"):
        return
    if isinstance(alerts, str):
        yield f"alert     unknown: {alerts}"
        return
    found = alerts.get(trigger.trigger_id, [])
    for row in reversed(found):  # notify tells the newest first
        when = f" at {row['sent_at']}" if row.get("sent_at") else ""
        why, channel = str(row.get("why")), row.get("channel")
        if channel:
            yield f"alert     {row.get('state')}{when} on {channel}: {why}"
        else:
            yield f"alert     nothing to send: {why}{f' ({NOTHING[why]})' if why in NOTHING else ''}"
    if not found:
        yield "alert     none decided yet: is notify running and ready?"


def _why_none(place: Place, snapshot: Snapshot) -> Iterator[str]:
    yield "trigger   none was decided by this event"
    for value in snapshot.rules:
        yield f"          {_rule(value)}"
    if not place.event.user_id:
        yield "          the event names no user, so it counts in sums but never in distinct users"


def _rule(value: RuleValue) -> str:
    name = " ".join(part for part in (value.rule, value.level, value.scope) if part)
    since = f" since {value.since}" if value.since else ""
    return f"{name}: {value.state}{since}; {value.evidence.summary}"
