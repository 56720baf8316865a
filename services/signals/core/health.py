"""Health 0-100: six components, each left out when it has no data; exact rationals until shown.

Source: playbook section 5, definitions 14, 26 and 27.
"""

from fractions import Fraction

from services.signals.core.account import Account
from services.signals.core.terms import Terms, onboarded_days
from services.signals.core.windows import day_sum
from shared.kernel.clock import day_of
from shared.kernel.triggers import Health

FULL = Fraction(100)
ZERO, ONE = Fraction(0), Fraction(1)


def within(instant_ms: int, today: int, days: int) -> bool:
    """Tell whether an instant lies in the window of `days` that ends today; -1 is never."""
    return instant_ms >= 0 and today - day_of(instant_ms) < days


def sentiment(account: Account, terms: Terms) -> int | float | Fraction | None:
    """Return sentiment on NPS's scale: the latest NPS, else ten times the share of good CSAT."""
    if account.head.nps is not None:
        score: int | float = account.head.nps[0]
        return score
    first = account.head.today - terms.playbook.measures.csat_window_days
    rows = [row for day, row in account.head.csat.items() if day > first]
    answers = sum(row[0] for row in rows)
    return Fraction(10 * sum(row[1] for row in rows), answers) if answers else None


def tickets(account: Account, days: int) -> tuple[int, int]:
    """Return the tickets opened in the window and in the window before it."""
    opened, today = account.days.tickets_opened, account.head.today
    return day_sum(opened, today, days), day_sum(opened, today - days, days)


def usage_trend(account: Account, days: int) -> Fraction | None:
    """Return the mean over metrics of the window divided by the one before, where that one is above 0."""
    today, known, over, under = account.head.today, 0, 0, 1  # one fraction, reduced once: each one costs
    for metric in account.metrics.values():
        before = day_sum(metric.cells, today - days, days)
        if before > 0:
            over, under = over * before + day_sum(metric.cells, today, days) * under, under * before
            known += 1
    return Fraction(over, under * known) if known else None


def usage(account: Account, terms: Terms) -> Fraction | None:
    """Return the component of usage: active share and trend, each scaled up when the other has no data."""
    model = terms.playbook.health.usage
    over, under, most = 0, 1, 0
    if account.fact("seats"):
        share = active_share(account, terms)
        over, under, most = model.active_points * share.numerator, share.denominator, model.active_points
    trend = usage_trend(account, model.days)
    if trend is not None:
        share = trend_share(trend, terms)
        over = over * share.denominator + model.trend_points * share.numerator * under
        under *= share.denominator
        most += model.trend_points
    return Fraction(100 * over, under * most) if most else None


def active_share(account: Account, terms: Terms) -> Fraction:
    """Return how far the active share has come, 0 to 1; 0 without seats."""
    seats = account.fact("seats")
    full = (seats or 0) * terms.playbook.health.usage.active_share_full_percent
    return min(ONE, Fraction(account.active_health * 100, full)) if full else ZERO


def trend_share(trend: Fraction, terms: Terms) -> Fraction:
    """Return how far the trend has come, 0 to 1."""
    model = terms.playbook.health.usage
    above = trend.numerator * 100 - model.trend_floor_percent * trend.denominator
    whole = model.trend_range_percent * trend.denominator
    return Fraction(above, whole) if 0 < above < whole else ZERO if above <= 0 else ONE


def _engagement(account: Account, terms: Terms) -> Fraction | None:
    model, head = terms.playbook.health.engagement, account.head
    if head.qbr_ms < 0 and head.engagement_ms < 0:
        return None
    points = model.qbr_points if within(head.qbr_ms, head.today, model.qbr_days) else 0
    engaged = within(head.engagement_ms, head.today, model.engagement_days)
    return Fraction(points + (model.engagement_points if engaged else 0))


