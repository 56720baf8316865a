"""What the events of the flood do to an account: use, sessions, quantities. Everything else is in `fold`.

Nearly all events are of these three types, so what is usual comes first here, and is written out where a call would
cost as much as what it does. A handler gets the event's day, and returns whether the rules must be looked at. None of
them drops the gate's cache but for what it has changed. Source: playbook section 2, definitions 2, 12, 25 and 75.
"""

from collections.abc import Callable
from typing import Any

from services.signals.core import names, sharing, standing, use, use_costs, use_problems, use_sources, users
from services.signals.core.account import Account
from services.signals.core.feature_days import days_used, note_use
from services.signals.core.terms import Terms
from services.signals.core.use_days import UseDays
from services.signals.core.use_sums import Metric
from shared.kernel.events import feature_used, session_started, usage_recorded
from shared.kernel.events.envelope import Event, Properties, Quantity
from shared.kernel.quantities import MILLION, millionths

Handler = Callable[[Account, Any, int, int, Terms], bool]


def _add_usage(account: Account, name: str, quantity: Quantity, day: int, source: str) -> bool:
    """Add a quantity to a metric's day; tell whether a rule may have been reached. One of too many is not taken."""
    amount = quantity * MILLION if type(quantity) is int else millionths(quantity)
    metric = account.metrics.get(name)
    if metric is None:
        if not names.takes_metric(account, account.metrics, names.MOST_METRICS, name):
            return False
        metric = account.metrics[sharing.word(name)] = Metric({})
    cells = metric.cells
    if day in cells:
        cells[day] += amount
    else:
        cells[sharing.number(day)] = amount
        if day < metric.first_day:
            metric.first_day = day
    if metric.heard.get(source) != day:
        use_sources.heard(account, name, metric, source, day)
    if day != account.head.today:
        account.days_dirty = True
        metric.windows = metric.compared = None
        late = day <= account.watch_late
        begin, following = account.period
        if not begin <= day < following:
            metric.watch -= amount  # windows of days have grown, the period has not
            return late or metric.total >= metric.watch
        metric.total += amount
        return late or metric.total >= metric.watch
    total = metric.total = metric.total + amount
    return total >= metric.watch


def _happened(account: Account, given: Properties, day: int, terms: Terms) -> bool:
    """Count the event as an act, and as a mention when it is one; tell whether a rule may have been reached."""
    look = standing.acted(account, day, terms)
    return standing.mentioned(account, day) if given.mentions_competitor else look


def _usage_recorded(account: Account, event: usage_recorded.UsageRecorded, at_ms: int, day: int, terms: Terms) -> bool:
    given, user_id = event.properties, event.user_id
    look = _add_usage(account, given.metric, given.quantity, day, event.source)
    metric = account.metrics.get(given.metric)
    if metric is not None and (metric.costly or given.cost is not None):
        look = use_costs.recorded(account, metric, given, day, terms) or look
    if _happened(account, given, day, terms):
        look = True
    if user_id is not None and users.active(account, users.find(account, user_id), at_ms, day, terms):
        look = look or account.active_rule >= account.watch_active
    return look


def _feature_used(account: Account, event: feature_used.FeatureUsed, at_ms: int, day: int, terms: Terms) -> bool:
    given, user_id = event.properties, event.user_id
    name, metric = given.feature, given.metric
    feature = account.head.features.get(name)
    look = (feature is None or feature.newest != day) and used_anew(account, name, feature, day, terms)
    if metric is not None:
        if _add_usage(account, metric, given.quantity, day, event.source):
            look = True
        if metric in account.metrics:
            use_costs.by_feature(account, metric, millionths(given.quantity), day)
    if use.feature_tried(account, name, day, terms):
        look = True
    problems = terms.problems.of_feature.get(name)
    if problems is not None and use_problems.happened(account, event, day, problems):
        look = True
    if _happened(account, given, day, terms):
        look = True
    if user_id is not None:
        user = users.find(account, user_id)
        if users.active(account, user, at_ms, day, terms) and account.active_rule >= account.watch_active:
            look = True
        if name in terms.core:
            users.core_used(account, user, name, at_ms, day, terms)
    return look


def used_anew(account: Account, name: str, feature: UseDays | None, day: int, terms: Terms) -> bool:
    """Note a use on another day than the newest; tell whether a rule may have been reached."""
    if feature is None:
        if not names.takes_feature(account, name, terms):
            return False
        feature = account.head.features[sharing.word(name)] = UseDays()
    look = touched(account, name, feature, day, terms)
    note_use(feature, day)
    if days_used(feature, account.head.today, terms.adopted_window_days) == terms.adopted_days:  # just adopted
        if name in terms.core:
            account.raised("core_features")
            account.raised("core_departments")
        look = look or name in terms.prerequisites
    return look


def touched(account: Account, name: str, feature: UseDays, day: int, terms: Terms) -> bool:
    """Tell whether a use or refusal brings a gated feature into the rule's window anew."""
    oldest = account.head.today - terms.gated_days
    return day > oldest >= feature.touched and name in account.gated


def _session_started(
    account: Account, event: session_started.SessionStarted, at_ms: int, day: int, terms: Terms
) -> bool:
    user_id = event.user_id
    look = _happened(account, event.properties, day, terms)
    use.session_started(account, day)
    if user_id is not None and users.active(account, users.find(account, user_id), at_ms, day, terms):
        look = look or account.active_rule >= account.watch_active
    return look


ACTIVITY: dict[type[Event], Handler] = {
    usage_recorded.UsageRecorded: _usage_recorded,
    feature_used.FeatureUsed: _feature_used,
    session_started.SessionStarted: _session_started,
}
