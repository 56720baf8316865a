"""The company's last ninety days, as calls of the SDK in the order of time. Pure and deterministic by its seed."""

from collections.abc import Iterator
from random import Random
from typing import Any

from shared.kernel.clock import DAY_MS, HOUR_MS, date_from_day, iso, iso_day, midnight_ms
from shared.kernel.playbook import Playbook
from upswing.demo.cast import CAST, Customer
from upswing.demo.rhythm import moment, works
from upswing.history.calls import Call, Method, in_order

SEED = 20_260_701
DAYS = 90
BEFORE_DAYS = 7  # how long before its ninety days an account and its people were there
PERIOD_DAYS = 24  # how long the present billing period has run: the anchor is that day of the month
QUIET_MS = 2 * 60_000  # history ends a little before now
MILESTONE_DAYS = 7
REVIEW_DAYS = 60  # between business reviews
ENGAGED_DAYS = 30
FAVOURITE_CHANCE = 0.4
OTHER_FEATURE_CHANCE = 0.55


def past(playbook: Playbook, now_ms: int, *, seed: int = SEED, cast: tuple[Customer, ...] = CAST) -> list[Call]:
    """Return everything that happened in the ninety days that end now."""
    calls = [call for customer in cast for call in _Life(customer, playbook, now_ms, seed).calls()]
    return in_order([call for call in calls if call.at_ms <= now_ms - QUIET_MS])


