"""What to do about a trigger, who owns it, and what it may be worth a year.

Source: playbook sections 6 (estimated ACV) and 8, definition 64.
"""

from fractions import Fraction

from services.signals.core.account import Account
from services.signals.core.rules.row import Level, Measure, RuleRow
from services.signals.core.terms import Terms, annual_value
from shared.kernel.clock import DAY_MS, date_from_day, day_of
from shared.kernel.playbook import Play
from shared.kernel.triggers import EstimatedAcv, Number, Recommendation

FRIDAY = 4


def play_of(terms: Terms, rule: str) -> tuple[str, Play]:
    """Return the play of a rule, with its name."""
    name: str = getattr(terms.playbook.rules, rule).play
    return name, terms.playbook.plays[name]


def recommend(
    account: Account, terms: Terms, row: RuleRow, level: Level | None, worth: EstimatedAcv | None, at_ms: int
) -> Recommendation:
    """Return play, motion, owner, channels and due date by segment, level and estimated value."""
    name, play = play_of(terms, row.name)
    segment = terms.segment(account)
    motion = terms.playbook.routing[segment]
    response = level.response if level is not None and level.response else play.response
    return Recommendation(
        play=name,
        motion=motion.motion,
        owner_role=_owner(terms, play, segment, worth),
        channels=tuple(play.channels.get(segment, motion.channels)),
        response=response,
        response_due=due_ms(at_ms, play),
    )


def _owner(terms: Terms, play: Play, segment: str, worth: EstimatedAcv | None) -> str:
    ownership = terms.playbook.ownership
    if segment in ownership.pooled_segments:
        return "pool"
    bound = ownership.cs_below.get(play.deal)
    if bound is None:
        return "csm"
    amount = Fraction(str(worth.amount)) if worth is not None else Fraction(0)
    return "csm" if amount < Fraction(str(bound)) else "ae"


def due_ms(at_ms: int, play: Play) -> int:
    """Return when a response is due. Business days skip weekends, in UTC; holidays are the pipeline's to know."""
    if play.response_due_in == "days":
        return at_ms + play.response_due_days * DAY_MS
    left, due = play.response_due_days, at_ms
    while left:
        due += DAY_MS
        left -= date_from_day(day_of(due)).weekday() <= FRIDAY
    return due


def estimate(account: Account, terms: Terms, rule: str, measure: Measure | None) -> EstimatedAcv | None:
    """Return what the trigger's play may be worth a year, with its basis; None when nothing is known."""
    _, play = play_of(terms, rule)
    found = None
    if play.deal == "tier":
        found = _tier(account, terms)
    elif play.deal == "seats":
        found = _seats(account, terms)
    elif play.deal == "usage" and measure is not None:
        found = _usage(account, terms, measure)
    currency = account.fact("currency") or terms.playbook.currency
    if found is not None:
        return EstimatedAcv(_amount(found[0]), currency, found[1])
    guess = _guess(account, terms)
    return None if guess is None else EstimatedAcv(_amount(guess[0]), currency, guess[1])


def _amount(value: Fraction) -> Number:
    return int(value) if value.denominator == 1 else round(float(value), 2)


def _tier(account: Account, terms: Terms) -> tuple[Fraction, str] | None:
    plans = terms.playbook.plans
    plan = plans.get(account.fact("plan") or "")
    if plan is None or plan.next is None:
        return None
    more = Fraction(str(plans[plan.next].price)) - Fraction(str(plan.price))
    return max(Fraction(0), more * terms.playbook.estimates.months), f"tier: {account.fact('plan')} to {plan.next}"


def _seats(account: Account, terms: Terms) -> tuple[Fraction, str] | None:
    plan, seats = terms.playbook.plans.get(account.fact("plan") or ""), account.fact("seats")
    if plan is None or not seats or not plan.seat_price:
        return None
    model = terms.playbook.estimates
    tenth = -(-seats * model.seats_percent // 100)
    wanted = max(tenth, -(-account.active_month * 100 // model.seats_target_percent) - seats)
    return wanted * Fraction(str(plan.seat_price)) * model.months, f"seats: {wanted} more"


def _usage(account: Account, terms: Terms, measure: Measure) -> tuple[Fraction, str] | None:
    plan = terms.playbook.plans.get(account.fact("plan") or "")
    price = None if plan is None else plan.unit_prices.get(measure.scope or "")
    begin, following = account.period
    limit = account.limits.get(measure.scope or "")
    if not price or limit is None or measure.scope in account.head.gauges:
        return None
    used = Fraction(measure.amount, 100 * 1_000_000)
    projected = used * (following - begin) / (account.head.today - begin + 1)
    over = max(Fraction(0), projected - Fraction(limit, 1_000_000))
    months = 1 if plan is not None and plan.annual else terms.playbook.estimates.months
    return over * Fraction(str(price)) * months, f"usage: {measure.scope} projected to the period's end"


def _guess(account: Account, terms: Terms) -> tuple[Fraction, str] | None:
    arr = annual_value(account)
    if arr is None:
        return None
    model = terms.playbook.estimates
    percent = model.guess_percent_by_segment.get(terms.segment(account), model.guess_percent)
    return arr * percent / 100, f"guess: {percent} % of ARR"
