"""The flood on the shortest way: the next events of an account at once, as long as no rule has to be looked at.

`Partition.fold_event` is the clear way and says what must come out; what is not usual goes there, event by event, and a
test holds both to the same pages and the same outputs. An event is *quiet* when it is of the flood, lies on the
account's today, was never seen, brings no sum to where a rule watches it, and comes of no user who may change an
answer: that is judged before it changes anything. What is commonest has a loop of its own in `quiet_uses`.
Source: design (throughput), definition 37.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any

from services.signals.core import use_costs
from services.signals.core.account import Account
from services.signals.core.partition import Partition
from services.signals.core.quiet_stretch import Stretch
from services.signals.core.quiet_users import act, adopts, is_quiet
from services.signals.core.quiet_uses import fold_uses, use_quietly
from services.signals.core.state import Metric
from services.signals.core.terms import Terms
from services.signals.core.users import core_used, find, known
from shared.kernel.events.envelope import Event, Quantity
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.events.session_started import SessionStarted
from shared.kernel.events.usage_recorded import UsageRecorded
from shared.kernel.quantities import MILLION

Fold = Callable[[Stretch, Any], bool]
MOST = 256  # events at once: what is prepared in vain, because one of the first is not quiet, stays bounded


def fold_quiet(state: Partition, account: Account, events: list[Event], begin: int, offset: int) -> int:
    """Fold the quiet events from `begin` on, of many only the first; return the number of the first that is not.

    The account is to be stamped with `offset` at the end of the unit. Errors: after any the account is half-changed.
    """
    if account.unsettled or (account.held and account.gate_cache is None and not state.backfill):
        return begin
    head, ticked_at = account.head, state.meta.ticked_at
    most = min(MOST, account.watch_acts - head.standing.acts_today - 1)
    if most <= 0:
        return begin
    stretch = Stretch(account, state.terms, events[begin : begin + most], ticked_at)
    ids = [event.id for event in stretch.events]
    del stretch.events[account.recent.unseen(stretch.source, ids) :]
    uses, done = _fold(stretch, state.terms.problems.types)
    if not done:
        return begin
    if account.at_record != offset:
        state.touch(account, offset)
    state.kinds[FeatureUsed] += uses
    for event in islice(stretch.events, uses, done):
        state.kinds[type(event)] += 1
    head.standing.acts_today += done
    head.clock_ms = stretch.clock if ticked_at <= head.clock_ms else max(head.clock_ms, _latest(stretch.events, done))
    account.recent.remember(stretch.source, ids[:done], stretch.clocks)
    return begin + done


def _latest(events: list[Any], number: int) -> int:
    latest: int = max(event.occurred_at for event in islice(events, number))
    return latest


def _fold(stretch: Stretch, counted: frozenset[type[Event]]) -> tuple[int, int]:
    """Fold the quiet events of a stretch; return how many alike ones it begins with, and how many they are in all.

    Of the types that are `counted` each event is held against what shows a problem: they are not quiet.
    """
    uses = fold_uses(stretch) if stretch.events and FeatureUsed not in counted else 0
    event: Any
    for event in islice(stretch.events, uses, None):
        kind, at_ms = type(event), event.occurred_at
        fold = None if kind in counted else QUIET.get(kind)
        if fold is None or event.source != stretch.source or event.properties.mentions_competitor:
            break
        if not stretch.first_ms <= at_ms < stretch.end_ms or not _fold_one(stretch, event, at_ms, fold):
            break
        stretch.clock = max(stretch.clock, at_ms)
        stretch.clocks.append(stretch.clock)
    return uses, len(stretch.clocks)


def _fold_one(stretch: Stretch, event: Event, at_ms: int, fold: Fold) -> bool:
    account, terms, user_id = stretch.account, stretch.terms, event.user_id
    if user_id is None:
        return fold(stretch, event)
    user = known(account, user_id)
    if user is None or not is_quiet(account, user, terms):
        return False
    feature = event.properties.feature if isinstance(event, FeatureUsed) else None
    core = feature if feature in terms.core else None
    if core is not None and account.held and adopts(account, user, core, terms):
        return False
    if not fold(stretch, event):
        return False
    find(account, user_id)  # its page is to be written
    act(account, user, at_ms, terms)
    if core is not None:
        core_used(account, user, core, at_ms, account.head.today, terms)
    return True


def _use(stretch: Stretch, event: FeatureUsed) -> bool:
    """Note the use of a feature, if it is quiet."""
    account, name, metric, quantity = stretch.account, event.properties.feature, None, event.properties.quantity
    if event.properties.metric is not None:
        metric = _metric_for(account, event.properties.metric, quantity, event.source)
        if metric is None:
            return False
    if name not in stretch.free and not use_quietly(stretch, name):
        return False
    account.head.use.times[name] += 1
    if metric is not None and event.properties.metric is not None:
        amount, fed = _add(account, metric, quantity), account.head.use.by_features
        fed[event.properties.metric] = fed.get(event.properties.metric, 0) + amount
    return True


def _recorded(stretch: Stretch, event: UsageRecorded) -> bool:
    """Add a quantity to a metric, if it is quiet."""
    account, given = stretch.account, event.properties
    metric = _metric_for(account, given.metric, given.quantity, event.source)
    if metric is None or (given.cost is not None and not metric.costly):
        return False
    amount = _add(account, metric, given.quantity)
    return not metric.costly or _costs_little(account, metric, event, amount, stretch.terms)


def _metric_for(account: Account, name: str, quantity: Quantity, source: str) -> Metric | None:
    """Return the metric, if a quantity of today brings it to nothing that is watched."""
    metric, today = account.metrics.get(name), account.head.today
    if metric is None or type(quantity) is not int or metric.total + quantity * MILLION >= metric.watch:
        return None
    return metric if today in metric.cells and metric.heard.get(source) == today else None


def _add(account: Account, metric: Metric, quantity: Any) -> int:
    amount: int = quantity * MILLION
    metric.cells[account.head.today] += amount
    metric.total += amount
    return amount


def _costs_little(account: Account, metric: Metric, event: UsageRecorded, amount: int, terms: Terms) -> bool:
    """Note a cost; if the rules must be looked at, put back what the event has added, and tell so."""
    given, today, costs = event.properties, account.head.today, account.head.use.costs
    before = costs.get(given.metric)
    if not use_costs.recorded(account, metric, given, today, terms):
        return True
    metric.total -= amount
    metric.cells[today] -= amount
    if before is not None:
        costs[given.metric] = before
    else:
        costs.pop(given.metric, None)
    return False


def _started(stretch: Stretch, _event: SessionStarted) -> bool:
    stretch.account.head.use.sessions += 1
    return True


QUIET: dict[type[Event], Fold] = {FeatureUsed: _use, UsageRecorded: _recorded, SessionStarted: _started}
