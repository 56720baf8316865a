"""The seats fill up: active users of a week, or assigned seats, as share of the seats bought.

Source: playbook section 6, definitions 2, 13 and 50.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.rules.movers import FLOOD
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow
from services.signals.core.terms import Terms
from shared.kernel.events.user_provisioned import UserProvisioned
from shared.kernel.quantities import MILLION

NAME = "seat_saturation"
ACTIVE, ASSIGNED = "active", "assigned"


def _level(percent: int, comparison: str, margin: int) -> Level:
    return Level(None, percent * MILLION, ">" if comparison == ">" else ">=", margin)


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level of the scope `active`; that of `assigned` is in `scope_levels`."""
    rule = terms.playbook.rules.seat_saturation
    return (_level(rule.active_percent, ">", rule.margin_points * MILLION),)


def scope_levels(terms: Terms, scope: str | None) -> tuple[Level, ...]:
    """Return the level of a scope: active users must exceed their share, assigned seats reach theirs."""
    rule = terms.playbook.rules.seat_saturation
    if scope == ACTIVE:
        return levels(terms)
    return (_level(rule.assigned_percent, ">=", rule.margin_points * MILLION),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield both scopes; without seats there is no share, and nothing is assigned before somebody was provisioned."""
    seats = account.fact("seats")
    if not seats:
        return
    yield Measure(ACTIVE, "seats", account.active_rule * 100, seats, terms.active_days)
    if account.head.provisioned_known:
        yield Measure(ASSIGNED, "seats", account.assigned * 100, seats, None)


def is_filled(account: Account, terms: Terms) -> bool:
    """Tell whether so many seats are given away that the rule is to be looked at."""
    seats = account.fact("seats") or 0
    return account.assigned * 100 >= terms.playbook.rules.seat_saturation.assigned_percent * seats > 0


def tell(_account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell users and seats."""
    users, seats, days = measure.amount // 100, measure.whole, measure.window_days
    if measure.scope == ACTIVE:
        numbers: Numbers = {"active_users": users, "seats": seats, "days": days}
        return numbers, f"{users} of {seats} seats active in {days} days"
    return {"assigned_users": users, "seats": seats}, f"{users} of {seats} seats assigned"


def watch(account: Account, terms: Terms) -> None:
    """Note the number of active users at which the rule fires."""
    seats = account.fact("seats")
    if seats and terms.enabled(NAME) and (NAME, ACTIVE, None) not in account.episodes:
        reached = seats * terms.playbook.rules.seat_saturation.active_percent // 100 + 1
        account.watch_active = min(account.watch_active, reached)


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    watch,
    "percent",
    scope_levels,
    only_falls=True,
    tell=tell,
    moved_by=FLOOD | {UserProvisioned},
    unmeasured="no seats",
    example="26 of 28 seats active in 7 days = 92.86 % (> 90 %)",
    tuning="""
    `active_percent` and `active_days` for users who act, `assigned_percent` for seats given away; both may fire and
    join one lead. Where seats are not what is sold, switch it off. An account without `seats` is never measured.
    """,
)
