"""What to do about a trigger, who owns it, and what it may be worth a year.

Source: playbook sections 6 (estimated ACV) and 8, definition 64.
"""

from fractions import Fraction

from services.signals.core import handoff
from services.signals.core.account import Account
from services.signals.core.rules.row import Level, RuleRow
from services.signals.core.terms import Terms
from shared.kernel.clock import DAY_MS, date_from_day, day_of
from shared.kernel.playbook import Addon, Play, Product
from shared.kernel.quantities import MILLION
from shared.kernel.triggers import EstimatedAcv, Recommendation, ScopeType

FRIDAY = 4
MONTHS = 12
CSM, AE, POOL = "csm", "ae", "pool"
Scope = tuple[ScopeType | None, str | None]
Worth = tuple[int, int, str]  # an amount, as a share of whole numbers, and its basis


def play_of(terms: Terms, rule: str) -> tuple[str, Play]:
    """Return the play of a rule, with its name."""
    name: str = getattr(terms.playbook.rules, rule).play
    return name, terms.playbook.plays[name]


def offered(terms: Terms, scope: Scope) -> Product | Addon | None:
    """Return the product or add-on that a trigger is about; None for any other scope."""
    kind, name = scope
    if kind == "product":
        return terms.playbook.products.get(name or "")
    return terms.playbook.addons.get(name or "") if kind == "addon" else None


def recommend(
    account: Account,
    terms: Terms,
    row: RuleRow,
    level: Level | None,
    worth: EstimatedAcv | None,
    at_ms: int,
    scope: Scope = (None, None),
) -> Recommendation:
    """Return play, motion, owner, channels and due date by segment, level and estimated value."""
    name, play = play_of(terms, row.name)
    segment = terms.segment(account)
    motion = terms.playbook.routing[segment]
    response = level.response if level is not None and level.response else play.response
    offer = offered(terms, scope)
    owner = _owner(terms, row, play, segment, worth, offer)
    return Recommendation(
        play=name,
        motion=motion.motion,
        owner_role=owner,
        channels=tuple(play.channels.get(segment, motion.channels)),
        response=response,
        response_due=due_ms(at_ms, play),
        bridge=None if offer is None else offer.bridge,
        handoff=handoff.brief(account, terms) if owner == AE and row.kind == "expansion" else None,
    )


def _owner(
    terms: Terms,
    row: RuleRow,
    play: Play,
    segment: str,
    worth: EstimatedAcv | None,
    offer: Product | Addon | None,
) -> str:
    """Return who owns it: of a deal by its kind and size, of an add-on and of a task whoever the playbook names."""
    ownership = terms.playbook.ownership
    if row.kind != "expansion":
        return POOL if segment in ownership.pooled_segments and play.owner_role in {CSM, AE} else play.owner_role
    if segment in ownership.pooled_segments:
        return POOL
    return offer.conversation_owner if isinstance(offer, Addon) else _owner_by_size(terms, play, worth)


def _owner_by_size(terms: Terms, play: Play, worth: EstimatedAcv | None) -> str:
    ownership = terms.playbook.ownership
    bound = ownership.cs_below.get(play.deal)
    if bound is None:
        return CSM
    if bound == 0:
        return AE
    if worth is None or worth.currency != terms.playbook.currency:
        return CSM  # an amount that cannot be compared is no reason to hand over
    return CSM if worth.amount < bound else AE  # as exact as their decimals: doubles lie in the order of these


def due_ms(at_ms: int, play: Play) -> int:
    """Return when a response is due. Business days skip weekends, in UTC; holidays are the pipeline's to know."""
    if play.response_due_in == "days":
        return at_ms + play.response_due_days * DAY_MS
    left, due = play.response_due_days, at_ms
    while left:
        due += DAY_MS
        left -= date_from_day(day_of(due)).weekday() <= FRIDAY
    return due


