"""How often each feature may still be used today before a rule must be looked at.

Source: design (throughput), definitions 24, 25 and 75.
"""

from services.signals.core import use, use_problems
from services.signals.core.account import Account
from services.signals.core.activity import touched, used_anew
from services.signals.core.feature_days import days_used, note_use
from services.signals.core.terms import Terms
from services.signals.core.use_days import UseDays


def known(account: Account, terms: Terms) -> dict[str, int]:
    """Return how often each feature used today may have been used in all today, as far as it is known already."""
    found, judged_by = account.most_times, (account.head.today, terms, account.gated)
    if found is None or found[0] != judged_by:
        found = account.most_times = (judged_by, {})
    return found[1]


def allows(account: Account, name: str, terms: Terms) -> bool:
    """Tell whether one more use of a feature today changes no answer; the first of the day is then noted."""
    feature, today = account.head.features.get(name), account.head.today
    if feature is None:
        return False
    most = use_problems.ANY
    if name in terms.problems.of_feature:
        more = use_problems.room(account, name, terms.problems.of_feature[name])
        if not more:
            return False
        most = account.head.use.times.get(name, 0) + more
    if name in account.gated:
        missing = terms.gap_times - use.tried(account, name, terms.gap_days)
        if missing == 1:
            return False
        if missing > 1:
            most = min(most, account.head.use.times.get(name, 0) + missing - 1)
    if feature.newest != today:
        if not _is_quiet_today(account, name, feature, terms):
            return False
        used_anew(account, name, feature, today, terms)
    known(account, terms)[name] = most
    return True


def _is_quiet_today(account: Account, name: str, feature: UseDays, terms: Terms) -> bool:
    """Tell whether the first use of a feature today changes no answer."""
    after, today = UseDays(feature.newest, feature.bits, feature.touched), account.head.today
    if touched(account, name, after, today, terms):
        return False
    note_use(after, today)
    adopted = days_used(after, today, terms.adopted_window_days) == terms.adopted_days
    waits = account.waits_for("core_features") or account.waits_for("core_departments")
    return not (adopted and (waits or name in terms.prerequisites))
