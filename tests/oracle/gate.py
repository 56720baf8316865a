"""The activation gate, and every reason for which a trigger is held.

Source: playbook section 5, definitions 14, 17, 25, 28 to 32, 50, 63.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import floor

from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.events.qbr_held import QbrHeld
from shared.kernel.events.renewal_completed import RenewalCompleted
from shared.kernel.events.ticket_opened import TicketOpened
from shared.kernel.playbook.document import Playbook
from shared.kernel.quantities import millionths
from tests.oracle.health import clamp, has_sponsor, health, sentiment
from tests.oracle.history import Facts, History, day

ALMOST = Fraction(99, 100)


@dataclass(frozen=True)
class Criterion:
    """One criterion's answer. `met` None: unknown; `left_out`: unknown, and by the playbook not counted."""

    name: str
    met: bool | None
    attainment: Fraction
    left_out: bool = False


@dataclass(frozen=True)
class Gate:
    """The gate's answer on a day."""

    open: bool
    readiness: int
    confidence: Fraction
    criteria: tuple[Criterion, ...]
    held_because: tuple[str, ...]


def segment_of(facts: Facts, playbook: Playbook) -> str:
    """Return the key of the account's segment: as given, else by annual contract value (definition 29)."""
    given = facts["segment"]
    if isinstance(given, str):
        for segment in playbook.segments:
            if given.strip().casefold() in {segment.key.casefold(), segment.name.casefold()}:
                return segment.key
    mrr = facts["mrr"]
    annual = 12 * millionths(mrr) if isinstance(mrr, int | float | str) else 0
    for segment in playbook.segments:
        if segment.acv_below is None or annual < millionths(segment.acv_below):
            return segment.key
    raise AssertionError("the last segment has no upper end")


def numeric(name: str, actual: Fraction | None, required: int, *, strictly: bool, unknown: str = "block") -> Criterion:
    """Judge a number against what is required of it."""
    if actual is None:
        return Criterion(name, None, Fraction(0), left_out=unknown == "leave_out")
    met = actual > required if strictly else actual >= required
    attained = clamp(actual / required, 0, 1) if required else Fraction(1)
    return Criterion(name, met, attained if met else min(attained, ALMOST))


def plain(name: str, *, met: bool) -> Criterion:
    """Judge what is either so or not."""
    return Criterion(name, met, Fraction(int(met)))


def adopted_core(history: History, playbook: Playbook, today: int) -> set[str]:
    """Return the core features used on enough days of the window, by anybody (definition 25)."""
    measures = playbook.measures
    days_used: dict[str, set[int]] = {}
    for event in history.within(today - measures.adopted_window_days + 1, today, FeatureUsed):
        days_used.setdefault(event.properties.feature, set()).add(day(event))
    return {feature for feature in playbook.core_features if len(days_used.get(feature, ())) >= measures.adopted_days}


def core_departments(history: History, playbook: Playbook, today: int) -> set[str]:
    """Return the departments whose people used an adopted core feature in the window (definition 25)."""
    adopted = adopted_core(history, playbook, today)
    uses = history.within(today - playbook.measures.adopted_window_days + 1, today, FeatureUsed)
    users = {use.user_id for use in uses if use.properties.feature in adopted and history.counts_for(use)}
    departments = {history.department(str(user)) for user in users}
    return {department for department in departments if department is not None}


def ticket_trend(history: History, playbook: Playbook, today: int) -> str:
    """Return whether tickets are declining, stable or growing (definition 17)."""
    days = playbook.measures.ticket_window_days
    now = len(history.within(today - days + 1, today, TicketOpened))
    before = len(history.within(today - 2 * days + 1, today - days, TicketOpened))
    if now < before or now == before == 0:
        return "declining"
    return "stable" if 100 * now <= (100 + playbook.measures.ticket_stable_percent) * before else "growing"


