"""How often each feature may still be used today before a rule must be looked at.

Source: design (throughput), definitions 24, 25 and 75.
"""

from mypy_extensions import mypyc_attr

from services.signals.core import sharing, use, use_problems
from services.signals.core.account import Account
from services.signals.core.activity import touched, used_anew
from services.signals.core.feature_days import days_used, note_use
from services.signals.core.names import takes_feature
from services.signals.core.terms import Terms
from services.signals.core.use_days import UseDays
from services.signals.core.use_problems import Indicators


@mypyc_attr(acyclic=True)
class Use:
    """What is asked about the uses of one feature.

    Shape: `most` is how often it may be used on `day` in all before somebody must look, as far as it is known already.
    While it `is_met` by a stretch, `times` counts that day's uses, and those of the head stand still.
    """

    __slots__ = ("day", "is_core", "is_gated", "is_met", "is_prerequisite", "most", "name", "problems", "times")

    def __init__(self, name: str, account: Account, terms: Terms) -> None:
        self.name = sharing.word(name)
        self.is_core = name in terms.core
        self.is_gated = name in account.gated
        self.is_prerequisite = name in terms.prerequisites
        self.problems: Indicators | None = terms.problems.of_feature.get(name)
        self.day, self.most, self.times, self.is_met = -1, 0, 0, False

    def begin(self, day: int, times: int) -> None:
        """Go on counting on a day with what it has had so far."""
        if day != self.day:
            self.day, self.most = day, 0
        self.times = times


def known(account: Account, terms: Terms) -> dict[str, Use]:
    """Return what is known about features."""
    found = account.quiet_uses
    if found is None or found[0] is not terms or found[1] is not account.gated:
        found = account.quiet_uses = (terms, account.gated, {})
    uses: dict[str, Use] = found[2]
    return uses


def allows(account: Account, met: Use, terms: Terms) -> bool:
    """Tell whether one more use of a feature today changes no answer; the first of the day is then noted."""
    name = met.name
    feature, today = account.head.features.get(name), account.head.today
    if feature is None and not takes_feature(account, name, terms):
        return False
    if met.is_met:
        account.head.use.times[name] = met.times
    most = use_problems.ANY
    if met.problems is not None:
        more = use_problems.room(account, name, met.problems)
        if not more:
            return False
        most = met.times + more
    if met.is_gated:
        missing = terms.gap_times - use.tried(account, name, terms.gap_days)
        if missing == 1:
            return False
        if missing > 1:
            most = min(most, met.times + missing - 1)
    if feature is None or feature.newest != today:
        if not _is_quiet_today(account, met, feature, terms):
            return False
        used_anew(account, name, feature, today, terms)
    met.most = most
    return True


def _is_quiet_today(account: Account, met: Use, kept: UseDays | None, terms: Terms) -> bool:
    """Tell whether the first use of a feature today, perhaps the first ever, changes no answer."""
    today, feature = account.head.today, kept or UseDays()
    if met.is_gated and touched(account, met.name, feature, today, terms):
        return False
    if not (met.is_prerequisite or account.waits_for("core_features") or account.waits_for("core_departments")):
        return True
    after = UseDays(feature.newest, feature.bits, feature.touched)
    note_use(after, today)
    return days_used(after, today, terms.adopted_window_days) != terms.adopted_days
