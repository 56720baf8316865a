"""The activation gate: is this account ready to grow, and if not, what is missing.

Source: playbook section 5, definitions 14, 17, 25, 28, 30, 31, 32 and 63.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Literal

from services.signals.core import criteria, health
from services.signals.core.account import Account
from services.signals.core.criterion import Answer
from services.signals.core.terms import Terms, days_to_renewal, onboarded_days
from shared.kernel.clock import day_of
from shared.kernel.playbook.gate import GateCriteria, UnknownCriterion
from shared.kernel.triggers import Criterion, Gate, Kind, Number

MOST_TOLD = 1_000  # answers of a criterion
CONTRACTION_RISK = ("contraction_risk", None, None)  # the key of its one episode


def _number(
    name: Literal["core_features", "core_departments"] | UnknownCriterion,
    required: int,
    amount: float | Fraction | None,
    asked: GateCriteria,
    *,
    whole: int = 1,
    more: bool = False,
) -> Answer:
    """Answer a criterion that is a number: `more` asks for more than what is required, else that much is enough."""
    if amount is None:
        left_out = name in asked.unknown and asked.unknown[name] == "leave_out"
        return Answer(name, required, None, left_out=left_out)
    bound = required * whole
    return Answer(name, required, amount > bound if more else amount >= bound, amount, whole, counts=True)


def _yes(
    name: str, required: Number | str | bool, met: bool, text: str | bool | None = None, days: int | None = None
) -> Answer:
    return Answer(name, required, met, days, text=text)


def _cheap(account: Account, terms: Terms, asked: GateCriteria) -> Iterator[Answer]:
    """Yield every criterion but health: these change with few events."""
    since, seats = onboarded_days(account), account.fact("seats")
    active = account.active_month * 100 if seats else None
    yield _number("days_since_onboarding", asked.days_since_onboarding, since, asked, more=True)
    yield _number("core_features", asked.core_features, len(criteria.adopted(account, terms)), asked)
    if asked.core_departments is not None:
        yield _number("core_departments", asked.core_departments, len(criteria.departments(account, terms)), asked)
    yield _number("active_share_percent", asked.active_share_percent, active, asked, whole=seats or 1, more=True)
    trend = criteria.ticket_trend(account, terms)
    yield _yes("ticket_trend", " or ".join(asked.ticket_trend), trend in asked.ticket_trend, trend)
    yield _number("sentiment", asked.sentiment, health.sentiment(account, terms), asked)
    if asked.exec_sponsor:
        sponsor = bool(account.fact("exec_sponsor"))
        yield _yes("exec_sponsor", required=True, met=sponsor, text=sponsor)
    if asked.qbr_days is not None:
        held_ms, today = account.head.qbr_ms, account.head.today
        met = health.within(held_ms, today, asked.qbr_days)
        yield _yes("qbr_days", asked.qbr_days, met, days=today - day_of(held_ms) if held_ms >= 0 else None)


def answers(account: Account, terms: Terms) -> list[Answer]:
    """Return every criterion of the account's segment with its answer, health second."""
    asked = terms.gate(account)
    found = list(_cheap(account, terms, asked))
    score = health.score(account, terms)
    found.insert(1, _number("health_score", asked.health_score, score, asked))
    return found


def other_reasons(account: Account, terms: Terms, *, backfill: bool) -> Iterator[str]:
    """Yield what holds expansion besides the criteria."""
    holds = terms.playbook.holds
    left = days_to_renewal(account)
    if holds.contraction_risk and CONTRACTION_RISK in account.episodes:
        yield "contraction_risk"
    if left is not None and 1 <= left <= holds.renewal_quiet_days:
        renewed_ms, today = account.head.renewed_ms, account.head.today
        if not health.within(renewed_ms, today, holds.renewal_completed_days):
            yield "renewal_quiet"
    if holds.suspended and account.fact("status") == "suspended":
        yield "suspended"
    if account.fact("status") == "churned":
        yield "churned"
    if backfill:
        yield "backfill"


