"""Health 0-100: six components, each left out when it has no data; exact rationals until shown.

Source: playbook section 5, definitions 14, 26 and 27.
"""

from fractions import Fraction

from services.signals.core import use_windows
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


def usage_trend(account: Account, terms: Terms) -> Fraction | None:
    """Return the mean over metrics of the window divided by the one before, where that one is above 0."""
    known, over, under = 0, 0, 1  # one fraction, reduced once: each one costs
    for metric in account.metrics.values():
        now, before = use_windows.health(account, metric, terms)
        if before > 0:
            over, under = over * before + now * under, under * before
            known += 1
    return Fraction(over, under * known) if known else None


def usage(account: Account, terms: Terms) -> Fraction | None:
    """Return the component of usage: active share and trend, each scaled up when the other has no data."""
    model = terms.playbook.health.usage
    over, under, most = 0, 1, 0
    if account.fact("seats"):
        share = active_share(account, terms)
        over, under, most = model.active_points * share.numerator, share.denominator, model.active_points
    trend = usage_trend(account, terms)
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
    open_now = sum(number for severity, number in account.open_tickets.items() if severity in model.severities)
    now, before = tickets(account, model.days)
    lost = model.open_ticket_points * open_now + model.more_ticket_points * max(0, now - before)
    return Fraction(max(0, 100 - lost))


def _sentiment(account: Account, terms: Terms) -> Fraction | None:
    score = sentiment(account, terms)
    return None if score is None else Fraction(score) * 10


def _outcomes(account: Account, terms: Terms) -> Fraction | None:
    since, reached = onboarded_days(account), account.head.milestones
    rows = terms.playbook.milestones.get(terms.segment(account), ())
    due = done = 0
    for row in rows:
        if since is not None and since >= row.due_days:
            due += 1
            done += row.name in reached
    if not due and not account.head.primary_outcome:
        return None
    share = Fraction(100 * done, due) if due else FULL
    bonus = terms.playbook.health.outcomes.primary_outcome_points if account.head.primary_outcome else 0
    return min(FULL, share + bonus)


def _stakeholders(account: Account, terms: Terms) -> Fraction | None:
    head, model = account.head, terms.playbook.health.stakeholders
    if not head.stakeholders_known:
        return None
    lost = model.champion_left_points if within(head.champion_left_ms, head.today, model.champion_left_days) else 0
    return Fraction(max(0, 100 - lost - (0 if account.fact("exec_sponsor") else model.no_sponsor_points)))


OTHERS = {
    "engagement": _engagement,
    "support": _support,
    "sentiment": _sentiment,
    "outcomes": _outcomes,
    "stakeholders": _stakeholders,
}


def components(account: Account, terms: Terms) -> dict[str, Fraction]:
    """Return the components that have data, each 0-100, usage first."""
    now = account.now
    if now is not None and now.parts is not None:
        return now.parts
    by_use = usage(account, terms)
    found = {} if by_use is None else {"usage": by_use}
    found.update(others(account, terms))
    if now is not None:
        now.parts = found
    return found


def others(account: Account, terms: Terms) -> dict[str, Fraction]:
    """Return the components that activity does not move."""
    known, found = account.parts, dict[str, Fraction]()
    for name, compute in OTHERS.items():
        if name not in known:
            known[name] = compute(account, terms)
        value = known[name]
        if value is not None:
            found[name] = value
    return found


def score(account: Account, terms: Terms) -> Fraction | None:
    """Return the account's health, exact: the given score, else the weighted mean of what is known."""
    now = account.now
    if now is None:
        return _score(account, terms)
    if now.score is None:
        now.score = (_score(account, terms),)
    return now.score[0]


def _score(account: Account, terms: Terms) -> Fraction | None:
    given = account.fact("health_score")
    if given is not None:
        return max(ZERO, min(FULL, Fraction(given)))
    weights, whole, over, under = terms.weights, 0, 0, 1
    for name, value in components(account, terms).items():
        weight, amount, parts = weights[name], value.numerator, value.denominator
        whole += weight
        over = over * parts + weight * amount * under
        under *= parts
    return Fraction(over, under * whole) if whole else None


def usage_for(account: Account, terms: Terms, wanted: Fraction) -> Fraction | None:
    """Return the points of usage that bring health to `wanted`; None when activity alone cannot.

    Activity moves no other component.
    """
    weights = terms.weights
    if account.fact("health_score") is not None or not weights["usage"]:
        return None
    known, whole = ZERO, weights["usage"]
    for name, value in others(account, terms).items():
        whole += weights[name]
        known += weights[name] * value
    needed = (wanted * whole - known) / weights["usage"]
    return None if needed > FULL else needed


def describe(account: Account, terms: Terms) -> Health:
    """Return health as the contract shows it, rounded to two decimals."""
    now = account.now
    if now is not None and now.health is not None:
        return now.health
    exact, parts = score(account, terms), components(account, terms)
    shown = Health(
        score=None if exact is None else rounded(exact),
        components={name: rounded(value) for name, value in parts.items()},
        overridden=account.fact("health_score") is not None,
    )
    if now is not None:
        now.health = shown
    return shown


def rounded(value: Fraction) -> float:
    """Return a value with two decimals, as people read it."""
    return round(value.numerator / value.denominator, 2)
