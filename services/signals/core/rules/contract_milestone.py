"""The renewal is in sight and the account is healthy: time for a strategic review, before the quiet days begin.

Source: playbook section 6, definitions 31, 35 and 58.
"""

from collections.abc import Iterator
from fractions import Fraction

from services.signals.core import health, rooms
from services.signals.core.account import Account
from services.signals.core.rules.movers import HEALTH
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow
from services.signals.core.terms import Terms, days_to_renewal
from shared.kernel.clock import iso_day
from shared.kernel.phrases import counted
from shared.kernel.quantities import MILLION

NAME = "contract_milestone"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: green health."""
    green = terms.playbook.health.green
    return (Level(None, green * MILLION, ">=", terms.playbook.rules.contract_milestone.margin_points * MILLION),)


def _days_left(account: Account, terms: Terms) -> int | None:
    """Return the days to a renewal in sight that has not been completed already, None outside of it."""
    rule, left = terms.playbook.rules.contract_milestone, days_to_renewal(account)
    if left is None or not rule.from_days <= left <= rule.to_days:
        return None
    renewed = health.within(account.head.renewed_ms, account.head.today, terms.playbook.holds.renewal_completed_days)
    return None if renewed else left


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield health while the renewal is in sight."""
    left = _days_left(account, terms)
    score = None if left is None else health.score(account, terms)
    if score is not None:
        yield Measure(None, None, score.numerator, score.denominator, None)


def tell(account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell the date, the days to it, and health."""
    left, shown = days_to_renewal(account) or 0, measure.amount / measure.whole
    renews_on = iso_day(account.head.today + left)
    numbers: Numbers = {"renews_on": renews_on, "days_to_renewal": left, "health": round(shown, 2)}
    return numbers, f"renewal on {renews_on}, in {counted(left, 'day')}, with health {shown:.4g}"


def watch(account: Account, terms: Terms) -> None:
    """Note that health may become green."""
    if terms.enabled(NAME) and (NAME, None, None) not in account.episodes and _days_left(account, terms) is not None:
        rooms.rise(account, terms, Fraction(terms.playbook.health.green))


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    watch,
    "points",
    tell=tell,
    moved_by=HEALTH,
    watches="health",
    single=True,
    unmeasured="no renewal in sight, or no health",
    example="renewal on 2026-04-20, in 45 days, with health 90 (≥ 75)",
    tuning="""
    `from_days` to `to_days` before `renews_on`, both included, with health from `health.green` on. A
    `renewal.completed` ends it. Expansion is quiet in the last `holds.renewal_quiet_days` before a renewal, so leave
    `from_days` above that.
    """,
)
