"""The activation gate: is this account ready to grow, and if not, what is missing.

Source: playbook section 5, definitions 14, 17, 25, 28, 30, 31, 32 and 63.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

import msgspec

from services.signals.core import health
from services.signals.core.account import Account
from services.signals.core.terms import Terms, days_to_renewal, onboarded_days
from shared.kernel.clock import day_of
from shared.kernel.playbook.bounds import Trend
from shared.kernel.playbook.gate import GateCriteria
from shared.kernel.triggers import Criterion, Gate, Number

NEARLY = Fraction(99, 100)
ONE = Fraction(1)


class Answer(msgspec.Struct):
    """One criterion, exact: `met` None is unknown; `attained` counts in the mean unless it is left out."""

    name: str
    required: Number | str | bool
    actual: Fraction | str | bool | None
    met: bool | None
    attained: Fraction
    left_out: bool = False

    @property
    def passes(self) -> bool:
        """Tell whether the criterion does not stand in the way."""
        return self.met is True or self.left_out


def _number(
    name: str, required: int, actual: Fraction | int | None, comparison: Literal[">", ">="], asked: GateCriteria
) -> Answer:
    if actual is None:
        left_out = asked.unknown.get(name, "block") == "leave_out"  # type: ignore[call-overload]  # a literal's name
        return Answer(name, required, None, None, Fraction(0), left_out)
    actual = Fraction(actual)
    met = actual > required if comparison == ">" else actual >= required
    attained = max(Fraction(0), min(ONE, actual / required)) if required else ONE
    return Answer(name, required, actual, met, attained if met else min(NEARLY, attained))


def _yes(name: str, required: Number | str | bool, actual: Fraction | str | bool | None, met: bool) -> Answer:
    return Answer(name, required, actual, met, Fraction(met))


def ticket_trend(account: Account, terms: Terms) -> Trend:
    """Return the trend of tickets: declining is tested first (definition 17)."""
    measures = terms.playbook.measures
    now, before = health.tickets(account, measures.ticket_window_days)
    if now < before or now == before == 0:
        return "declining"
    return "stable" if now * 100 <= before * (100 + measures.ticket_stable_percent) else "growing"


def adopted(account: Account, terms: Terms) -> list[str]:
    """Return the core features that the account has adopted, in the playbook's order."""
    measures, features, today = terms.playbook.measures, account.head.features, account.head.today
    return [
        name
        for name in terms.playbook.core_features
        if name in features and features[name].days_used(today, measures.adopted_window_days) >= measures.adopted_days
    ]


def _departments(account: Account, terms: Terms) -> int:
    today, days = account.head.today, terms.playbook.measures.adopted_window_days
    using = {
        department
        for feature in adopted(account, terms)
        for department, seen in account.core_departments.get(feature, {}).items()
        if seen.distinct(today, days)
    }
    return len(using)


def _cheap(account: Account, terms: Terms, asked: GateCriteria) -> Iterator[Answer]:
    """Yield every criterion but health: these change with few events."""
    since, seats = onboarded_days(account), account.fact("seats")
    share = Fraction(account.active_month * 100, seats) if seats else None
    yield _number("days_since_onboarding", asked.days_since_onboarding, since, ">", asked)
    yield _number("core_features", asked.core_features, len(adopted(account, terms)), ">=", asked)
    if asked.core_departments is not None:
        yield _number("core_departments", asked.core_departments, _departments(account, terms), ">=", asked)
    yield _number("active_share_percent", asked.active_share_percent, share, ">", asked)
    trend = ticket_trend(account, terms)
    yield _yes("ticket_trend", " or ".join(asked.ticket_trend), trend, trend in asked.ticket_trend)
    yield _number("sentiment", asked.sentiment, health.sentiment(account, terms), ">=", asked)
    if asked.exec_sponsor:
        sponsor = bool(account.fact("exec_sponsor"))
        yield _yes("exec_sponsor", True, sponsor, sponsor)  # a criterion's required value
    if asked.qbr_days is not None:
        held_ms, today = account.head.qbr_ms, account.head.today
        since_qbr = Fraction(today - day_of(held_ms)) if held_ms >= 0 else None
        yield _yes("qbr_days", asked.qbr_days, since_qbr, health.within(held_ms, today, asked.qbr_days))


def answers(account: Account, terms: Terms) -> list[Answer]:
    """Return every criterion of the account's segment with its answer, health second."""
    asked = terms.gate(account)
    found = list(_cheap(account, terms, asked))
    score = health.score(account, terms)
    found.insert(1, _number("health_score", asked.health_score, score, ">=", asked))
    return found


def other_reasons(account: Account, terms: Terms, *, backfill: bool) -> Iterator[str]:
    """Yield what holds expansion besides the criteria."""
    holds = terms.playbook.holds
    left = days_to_renewal(account)
    if any(key[0] == "contraction_risk" and e.status == "fired" for key, e in account.episodes.items()):
        yield "contraction_risk"
    if left is not None and 1 <= left <= holds.renewal_quiet_days:
        renewed_ms, today = account.head.renewed_ms, account.head.today
        if not health.within(renewed_ms, today, holds.renewal_completed_days):
            yield "renewal_quiet"
    if account.fact("status") == "suspended":
        yield "suspended"
    if account.fact("status") == "churned":
        yield "churned"
    if backfill:
        yield "backfill"


def is_open(account: Account, terms: Terms, *, backfill: bool) -> bool:
    """Tell whether nothing holds expansion; health is only computed when all else passes.

    The answer of the criteria other than health is cached until an event touches them.
    """
    cached = account.gate_cache
    if cached is None:
        asked = terms.gate(account)
        cached = account.gate_cache = tuple(a.name for a in _cheap(account, terms, asked) if not a.passes)
    if cached or any(True for _ in other_reasons(account, terms, backfill=backfill)):
        return False
    asked = terms.gate(account)
    return _number("health_score", asked.health_score, health.score(account, terms), ">=", asked).passes


def describe(account: Account, terms: Terms, *, backfill: bool) -> Gate:
    """Return the gate as the contract shows it: each criterion with what is required and what is."""
    found = answers(account, terms)
    counted = [a for a in found if not a.left_out]
    known = sum(a.met is not None for a in found)
    mean = sum((a.attained for a in counted), Fraction(0)) / len(counted) if counted else ONE
    missing = [a.name for a in found if not a.passes]
    return Gate(
        open=not missing,
        readiness=int(mean * 100),
        confidence=round(known / len(found), 4),
        criteria=tuple(_shown(a) for a in found),
        held_because=(*missing, *other_reasons(account, terms, backfill=backfill)),
    )


def shown_number(value: Fraction) -> Number:
    """Return an exact value as people read it: whole, or with two decimals."""
    return int(value) if value.denominator == 1 else round(float(value), 2)


def _shown(answer: Answer) -> Criterion:
    return Criterion(
        name=answer.name,
        required=answer.required,
        actual=shown_number(answer.actual) if isinstance(answer.actual, Fraction) else answer.actual,
        met=answer.met,
        attainment=round(float(answer.attained), 4),
        left_out=answer.left_out,
    )