def is_shut(account: Account, terms: Terms) -> bool:
    """Tell whether anything but health, or the loading of history, holds expansion.

    A criterion in the way is cached until an event moves it.
    """
    cached = account.gate_cache
    if cached is None:
        first = criteria.in_the_way(account, terms)
        cached = account.gate_cache = () if first is None else (first,)
    return bool(cached) or next(other_reasons(account, terms, backfill=False), None) is not None


def health_asked(account: Account, terms: Terms) -> Fraction | None:
    """Return the health that the gate waits for; None when it waits for none."""
    asked = terms.gate(account)
    score = health.score(account, terms)
    if score is None:
        passes = asked.unknown.get("health_score") == "leave_out"
    else:
        passes = score.numerator >= asked.health_score * score.denominator
    return None if passes else Fraction(asked.health_score)


def is_open(account: Account, terms: Terms, *, backfill: bool) -> bool:
    """Tell whether nothing holds expansion; health is only computed when all else passes."""
    return not backfill and not is_shut(account, terms) and health_asked(account, terms) is None


def admits(account: Account, terms: Terms, kind: Kind, *, backfill: bool) -> bool:
    """Tell whether nothing holds a rule of some kind: what is no expansion is only held by the loading of history."""
    return is_open(account, terms, backfill=backfill) if kind == "expansion" else not backfill


def describe(account: Account, terms: Terms, *, backfill: bool, kind: Kind = "expansion") -> Gate:
    """Return the gate as the contract shows it: each criterion with what is required and what is.

    Only expansion is held because of it; the other kinds show it all the same.
    """
    now = account.now
    shown = None if now is None else now.gate
    if shown is None:
        shown = _described(account, terms)
        if now is not None:
            now.gate = shown
    because: tuple[str, ...] = ("backfill",) if backfill else ()
    if kind == "expansion":
        missing = (c.name for c in shown.criteria if c.met is not True and not c.left_out)
        because = (*missing, *other_reasons(account, terms, backfill=backfill))
    return Gate(shown.open, shown.readiness, shown.confidence, shown.criteria, because)


def _described(account: Account, terms: Terms) -> Gate:
    """Return the gate as it is shown, but for why it holds."""
    found = answers(account, terms)
    counted = known = over = 0
    under, is_open, shown = 1, True, list[Criterion]()
    for answer in found:
        known += answer.met is not None
        is_open = is_open and answer.passes
        before, said = account.at_hand.get(answer.name), answer.said
        if before is None or before[0] != said:  # most are the same for days
            before = account.at_hand[answer.name] = _told(answer, said, terms)
        if not answer.left_out:
            counted += 1
            part, whole = before[2], before[3]
            if part == whole:
                over += under
            else:
                over, under = over * whole + part * under, under * whole
        shown.append(before[1])
    readiness = 100 * over // (under * counted) if counted else 100
    return Gate(is_open, readiness, round(known / len(found), 4), tuple(shown))


def _told(answer: Answer, said: tuple[object, ...], terms: Terms) -> Any:
    """Return what a criterion says, as it is shown, and the share attained: the same for all accounts that say it."""
    known: dict[Any, Any] = terms.memo.setdefault(("criterion", answer.name), {})
    common = not isinstance(answer.amount, Fraction)
    found = known.get(said) if common else None
    if found is None:
        over, under = answer.attained
        found = said, _shown(answer, over / under), over, under
        if common:
            if len(known) >= MOST_TOLD:
                known.clear()
            known[said] = found
    return found


def shown_number(value: int | Fraction, bound: object = None) -> Number:
    """Return an exact value as people read it: whole, or with two decimals; with six where two would hide a bound."""
    if value.denominator == 1:
        return int(value)
    exact = value.numerator / value.denominator
    near = round(exact, 2)
    return round(exact, 6) if near == bound else near


def _shown(answer: Answer, attained: float) -> Criterion:
    actual = answer.actual
    return Criterion(
        name=answer.name,
        required=answer.required,
        actual=answer.text if actual is None else shown_number(actual, answer.required),
        met=answer.met,
        attainment=round(attained, 4),
        left_out=answer.left_out,
    )