def _support(account: Account, terms: Terms) -> Fraction | None:
    if not account.head.support_known:
        return None
    model = terms.playbook.health.support
    open_now = sum(
        opened is not None and (resolved is None or opened > resolved) and severity in model.severities
        for opened, resolved, severity in account.days.tickets.values()
    )
    now, before = tickets(account, model.days)
    lost = model.open_ticket_points * open_now + model.more_ticket_points * max(0, now - before)
    return Fraction(max(0, 100 - lost))


def _sentiment(account: Account, terms: Terms) -> Fraction | None:
    score = sentiment(account, terms)
    return None if score is None else Fraction(score) * 10


def _outcomes(account: Account, terms: Terms) -> Fraction | None:
    since, reached = onboarded_days(account), account.head.milestones
    rows = terms.playbook.milestones.get(terms.segment(account), ())
    due = [row.name for row in rows if since is not None and since >= row.due_days]
    if not due and not account.head.primary_outcome:
        return None
    share = Fraction(100 * sum(name in reached for name in due), len(due)) if due else FULL
    bonus = terms.playbook.health.outcomes.primary_outcome_points if account.head.primary_outcome else 0
    return min(FULL, share + bonus)


def _stakeholders(account: Account, terms: Terms) -> Fraction | None:
    head, model = account.head, terms.playbook.health.stakeholders
    if not head.stakeholders_known:
        return None
    lost = model.champion_left_points if within(head.champion_left_ms, head.today, model.champion_left_days) else 0
    return Fraction(max(0, 100 - lost - (0 if account.fact("exec_sponsor") else model.no_sponsor_points)))


COMPONENTS = {
    "usage": usage,
    "engagement": _engagement,
    "support": _support,
    "sentiment": _sentiment,
    "outcomes": _outcomes,
    "stakeholders": _stakeholders,
}


def components(account: Account, terms: Terms) -> dict[str, Fraction]:
    """Return the components that have data, each 0-100."""
    found = {name: compute(account, terms) for name, compute in COMPONENTS.items()}
    return {name: value for name, value in found.items() if value is not None}


def score(account: Account, terms: Terms, parts: dict[str, Fraction] | None = None) -> Fraction | None:
    """Return the account's health, exact: the given score, else the weighted mean of what is known.

    During a look it is computed once.
    """
    if account.health_now:
        return account.health_now[0]
    exact = _score(account, terms, parts)
    if account.health_now is not None:
        account.health_now = (exact,)
    return exact


def _score(account: Account, terms: Terms, parts: dict[str, Fraction] | None) -> Fraction | None:
    given = account.fact("health_score")
    if given is not None:
        return max(ZERO, min(FULL, Fraction(given)))
    parts = components(account, terms) if parts is None else parts
    weights = {name: getattr(terms.playbook.health.weights, name) for name in parts}
    whole, over, under = sum(weights.values()), 0, 1
    for name, value in parts.items():
        over = over * value.denominator + weights[name] * value.numerator * under
        under *= value.denominator
    return Fraction(over, under * whole) if whole else None


def usage_for(account: Account, terms: Terms, wanted: Fraction) -> Fraction | None:
    """Return the points of usage that bring health to `wanted`; None when activity alone cannot.

    Activity moves no other component.
    """
    weights = terms.playbook.health.weights
    if account.fact("health_score") is not None or not weights.usage:
        return None
    others = {name: value for name, value in components(account, terms).items() if name != "usage"}
    whole = weights.usage + sum(getattr(weights, name) for name in others)
    known = sum((getattr(weights, name) * value for name, value in others.items()), ZERO)
    needed = (wanted * whole - known) / weights.usage
    return None if needed > FULL else needed


def describe(account: Account, terms: Terms) -> Health:
    """Return health as the contract shows it, rounded to two decimals."""
    parts = components(account, terms)
    exact = score(account, terms, parts)
    return Health(
        score=None if exact is None else round(float(exact), 2),
        components={name: round(float(value), 2) for name, value in parts.items()},
        overridden=account.fact("health_score") is not None,
    )
