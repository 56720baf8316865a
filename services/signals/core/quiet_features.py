"""How often each feature may still be used today before a rule must be looked at.

Source: design (throughput), definitions 24, 25 and 75.
"""

from services.signals.core import use, use_problems
from services.signals.core.account import Account
from services.signals.core.activity import touched, used_anew
from services.signals.core.feature_days import days_used, note_use
from services.signals.core.terms import Terms
from services.signals.core.use_days import UseDays
from services.signals.core.use_problems import Indicators


class Use:
    """What is asked about the uses of one feature on one day.

    Shape: `most` is how often it may have been used in all before somebody must look, as far as it is known already.
    While it `is_met` by a stretch, `times` counts today's uses, and those of the head stand still.
    """

    __slots__ = ("is_core", "is_met", "most", "name", "problems", "times")

    def __init__(self, name: str, terms: Terms) -> None:
        self.name = name
        self.is_core = name in terms.core
        self.problems: Indicators | None = terms.problems.of_feature.get(name)
        self.most, self.times, self.is_met = 0, 0, False


def known(account: Account, terms: Terms) -> dict[str, Use]:
    """Return what is known about the features used today."""
    found, judged_by = account.quiet_uses, (account.head.today, terms, account.gated)
    if found is None or found[0] != judged_by:
        found = account.quiet_uses = (judged_by, {})
    uses: dict[str, Use] = found[1]
    return uses


def allows(account: Account, met: Use, terms: Terms) -> bool:
    """Tell whether one more use of a feature today changes no answer; the first of the day is then noted."""
    name = met.name
    feature, today = account.head.features.get(name), account.head.today
    if feature is None:
        return False
    if met.is_met:
        account.head.use.times[name] = met.times
    most = use_problems.ANY
    if met.problems is not None:
        more = use_problems.room(account, name, met.problems)
        if not more:
            return False
        most = met.times + more
    if name in account.gated:
        missing = terms.gap_times - use.tried(account, name, terms.gap_days)
        if missing == 1:
            return False
        if missing > 1:
            most = min(most, met.times + missing - 1)
    if feature.newest != today:
        if not _is_quiet_today(account, name, feature, terms):
            return False
        used_anew(account, name, feature, today, terms)
    met.most = most
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