class _Life:
    """One customer's ninety days."""

    def __init__(self, customer: Customer, playbook: Playbook, now_ms: int, seed: int) -> None:
        self.customer, self.playbook, self.now_ms = customer, playbook, now_ms
        self.rng = Random(f"{seed}/{customer.key}")  # noqa: S311 - a story, no secret
        self.today = now_ms // DAY_MS
        self.first = self.today - min(DAYS - 1, customer.onboarded)
        self.begun = self.today - min(DAYS - 1 + BEFORE_DAYS, customer.onboarded)
        self._count = 0

    def calls(self) -> Iterator[Call]:
        """Yield all calls, in no order."""
        yield from self._beginnings()
        yield from self._work()
        yield from self._usage()
        yield from self._relations()
        yield from self._meetings()
        yield from self._support()

    def _call(self, at_ms: int, method: Method, named: str = "", user: str | None = None, /, **properties: Any) -> Call:
        self._count += 1
        return Call(
            at_ms=at_ms,
            method=method,
            account_id=self.customer.account_id,
            message_id=f"past-{self.customer.key}-{self._count:05}",
            name=named,
            user_id=user,
            properties=properties,
        )

    def _ago(self, days: int) -> int:
        """Return an instant that many days ago, within the working hours, and never before the customer was there."""
        return max(moment(self.rng, self.today - days), midnight_ms(self.begun) + 7 * HOUR_MS)

    def _beginnings(self) -> Iterator[Call]:
        """The account's facts, its users, the milestones that it has reached."""
        customer, start = self.customer, midnight_ms(self.begun) + 6 * HOUR_MS
        yield self._call(start, "group", **self._facts())
        yield self._call(
            start + 1_000,
            "track",
            "subscription.set",
            subscription_id=f"sub_{customer.key}",
            mrr=customer.mrr,
            currency=self.playbook.currency,
            plan=customer.plan,
            started_on=iso(midnight_ms(self.today - customer.onboarded)),
        )
        for number in range(customer.users):
            yield self._call(
                start + 10_000 + number * 1_000,
                "identify",
                "",
                customer.user(number),
                department=customer.department(number),
            )
        for place, milestone in enumerate(self._milestones()[: customer.milestones]):
            yield self._call(
                start + HOUR_MS + place * MILESTONE_DAYS * DAY_MS, "track", "milestone.reached", milestone=milestone
            )

    def _facts(self) -> dict[str, Any]:
        """The account's facts; what is not known is left out."""
        customer = self.customer
        facts: dict[str, Any] = {
            "name": customer.name,
            "status": "active",
            "segment": customer.segment,
            "plan": customer.plan,
            "seats": customer.seats,
            "mrr": customer.mrr,
            "currency": self.playbook.currency,
            "country": customer.country,
            "industry": customer.industry,
            "employees": customer.employees,
            "onboarded_at": iso_day(self.today - customer.onboarded),
            "renews_on": iso_day(self.today + customer.renews_in),
            "billing_anchor": date_from_day(self.today - PERIOD_DAYS).day,
            "products": ["Core"],
            "csm": customer.csm,
            "ae": customer.ae,
            "exec_sponsor": customer.sponsor,
        }
        return {name: value for name, value in facts.items() if value is not None}

    def _milestones(self) -> list[str]:
        for row in self.playbook.segments:
            if row.name == self.customer.segment:
                return [milestone.name for milestone in self.playbook.milestones[row.key]]
        return []

    def _work(self) -> Iterator[Call]:
        """Sessions and features of each user, day by day."""
        features = self.playbook.plans[self.customer.plan].features
        for number in range(self.customer.users):
            for day in range(self.first, self.today + 1):
                this_week = self.customer.everybody_this_week and day == self.today - 1 - number % 5
                if this_week or works(self.rng, day, self.customer.activity):
                    yield from self._workday(self.customer.user(number), day, features)

    def _workday(self, user: str, day: int, features: tuple[str, ...]) -> Iterator[Call]:
        at_ms = max(moment(self.rng, day), midnight_ms(self.first) + 7 * HOUR_MS)
        yield self._call(at_ms, "page", self.rng.choice(("Home", "Overview", "Inbox")), user)
        while True:
            at_ms += self.rng.randint(30_000, 900_000)
            feature = self._feature(features)
            if feature == "reports":
                yield self._call(at_ms, "track", "Report Exported", user, format=self.rng.choice(("pdf", "csv")))
            else:
                yield self._call(at_ms, "track", "feature.used", user, feature=feature)
            if self.rng.random() > OTHER_FEATURE_CHANCE:
                return

    def _feature(self, features: tuple[str, ...]) -> str:
        """Return what somebody does next."""
        favourite = self.customer.favourite
        often = favourite is not None and self.rng.random() < FAVOURITE_CHANCE
        return favourite if often and favourite else self.rng.choice(features)

    def _usage(self) -> Iterator[Call]:
        """API calls that add up to the customer's share of its limit, and the storage it fills."""
        customer = self.customer
        worked = [day for day in range(self.first, self.today + 1) if works(self.rng, day, 2.0)]
        moments = [at_ms for at_ms in (moment(self.rng, day) for day in worked) if at_ms <= self.now_ms - QUIET_MS]
        weights = [(1 + customer.growth / 100) ** ((at - self.now_ms) / (30 * DAY_MS)) for at in moments]
        weights = [weight * self.rng.uniform(0.8, 1.2) for weight in weights]
        limits = self.playbook.plans[customer.plan].limits
        target = float(limits["api_calls"] or 0) * customer.api_share / 100
        begun_ms = midnight_ms(self.today - PERIOD_DAYS)
        scale = target / (sum(w for at, w in zip(moments, weights, strict=True) if at >= begun_ms) or 1)
        for at_ms, weight in zip(moments, weights, strict=True):
            user = customer.user(self.rng.randrange(customer.users))
            yield self._call(at_ms, "track", "API Batch Completed", user, calls=max(1, round(weight * scale)))
        full = float(limits["storage_gb"] or 0) * customer.storage_share / 100
        for ago in range(self.today - self.first, 0, -MILESTONE_DAYS):
            level = round(full * (1 - 0.004 * ago), 1)
            yield self._call(self._ago(ago), "track", "Storage Measured", gigabytes=level)

    def _relations(self) -> Iterator[Call]:
        """Surveys, outcomes, and what people tried that their plan does not hold."""
        customer = self.customer
        for survey, answers in (("nps", customer.nps), ("csat", customer.csat)):
            for ago, score in answers:
                if ago <= customer.onboarded:
                    user = customer.user(0) if survey == "nps" else customer.user(1)
                    yield self._call(self._ago(ago), "track", "survey.answered", user, survey=survey, score=score)
        if customer.sponsor is not None:
            yield self._call(self._ago(80), "track", "stakeholder.added", role="executive")
        if customer.primary_outcome:
            yield self._call(
                self._ago(35), "track", "outcome.achieved", outcome="Reports in half the time", primary=True
            )
        for ago, feature in customer.blocked:
            yield self._call(self._ago(ago), "track", "Upgrade Prompt Shown", customer.user(ago % 3), feature=feature)

    def _meetings(self) -> Iterator[Call]:
        """Business reviews and webinars, again and again."""
        customer = self.customer
        if customer.qbr is not None:
            needs = ["Custom roles"] if customer.key == "cobalt" else []
            for ago in (customer.qbr, customer.qbr + REVIEW_DAYS):
                yield self._call(self._ago(ago), "track", "qbr.held", unmet_needs=needs, attendees=3)
        if customer.engaged is not None:
            for ago in range(customer.engaged, self.today - self.begun + 1, ENGAGED_DAYS):
                yield self._call(self._ago(ago), "track", "engagement.recorded", kind="webinar")

    def _support(self) -> Iterator[Call]:
        """Tickets; the latest ones are still open."""
        tickets = [row for row in self.customer.tickets if row[0] < self.customer.onboarded]
        for place, (ago, severity) in enumerate(tickets):
            ticket, opened = f"T-{self.customer.key}-{place}", self._ago(ago)
            yield self._call(opened, "track", "ticket.opened", ticket_id=ticket, severity=severity, topic="reports")
            if place < len(tickets) - self.customer.open_tickets:
                yield self._call(opened + 20 * HOUR_MS, "track", "ticket.resolved", ticket_id=ticket)
