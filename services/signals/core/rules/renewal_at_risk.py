"""The renewal is near, and the account is not healthy or shows signs of contraction.

Source: playbook section 7, definitions 18, 31 and 58.
"""

from collections.abc import Iterator
from fractions import Fraction

from services.signals.core import health, rooms
from services.signals.core.account import Account
from services.signals.core.derived import contracting
from services.signals.core.rules.movers import HEALTH
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow
from services.signals.core.terms import Terms, days_to_renewal
from shared.kernel.clock import iso_day
from shared.kernel.phrases import counted
from shared.kernel.quantities import MILLION

NAME = "renewal_at_risk"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: health below a line."""
    rule = terms.playbook.rules.renewal_at_risk
    return (Level(None, rule.health_score * MILLION, "<", rule.margin_points * MILLION),)


def _is_near(account: Account, terms: Terms) -> bool:
    rule, left = terms.playbook.rules.renewal_at_risk, days_to_renewal(account)
    if left is None or not rule.from_days <= left <= rule.to_days:
        return False
    return not health.within(account.head.renewed_ms, account.head.today, terms.playbook.holds.renewal_completed_days)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield health while the renewal is near; 0 as soon as the contraction score is too high, whatever health is."""
    if not _is_near(account, terms):
        return
    if len(contracting(account, terms)) >= terms.playbook.rules.renewal_at_risk.contraction_score:
        yield Measure(None, None, 0, 1, None)
        return
    score = health.score(account, terms)
    if score is not None:
        yield Measure(None, None, score.numerator, score.denominator, None)


def tell(account: Account, terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell the date, the days to it, and what puts the renewal at risk."""
    left, rules, score = days_to_renewal(account) or 0, contracting(account, terms), health.score(account, terms)
    renews_on, shown = iso_day(account.head.today + left), None if score is None else round(float(score), 2)
    numbers: Numbers = {"renews_on": renews_on, "days_to_renewal": left, "health": shown, "contraction": list(rules)}
    what = f"health {measure.amount / measure.whole:.4g}"
    if len(rules) >= terms.playbook.rules.renewal_at_risk.contraction_score:
        what = f"signs of contraction ({', '.join(rules)}), which count as health 0"
    return numbers, f"renewal on {renews_on}, in {counted(left, 'day')}, with {what}"


def watch(account: Account, terms: Terms) -> None:
    """Note which late activity may lower health, while it decides."""
    if _is_near(account, terms) and rooms.low(account, terms, NAME):
        rooms.recover(account, terms, Fraction(terms.playbook.rules.renewal_at_risk.health_score))


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    watch,
    "points",
    tell=tell,
    moved_by=HEALTH,
    derived=True,
    single=True,
    unmeasured="no renewal near, or no health",
    example="renewal on 2026-04-20, in 45 days, with health 62.5 (< 75)",
    tuning="""
    `from_days` to `to_days` before `renews_on`, both included; health below `health_score`, or a contraction score of
    `contraction_score`, whichever comes first. The score counts even while the rule `contraction_risk` is off.
    """,
)
