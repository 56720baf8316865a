"""The terms an account is judged by: the playbook, compiled once into what the fold looks up per event.

Source: definitions 11, 29, 48; playbook sections 3 and 4.
"""

from fractions import Fraction
from typing import Any

import msgspec

from services.signals.core.account import Account
from services.signals.core.periods import annual_period, monthly_period
from services.signals.core.use_problems import Watched
from services.signals.core.windows import day_sum
from shared.kernel.clock import MINUTE_MS, date_from_day
from shared.kernel.playbook import Playbook
from shared.kernel.playbook.gate import GateCriteria
from shared.kernel.quantities import MILLION, millionths

DATE_FACTS = frozenset({"onboarded_at", "renews_on"})
NOTHING: frozenset[str] = frozenset()  # one for all: `frozenset()` makes another each time
UNLIMITED: dict[str, int] = {}


class Terms:
    """A playbook ready for use, with the rules that have been switched off."""

    def __init__(self, playbook: Playbook, switched_off: frozenset[str] = frozenset()) -> None:
        self.playbook = playbook
        self.switched_off = switched_off
        self.bounds: dict[str, tuple[int, int, int, int]] = {}  # of usage per seat by segment, in millionths
        self._enabled: dict[str, bool] = {}
        self.horizon_days: int = playbook.time.horizon_days
        self.dedup_ms: int = playbook.time.dedup_minutes * MINUTE_MS
        self.core = frozenset(playbook.core_features)
        self.active_days: int = playbook.rules.seat_saturation.active_days
        self.month_days: int = playbook.measures.active_window_days
        self.health_days: int = playbook.health.usage.days
        self.weights: dict[str, int] = msgspec.structs.asdict(playbook.health.weights)
        of_departments = playbook.rules.department_expansion.days, playbook.rules.department_adjacent.days
        windows = self.active_days, self.month_days, self.health_days, *of_departments
        self.shortest_days = min(windows)  # who acted within it is in all
        self._segments = {name.strip().casefold(): row.key for row in playbook.segments for name in (row.name, row.key)}
        self._acv_bounds = tuple(  # in millionths, as amounts are
            (row.key, None if row.acv_below is None else Fraction(str(row.acv_below)) * MILLION)
            for row in playbook.segments
        )
        self._limits = {
            name: {metric: None if limit is None else millionths(limit) for metric, limit in plan.limits.items()}
            for name, plan in playbook.plans.items()
        }
        self._in_force = {
            name: {m: most for m, most in all_of.items() if most} for name, all_of in self._limits.items()
        }
        self.memo: dict[tuple[str, str | None], Any] = {}  # what rows compute once for these terms
        self.adopted_days: int = playbook.measures.adopted_days
        self.adopted_window_days: int = playbook.measures.adopted_window_days
        self.gated_days: int = playbook.rules.gated_exploration.days
        self.gap_days: int = playbook.rules.feature_gap.days
        self.gap_times: int = playbook.rules.feature_gap.times
        self.problems = Watched(playbook)
        self.prerequisites = frozenset(name for addon in playbook.addons.values() for name in addon.prerequisites)
        self.silent: frozenset[str] = frozenset()  # the sources that are silent just now
        self._above = {name: self._features_above(name) for name in playbook.plans}

    def enabled(self, rule: str) -> bool:
        """Tell whether a rule is on, in the playbook and by hand."""
        known = self._enabled.get(rule)
        if known is None:
            known = rule not in self.switched_off and bool(getattr(self.playbook.rules, rule).enabled)
            self._enabled[rule] = known
        return known

    def _features_above(self, plan: str) -> frozenset[str]:
        plans = self.playbook.plans
        own, above, seen = set(plans[plan].features), set[str](), {plan}
        following = plans[plan].next
        while following is not None and following in plans and following not in seen:
            seen.add(following)
            above |= set(plans[following].features)
            following = plans[following].next
        return frozenset(above - own)

    def segment(self, account: Account) -> str:
        """Return the key of the account's segment: given, else by contract value (definition 29)."""
        if account.segment is None:
            account.segment = self._segment(account)
        return account.segment

    def _segment(self, account: Account) -> str:
        given = account.fact("segment")
        known = self._segments.get(given.strip().casefold()) if isinstance(given, str) else None
        if known is not None:
            return known
        mrr = account.fact("mrr")
        return next(k for k, below in self._acv_bounds if below is None or mrr is None or 12 * mrr < below)

    def gate(self, account: Account) -> GateCriteria:
        """Return the criteria that the account must meet."""
        return self.playbook.gate[self.segment(account)]

    def _gated(self, account: Account) -> frozenset[str]:
        """Return the features that a higher plan would open to the account (definition 48)."""
        above = self._above.get(account.fact("plan") or "")
        if not above:
            return NOTHING
        purchased = account.fact("purchased_features")
        return above.difference(purchased) if purchased else above

    def _limits_of(self, account: Account) -> dict[str, int]:
        """Return the limits in force, in millionths: the account's before its plan's; unlimited ones are left out."""
        own, plan = account.head.limits, account.fact("plan") or ""
        if not own:
            return self._in_force.get(plan, UNLIMITED)
        found = dict(self._limits.get(plan, {}))
        found.update({metric: register[0] for metric, register in own.items()})
        return {metric: limit for metric, limit in found.items() if limit}

    def period(self, account: Account, day: int) -> tuple[int, int]:
        """Return the first day of the billing period that holds a day, and of the next one (definition 6)."""
        anchor = account.fact("billing_anchor") or 1
        plan = self.playbook.plans.get(account.fact("plan") or "")
        if plan is None or not plan.annual:
            return monthly_period(day, anchor)
        named = account.fact("renews_on")
        if named is None:
            named = account.fact("onboarded_at")
        return annual_period(day, anchor, 1 if named is None else date_from_day(named).month)

    def refresh(self, account: Account) -> None:
        """Recompute what depends on the account's day, its facts and these terms, without looking at any rule."""
        today = account.head.today
        account.segment, account.at_hand = None, {}
        self._refresh_counts(account)
        account.acts_before = day_sum(account.days.standing.acts, today, self.month_days)
        account.gated, account.limits = self._gated(account), self._limits_of(account)
        begin, following = account.period = self.period(account, today)
        for metric in account.metrics.values():
            metric.total = sum(amount for day, amount in metric.cells.items() if begin <= day < following)

    def turn(self, account: Account) -> None:
        """Recompute what depends on the day alone, when the account's day has become the next one."""
        if account.head.today >= account.period[1]:
            self.refresh(account)
        else:
            acts, ended = account.days.standing.acts, account.head.today - 1
            self._refresh_counts(account)
            account.acts_before += acts.get(ended, 0) - acts.get(ended + 1 - self.month_days, 0)

    def _refresh_counts(self, account: Account) -> None:
        today = account.head.today
        account.active_rule = account.active.distinct(today, self.active_days)
        account.active_month = account.active.distinct(today, self.month_days)
        same = self.health_days == self.month_days
        account.active_health = account.active_month if same else account.active.distinct(today, self.health_days)
        account.gate_cache = None
        account.parts.clear()


def onboarded_days(account: Account) -> int | None:
    """Return the days since onboarding, None when the day is not known."""
    onboarded = account.fact("onboarded_at")
    return None if onboarded is None else account.head.today - onboarded


def days_to_renewal(account: Account) -> int | None:
    """Return the days to the renewal date in force, None when there is none."""
    renews_on = account.fact("renews_on")
    return None if renews_on is None else renews_on - account.head.today
