"""An account in words: health, the gate with what is missing, and every rule with what would make it fire."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from shared.kernel.clock import iso
from shared.kernel.snapshots import RuleValue, Snapshot, State
from shared.kernel.triggers import Criterion, Gate, Number, Trigger
from upswing.trace.tell import compared

__all__ = ["tell", "to_fire"]

UNITS = {"percent": " %", "count": "", "points": " points"}
ONE_POINT = {"percent": "percentage point", "count": "", "points": "point"}
HEADINGS: dict[State, str] = {
    "fired": "fired, and not over yet",
    "held": "held: they stand, and wait for what holds them",
    "passed": "counted as fired: a higher level has fired, or it held from the start",
    "armed": "armed",
    "unmeasured": "not measured",
    "off": "switched off",
}


def tell(snapshot: Snapshot, behind: int, began: Mapping[str, Trigger] | None = None) -> Iterator[str]:
    """Yield the lines of the answer. Units: `behind` in records that signals has still to make durable.

    Shape: `began` has the records with which open triggers fired or were held, by id, as far as they are known.
    """
    name = snapshot.facts.get("name")
    title = f"{snapshot.account_id} ({name})" if name else snapshot.account_id
    yield f"{title}: {snapshot.segment}, {snapshot.lifecycle}, playbook {snapshot.playbook_version}"
    log = snapshot.log
    yield f"as of {iso(snapshot.at)}, today {snapshot.today}, after record {log.offset} of events/{log.partition}"
    if behind:
        yield f"signals is {behind} records behind in that partition: is it running and ready?"
    yield ""
    yield from _health(snapshot)
    yield from _gate(snapshot.gate)
    worth = snapshot.estimated_expansion_acv
    if worth is not None:
        yield f"worth       {worth.amount:,} {worth.currency} a year ({worth.basis})"
    yield f"motion      {snapshot.recommended_motion}"
    yield from (f"notice      {notice}" for notice in snapshot.notices)
    for state, heading in HEADINGS.items():
        rules = [value for value in snapshot.rules if value.state == state]
        if rules:
            yield ""
            yield heading
            yield from _lines(rules, SAID.get(state, partial(_open, word=state, began=began or {})))


def to_fire(value: RuleValue) -> str:
    """Return what a rule that is armed still needs, from its value and its threshold."""
    evidence = value.evidence
    if evidence.value is None:
        return evidence.summary
    bound = f"{evidence.comparison} {evidence.threshold:,}{UNITS.get(evidence.unit, '')}"
    if _met(evidence.value, evidence.threshold, evidence.comparison):
        return f"fires at {bound}: it is there, and is looked at when the day changes"
    missing = abs(round(evidence.threshold - evidence.value, 6))
    gap = _gap(missing, evidence.unit)
    if evidence.comparison in (">", ">="):
        more = f"more than {gap}" if evidence.comparison == ">" else gap
        return f"fires at {bound}: {more} to go"
    return f"fires at {bound}: after a fall by {'more than ' if evidence.comparison == '<' else ''}{gap}"


def _gap(missing: Number, unit: str) -> str:
    word = ONE_POINT.get(unit, "")
    return f"{missing:,}" + (f" {word}{'' if missing == 1 else 's'}" if word else "")


def _met(value: Number, threshold: Number, comparison: str) -> bool:
    return {">": value > threshold, ">=": value >= threshold, "<": value < threshold, "<=": value <= threshold}[
        comparison
    ]


def _health(snapshot: Snapshot) -> Iterator[str]:
    health = snapshot.health
    parts = ", ".join(f"{name} {value:g}" for name, value in health.components.items()) or "no component has data"
    score = "unknown" if health.score is None else f"{health.score:g}"
    yield f"health      {score}{' (given on the account)' if health.overridden else ''}: {parts}"


def _gate(gate: Gate) -> Iterator[str]:
    """Yield each criterion with what is and what is wanted, then the other reasons that hold expansion."""
    confident = f"readiness {gate.readiness}, {gate.confidence:.0%} of the criteria known"
    named = {criterion.name for criterion in gate.criteria}
    others = [reason for reason in gate.held_because if reason not in named]
    shut = not gate.open or bool(others)
    yield f"gate        {'shut' if shut else 'open'}: {confident}"
    yield from (f"  {line}" for line in map(_criterion, gate.criteria))
    yield from (f"  holds     {reason}" for reason in others)


def _criterion(criterion: Criterion) -> str:
    state = "met" if criterion.met else "unknown" if criterion.met is None else "MISSING"
    if criterion.left_out:
        state = "left out"
    return f"{state:<9} {criterion.name}: {compared(criterion)}"


def _lines(rules: list[RuleValue], said: Callable[[RuleValue], str]) -> Iterator[str]:
    """Yield a line a rule and level, names in a column."""
    width = max(len(_name(value)) for value in rules)
    for value in rules:
        yield f"  {_name(value):<{width}}  {said(value)}"


def _name(value: RuleValue) -> str:
    return " ".join(part for part in (value.rule, value.level, value.scope) if part)


def _open(value: RuleValue, word: str, began: Mapping[str, Trigger]) -> str:
    """Say at what a trigger fired, and today's value beside it: it may have fallen back without ending yet."""
    since = f"since {value.since}: " if value.since else ""
    trigger = f" [{value.trigger_id}]" if value.trigger_id else ""
    now, first = value.evidence.summary, began.get(value.trigger_id or "")
    if first is None:
        return f"{since}now {now}{trigger}"
    then = first.evidence.summary
    return f"{since}{now}{trigger}" if then == now else f"{since}{word} at {then}; now {now}{trigger}"


def _armed(value: RuleValue) -> str:
    if value.evidence.value is None:
        return to_fire(value)
    return f"{to_fire(value)}; now {value.evidence.summary}"


def _passed(value: RuleValue) -> str:
    return f"since {value.since}: now {value.evidence.summary}"


SAID: dict[State, Callable[[RuleValue], str]] = {
    "passed": _passed,
    "armed": _armed,
    "unmeasured": lambda value: value.evidence.summary,
    "off": lambda value: value.evidence.summary,
}
