"""What an account has bought, and what it decides: to buy more, less, to renew, to leave.

A decision depends on the latent readiness and on real pressure, and on luck; never on what a rule would say. So not
every trigger is followed by an expansion, and precision by outcome means something.
"""

from random import Random
from typing import Any, Literal

import msgspec

from shared.kernel.playbook import Playbook
from upswing.simulate.latent import Latent
from upswing.simulate.rhythm import date_text

Kind = Literal["tier_migration", "team_growth", "cross_sell", "contraction", "churn", "renewal"]
EXPANSIONS = ("tier_migration", "team_growth", "cross_sell")
PRESSED = 0.8
QUIET_DAYS = 45  # after a decision, and after onboarding
CHURN_AFTER_DAYS = 30
PRICE_INCREASE = 1.05
YEAR = 365
CATEGORIES = ("product", "process", "adoption", "timing")


class Decision(msgspec.Struct):
    """What was decided on a day. Units: MRR before and after; `facts` are those of `account.updated` that change."""

    day: int
    kind: Kind
    mrr_before: float
    mrr_after: float
    readiness: float
    facts: dict[str, Any] = {}
    reason: str | None = None
    renewed: bool = False
    worked_hours: int = 0

    @property
    def churned(self) -> bool:
        """Whether the account has left."""
        return self.kind == "churn"


class Contract:
    """One account's contract and its decisions so far."""

    def __init__(self, playbook: Playbook, latent: Latent) -> None:
        self._playbook = playbook
        self.plan, self.seats, self.renews_day = latent.plan, latent.seats, latent.renews_day
        self.products = ["Core"]
        self.account_id, self.started_day = latent.account_id, latent.onboarded_day
        self.decisions: list[Decision] = []
        self._increase = 1.0
        self._quiet_until = max(latent.first_day, latent.onboarded_day) + QUIET_DAYS

    @property
    def mrr(self) -> float:
        """Return the recurring revenue of a month."""
        plan = self._playbook.plans[self.plan]
        extra = sum(float(self._playbook.products[name].price) for name in self.products if name != "Core")
        return round((float(plan.price) + self.seats * float(plan.seat_price) + extra) * self._increase, 2)

    def facts(self, currency: str) -> dict[str, Any]:
        """Return the facts of `account.updated` that the contract gives."""
        return {"plan": self.plan, "seats": self.seats, "mrr": self.mrr, "currency": currency}

    def subscription(self, currency: str, status: str) -> dict[str, Any]:
        """Return the properties of `subscription.set`."""
        return {
            "subscription_id": f"sub-{self.account_id}",
            "mrr": self.mrr,
            "currency": currency,
            "plan": self.plan,
            "status": status,
            "started_on": date_text(self.started_day),
        }

    def decide(self, latent: Latent, day: int, pressure: float, rng: Random) -> Decision | None:
        """Return what the account decides on a day, None when nothing; it is noted."""
        made = self._shrink(latent, day, rng) or self._renew(latent, day, rng) or self._grow(latent, day, pressure, rng)
        if made is not None:
            self.decisions.append(made)
        return made

    def _shrink(self, latent: Latent, day: int, rng: Random) -> Decision | None:
        if latent.label != "shrinking" or latent.turned(day) < CHURN_AFTER_DAYS:
            return None
        before, unready = self.mrr, 1 - latent.content(day)
        if rng.random() < 0.006 * unready or (day == self.renews_day and rng.random() < unready):
            return Decision(day, "churn", before, 0, latent.readiness(day), reason=rng.choice(CATEGORIES))
        fewer = max(2, int(self.seats * 0.75))
        if day >= self._quiet_until and fewer < self.seats and rng.random() < 0.006 * unready:
            self._quiet_until = day + QUIET_DAYS
            self.seats = fewer
            facts = {"seats": self.seats, "mrr": self.mrr}
            return Decision(day, "contraction", before, self.mrr, latent.readiness(day), facts)
        return None

    def _renew(self, latent: Latent, day: int, rng: Random) -> Decision | None:
        if day != self.renews_day:
            return None
        before, reason = self.mrr, None
        self.renews_day += YEAR
        if rng.random() < 0.3:  # noqa: PLR2004 - three of ten renewals come with a higher price
            self._increase *= PRICE_INCREASE
            reason = "price_increase"
        facts = {"renews_on": date_text(self.renews_day), "mrr": self.mrr}
        return Decision(day, "renewal", before, self.mrr, latent.readiness(day), facts, reason=reason, renewed=True)

    def _grow(self, latent: Latent, day: int, pressure: float, rng: Random) -> Decision | None:
        if day < self._quiet_until:
            return None
        ready = latent.readiness(day)
        chance = ready**2 * (0.0015 + (0.022 * min(1.2, pressure) if pressure > PRESSED else 0))
        if rng.random() >= chance:
            return None
        self._quiet_until = day + QUIET_DAYS
        before, kind, facts = self.mrr, *self._buy(pressure, rng)
        facts["mrr"] = self.mrr
        worked = rng.randint(2, 12) if rng.random() < 0.5 else 0  # noqa: PLR2004 - half buy by themselves
        return Decision(day, kind, before, self.mrr, ready, facts, worked_hours=worked)

    def _buy(self, pressure: float, rng: Random) -> tuple[Kind, dict[str, Any]]:
        """Change the contract; return the kind and what changed."""
        following = self._playbook.plans[self.plan].next
        whitespace = sorted(set(self._playbook.products) - set(self.products))
        luck = rng.random()
        if following is not None and luck < (0.5 if pressure > PRESSED else 0.2):
            self.plan = following
            return "tier_migration", {"plan": self.plan}
        if whitespace and luck > 0.85:  # noqa: PLR2004 - a product now and then
            self.products.append(rng.choice(whitespace))
            return "cross_sell", {"products": list(self.products)}
        self.seats = max(self.seats + 1, int(self.seats * rng.uniform(1.15, 1.5)))
        return "team_growth", {"seats": self.seats}