def estimate(account: Account, terms: Terms, rule: str, scope: Scope) -> EstimatedAcv | None:
    """Return what the trigger's play may be worth a year, with its basis; None when nothing is known."""
    _, play = play_of(terms, rule)
    kind, _name = scope
    of_scope = kind in {"product", "addon"} or (kind == "metric" and play.deal == "usage")
    about = play.deal, *(scope if of_scope else (None, None))
    known = {} if account.now is None else account.now.worths
    if about not in known:
        known[about] = _estimate(account, terms, play, scope)
    return known[about]


def _estimate(account: Account, terms: Terms, play: Play, scope: Scope) -> EstimatedAcv | None:
    kind, name = scope
    offer = offered(terms, scope)
    found = None
    if offer is not None:
        what = "cross-sell" if kind == "product" else "add-on"
        price, parts = _price(terms, offer.price)
        found = price * terms.playbook.estimates.months, parts, f"{what}: {name}"
    elif play.deal == "tier":
        found = _tier(account, terms)
    elif play.deal == "seats":
        found = _seats(account, terms)
    elif play.deal == "usage" and kind == "metric":
        found = _usage(account, terms, name or "")
    if found is not None:
        return _worth(found, terms.playbook.currency)
    guess = _guess(account, terms)
    return None if guess is None else _worth(guess, account.fact("currency") or terms.playbook.currency)


def _price(terms: Terms, price: float) -> tuple[int, int]:
    """Return a price of the playbook, exact as it is written, as a share of whole numbers."""
    key = ("price", str(price))
    found: tuple[int, int] | None = terms.memo.get(key)
    if found is None:
        found = terms.memo[key] = Fraction(key[1]).as_integer_ratio()
    return found


def _worth(found: Worth, currency: str) -> EstimatedAcv:
    over, under, basis = found
    return EstimatedAcv(round(over / under, 2) if over % under else over // under, currency, basis)


def _tier(account: Account, terms: Terms) -> Worth | None:
    plans = terms.playbook.plans
    plan = plans.get(account.fact("plan") or "")
    if plan is None or plan.next is None:
        return None
    (higher, parts), (price, own) = _price(terms, plans[plan.next].price), _price(terms, plan.price)
    more = (higher * own - price * parts) * terms.playbook.estimates.months
    return max(0, more), parts * own, f"tier: {account.fact('plan')} to {plan.next}"


def _seats(account: Account, terms: Terms) -> Worth | None:
    plan, seats = terms.playbook.plans.get(account.fact("plan") or ""), account.fact("seats")
    if plan is None or not seats or not plan.seat_price:
        return None
    model, (price, parts) = terms.playbook.estimates, _price(terms, plan.seat_price)
    tenth = -(-seats * model.seats_percent // 100)
    wanted = max(tenth, -(-account.active_month * 100 // model.seats_target_percent) - seats)
    return wanted * price * model.months, parts, f"seats: {wanted} more"


def _usage(account: Account, terms: Terms, metric: str) -> Worth | None:
    """Return what use beyond the limit would cost a year, were it to go on like this to the period's end."""
    plan = terms.playbook.plans.get(account.fact("plan") or "")
    price = None if plan is None else plan.unit_prices.get(metric)
    summed, limit = account.metrics.get(metric), account.limits.get(metric)
    if plan is None or not price or limit is None or summed is None or metric in account.head.gauges:
        return None
    begin, following = account.period
    days = account.head.today - begin + 1
    over, (each, parts) = max(0, summed.total * (following - begin) - limit * days), _price(terms, price)
    months = 1 if plan.annual else terms.playbook.estimates.months
    return over * each * months, MILLION * days * parts, f"usage: {metric} projected to the period's end"


def _guess(account: Account, terms: Terms) -> Worth | None:
    mrr = account.fact("mrr")
    if mrr is None:
        return None
    model = terms.playbook.estimates
    percent = model.guess_percent_by_segment.get(terms.segment(account), model.guess_percent)
    return MONTHS * mrr * percent, 100 * MILLION, f"guess: {percent} % of ARR"
