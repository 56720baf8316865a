"""The commonest flood: uses of features that add to one metric, by known users of an account with one page of them.

Source: design (throughput), definitions 2, 12 and 75.
"""

from itertools import accumulate
from typing import Any

from services.signals.core import acts, use
from services.signals.core.account import Account
from services.signals.core.activity import touched, used_anew
from services.signals.core.quiet_stretch import Stretch
from services.signals.core.quiet_users import act, adopts, is_quiet
from services.signals.core.terms import Terms
from services.signals.core.use_days import UseDays
from services.signals.core.users import core_used
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.quantities import MILLION

ANY = 1 << 60  # more than comes in one unit


def fold_uses(stretch: Stretch) -> int:
    """Fold the quiet uses that a stretch begins with, if all of it is alike; return their number."""
    account = stretch.account
    instants = _instants(stretch)
    if not instants or len(account.users) > 1:
        return 0
    events: list[Any] = stretch.events
    given = [event.properties for event in events[: len(instants)]]
    metric, quantities = given[0].metric, [one.quantity for one in given]
    if {one.metric for one in given} != {metric} or {*map(type, quantities)} != {int}:
        return 0
    if sum(quantities) > _room(account, metric, stretch.source) or True in [one.mentions_competitor for one in given]:
        return 0
    done = _fold(stretch, instants, [one.feature for one in given])
    if done:
        stretch.clocks = _clocks(stretch.clock, instants[:done])
        stretch.clock = stretch.clocks[-1]
        account.dirty_users.add(0)
        if metric is not None:
            _add(account, metric, sum(quantities[:done]))
    return done


def _instants(stretch: Stretch) -> list[int]:
    """Return the instants of the events that lie on today at the beginning; none if not all are uses, of one source."""
    events: list[Any] = stretch.events
    if {*map(type, events)} != {FeatureUsed} or len({event.source for event in events}) > 1:
        return []
    instants = [event.occurred_at for event in events]
    first_ms, end_ms = stretch.first_ms, stretch.end_ms
    if min(instants) < first_ms or max(instants) >= end_ms:
        return instants[: next(n for n, at_ms in enumerate(instants) if not first_ms <= at_ms < end_ms)]
    return instants


def _clocks(clock: int, instants: list[int]) -> list[int]:
    """Return the account's clock after each event."""
    if instants[0] >= clock and sorted(instants) == instants:
        return instants
    return [*accumulate([max(clock, instants[0]), *instants[1:]], max)]


def _fold(stretch: Stretch, instants: list[int], names: list[str]) -> int:
    """Note uses and users, up to the first that is not quiet; return how many."""
    account, terms, free, done = stretch.account, stretch.terms, stretch.free, 0
    times, core, today, held = account.head.use.times, terms.core, account.head.today, bool(account.held)
    known, first_ms = account.users[0].users.get, stretch.first_ms
    for event, at_ms, name in zip(stretch.events, instants, names, strict=False):
        user = known(event.user_id)  # type: ignore[arg-type]  # nobody is no user
        if user is None or user.cut is not None or (held and name in core and adopts(account, user, name, terms)):
            break
        last_ms, before = user.last_ms, user.instants
        usual = before is not None and first_ms <= last_ms < at_ms and len(before) < acts.KEPT_INSTANTS
        if not (usual or is_quiet(account, user, terms)) or not (name in free or use_quietly(stretch, name)):
            break
        if usual:
            user.on_day += 1
            user.last_ms = at_ms
            before.append(last_ms - first_ms)  # type: ignore[union-attr]  # it is usual
        else:
            act(account, user, at_ms, terms)
        if name in core:
            core_used(account, user, name, at_ms, today, terms)
        times[name] += 1
        done += 1
    return done


def use_quietly(stretch: Stretch, name: str) -> bool:
    """Note that a feature is used today, if a use changes no answer, but count none; further ones may be free then."""
    account, terms = stretch.account, stretch.terms
    feature, times, today = account.head.features.get(name), account.head.use.times, account.head.today
    if feature is None or name in terms.problems.of_feature:
        return False
    missing = terms.gap_times - use.tried(account, name, terms.gap_days) if name in account.gated else 0
    if missing == 1 or (feature.newest != today and not _is_quiet_today(account, name, feature, terms)):
        return False
    if feature.newest != today:
        used_anew(account, name, feature, today, terms)
    times.setdefault(name, 0)
    if missing <= 0:
        stretch.free.add(name)
    return True


def _is_quiet_today(account: Account, name: str, feature: UseDays, terms: Terms) -> bool:
    """Tell whether the first use of a feature today changes no answer."""
    after, today = UseDays(feature.newest, feature.bits, feature.touched), account.head.today
    if touched(account, name, after, today, terms):
        return False
    after.used(today)
    adopted = after.days_used(today, terms.adopted_window_days) == terms.adopted_days
    waits = account.waits_for("core_features") or account.waits_for("core_departments")
    return not (adopted and (waits or name in terms.prerequisites))


def _room(account: Account, name: str | None, source: str) -> int:
    """Return how much of a metric may come before a rule must be looked at."""
    if name is None:
        return ANY
    metric, today = account.metrics.get(name), account.head.today
    if metric is None or today not in metric.cells or metric.heard.get(source) != today:
        return -1
    return min(ANY, (metric.watch - metric.total - 1) // MILLION)


def _add(account: Account, name: str, quantity: int) -> None:
    """Add what uses of features have added to a metric today."""
    metric, today, amount = account.metrics[name], account.head.today, quantity * MILLION
    metric.cells[today] += amount
    metric.total += amount
    fed = account.head.use.by_features
    fed[name] = fed.get(name, 0) + amount
