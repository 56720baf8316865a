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
ZERO = Fraction(0)
WHOLE = tuple(Fraction(points) for points in range(101))
Share = tuple[int, int]  # of whole numbers, the second above 0 and not reduced: reducing costs more than comparing


def _points(points: int) -> Fraction:
    """Return whole points, which are nearly always 0 to 100."""
    return WHOLE[points] if 0 <= points < len(WHOLE) else Fraction(points)


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


def usage_ratio(account: Account, terms: Terms) -> Share | None:
    """Return the mean over metrics of the window divided by the one before, where that one is above 0."""
    known, over, under = 0, 0, 1
    for metric in account.metrics.values():
        now, before = use_windows.health(account, metric, terms)
        if before > 0:
            over, under = over * before + now * under, under * before
            known += 1
    return (over, under * known) if known else None


def usage(account: Account, terms: Terms) -> Share | None:
    """Return the component of usage: active share and trend, each scaled up when the other has no data."""
    model = terms.playbook.health.usage
    over, under, most = 0, 1, 0
    if account.fact("seats"):
        active, full = active_share(account, terms)
        over, under, most = model.active_points * active, full, model.active_points
    ratio = usage_ratio(account, terms)
    if ratio is not None:
        come, whole = trend_share(ratio, terms)
        over = over * whole + model.trend_points * come * under
        under *= whole
        most += model.trend_points
    return (100 * over, under * most) if most else None


def active_share(account: Account, terms: Terms) -> Share:
    """Return how far the active share has come, 0 to 1; 0 without seats."""
    full = (account.fact("seats") or 0) * terms.playbook.health.usage.active_share_full_percent
    active = account.active_health * 100
    return (active, full) if active < full else (1, 1) if full else (0, 1)


def trend_share(ratio: Share, terms: Terms) -> Share:
    """Return how far the trend has come, 0 to 1."""
    model = terms.playbook.health.usage
    above = ratio[0] * 100 - model.trend_floor_percent * ratio[1]
    whole = model.trend_range_percent * ratio[1]
    return (above, whole) if 0 < above < whole else (0, 1) if above <= 0 else (1, 1)


def _engagement(account: Account, terms: Terms) -> Fraction | None:
    model, head = terms.playbook.health.engagement, account.head
    if head.qbr_ms < 0 and head.engagement_ms < 0:
        return None
    points = model.qbr_points if within(head.qbr_ms, head.today, model.qbr_days) else 0
    engaged = within(head.engagement_ms, head.today, model.engagement_days)
    return _points(points + (model.engagement_points if engaged else 0))


def _support(account: Account, terms: Terms) -> Fraction | None:
    if not account.head.support_known:
        return None
    model = terms.playbook.health.support
    open_now = sum(number for severity, number in account.open_tickets.items() if severity in model.severities)
    now, before = tickets(account, model.days)
    lost = model.open_ticket_points * open_now + model.more_ticket_points * max(0, now - before)
    return _points(max(0, 100 - lost))


def _sentiment(account: Account, terms: Terms) -> Fraction | None:
    score = sentiment(account, terms)
    if isinstance(score, int):
        return _points(score * 10)
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
    bonus = terms.playbook.health.outcomes.primary_outcome_points if account.head.primary_outcome else 0
    points = 100 * done + bonus * due
    return FULL if points >= 100 * due else Fraction(points, due)


def _stakeholders(account: Account, terms: Terms) -> Fraction | None:
    head, model = account.head, terms.playbook.health.stakeholders
    if not head.stakeholders_known:
        return None
    lost = model.champion_left_points if within(head.champion_left_ms, head.today, model.champion_left_days) else 0
    return _points(max(0, 100 - lost - (0 if account.fact("exec_sponsor") else model.no_sponsor_points)))


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
    found = {} if by_use is None else {"usage": Fraction(*by_use)}
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
    by_use = usage(account, terms)
    if by_use is not None:
        whole, over, under = weights["usage"], weights["usage"] * by_use[0], by_use[1]
    known, added, parts = _others(account, terms)
    whole += known
    return Fraction(over * parts + added * under, under * parts * whole) if whole else None


def _others(account: Account, terms: Terms) -> tuple[int, int, int]:
    """Return the weights of the other components that have data, and the sum of weight and value as a share."""
    weights, whole, over, under = terms.weights, 0, 0, 1
    for name, value in others(account, terms).items():
        weight, (amount, parts) = weights[name], value.as_integer_ratio()
        whole += weight
        if parts == under:
            over += weight * amount
        else:
            over, under = over * parts + weight * amount * under, under * parts
    return whole, over, under


def usage_for(account: Account, terms: Terms, wanted: Fraction) -> Share | None:
    """Return the points of usage that bring health to `wanted`; None when activity alone cannot.

    Activity moves no other component.
    """
    weights = terms.weights
    if account.fact("health_score") is not None or not weights["usage"]:
        return None
    known, over, under = _others(account, terms)
    (target, parts), weight = wanted.as_integer_ratio(), weights["usage"]
    missing, share = target * (known + weight) * under - over * parts, parts * under * weight
    return None if missing > 100 * share else (missing, share)


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