def active_share(history: History, facts: Facts, playbook: Playbook, today: int) -> Fraction | None:
    """Return the percentage of seats whose users were active; None without seats (definition 50)."""
    seats = facts["seats"]
    if not isinstance(seats, int) or seats <= 0:
        return None
    active = history.active_users(today - playbook.measures.active_window_days + 1, today)
    return Fraction(100 * len(active), seats)


def criteria(history: History, playbook: Playbook, today: int) -> tuple[Criterion, ...]:
    """Return the answer of every criterion that the account's segment asks."""
    facts = history.facts()
    segment = segment_of(facts, playbook)
    asked = playbook.gate[segment]
    onboarded = facts.day("onboarded_at")
    days = None if onboarded is None else Fraction(today - onboarded)
    features = Fraction(len(adopted_core(history, playbook, today)))
    answers = [
        _number(playbook, segment, "days_since_onboarding", days),
        numeric("core_features", features, asked.core_features, strictly=False),
        _number(playbook, segment, "health_score", health(history, segment, playbook, today).score),
        _number(playbook, segment, "active_share_percent", active_share(history, facts, playbook, today)),
        plain("ticket_trend", met=ticket_trend(history, playbook, today) in asked.ticket_trend),
        _number(playbook, segment, "sentiment", sentiment(history, playbook, today)),
    ]
    if asked.core_departments is not None:
        departments = Fraction(len(core_departments(history, playbook, today)))
        answers.append(numeric("core_departments", departments, asked.core_departments, strictly=False))
    if asked.exec_sponsor:
        answers.append(plain("exec_sponsor", met=has_sponsor(facts)))
    if asked.qbr_days is not None:
        answers.append(plain("qbr_days", met=bool(history.within(today - asked.qbr_days + 1, today, QbrHeld))))
    return tuple(answers)


def _number(playbook: Playbook, segment: str, name: str, actual: Fraction | None) -> Criterion:
    asked = playbook.gate[segment]
    strictly = name in {"days_since_onboarding", "active_share_percent"}
    unknown = {str(key): value for key, value in asked.unknown.items()}.get(name, "block")
    return numeric(name, actual, getattr(asked, name), strictly=strictly, unknown=unknown)


def has_renewed(history: History, playbook: Playbook, today: int) -> bool:
    """Return whether the renewal in sight has been completed (definition 31)."""
    days = playbook.holds.renewal_completed_days
    return bool(history.within(today - days + 1, today, RenewalCompleted))


def other_reasons(
    history: History, playbook: Playbook, today: int, *, backfill: bool, contracting: bool
) -> tuple[str, ...]:
    """Return what holds expansion besides the criteria. Shape: `contracting`: `contraction_risk` is open."""
    facts = history.facts()
    holds = playbook.holds
    reasons: list[str] = []
    if contracting and holds.contraction_risk:
        reasons.append("contraction_risk")
    renews_on = facts.day("renews_on")
    near = renews_on is not None and 1 <= renews_on - today <= holds.renewal_quiet_days
    if near and not has_renewed(history, playbook, today):
        reasons.append("renewal_quiet")
    if facts["status"] == "suspended" and holds.suspended:
        reasons.append("suspended")
    if facts["status"] == "churned":
        reasons.append("churned")
    if backfill:
        reasons.append("backfill")
    return tuple(reasons)


def gate(history: History, playbook: Playbook, today: int, *, backfill: bool, contracting: bool = False) -> Gate:
    """Return the gate's whole answer on a day (definition 28)."""
    answers = criteria(history, playbook, today)
    counted = [answer for answer in answers if not answer.left_out]
    unmet = tuple(answer.name for answer in counted if not answer.met)
    known = sum(answer.met is not None for answer in answers)
    mean = sum((answer.attainment for answer in counted), Fraction(0)) / len(counted) if counted else Fraction(1)
    others = other_reasons(history, playbook, today, backfill=backfill, contracting=contracting)
    return Gate(
        open=not unmet,
        readiness=floor(100 * mean),
        confidence=Fraction(known, len(answers)),
        criteria=answers,
        held_because=unmet + others,
    )
