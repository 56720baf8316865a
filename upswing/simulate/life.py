"""One account's life, day by day: what it does and decides, as events of our vocabulary.

Shape: within a day who leaves goes at 02:00, facts change at 03:00, who joins comes at 04:00, everything else happens
within the working hours; so what a day ends with is the most that it has reached.
"""

from random import Random
from typing import Any

from shared.kernel.clock import HOUR_MS, midnight_ms
from shared.kernel.playbook import gated_features
from upswing.simulate.agenda import Entry, plan_ahead
from upswing.simulate.contract import Contract
from upswing.simulate.latent import DEPARTMENTS, Latent, draw
from upswing.simulate.people import People
from upswing.simulate.request import Request
from upswing.simulate.rhythm import date_text, moment, workload
from upswing.simulate.usage import Usage

Event = dict[str, Any]
LEAVE, FACTS, JOIN = 2 * HOUR_MS, 3 * HOUR_MS, 4 * HOUR_MS
ACTS = ("leave", "erase", "suspend", "resume", "employees", "hire", "department")
STEADY_FEATURES = 3
DAYS_A_FEATURE = 5
CURIOUS_DAYS = (12, 28)


class Life:
    """One account. `day` must be called for each day from `first_day` on, in order."""

    def __init__(self, request: Request, index: int) -> None:
        self.request = request
        self.rng = Random(f"{request.seed}/{index}")  # noqa: S311 - a story, no secret
        self.latent: Latent = draw(request, index, self.rng)
        self.contract = Contract(request.playbook, self.latent)
        self.people = People(self.latent, self.rng)
        self.usage = Usage(request, self.latent, self.rng)
        self.agenda = plan_ahead(request, self.latent, self.rng)
        self.status = "active"
        self.champion = self.sponsor = ""
        self._events: list[Event] = []
        self._count = 0
        self._second = 0
        self._curious = self._curious_days()

    def day(self, day: int) -> list[Event]:
        """Return the events of a day, in the order of their time; none before the first day or after churn."""
        if day < self.latent.first_day or self.status == "churned":
            return []
        self._events, self._second = [], 0
        entries = self.agenda.pop(day, ())
        if day == self.latent.first_day:
            self._begin(day)
        else:
            self._decide(day)
        if self.status == "churned":
            return self._events
        for act in ACTS:
            for entry in entries:
                if entry[0] == act:
                    self._act(day, entry)
        if self.status == "active":
            for entry in entries:
                if entry[0] not in ACTS:
                    self._tell(day, entry)
            self._work(day)
        self._events.sort(key=lambda event: event["occurred_at"])
        return self._events

    def event(self, at_ms: int, kind: str, user: str | None, properties: dict[str, Any]) -> None:
        """Note that something happened."""
        self._count += 1
        event: Event = {
            "id": f"{self.latent.account_id}-{self._count}",
            "type": kind,
            "account_id": self.latent.account_id,
            "occurred_at": at_ms,
            "properties": properties,
        }
        if user is not None:
            event["user_id"] = user
        self._events.append(event)

    def _at(self, day: int, offset_ms: int) -> int:
        """Return the next second after an hour of the night: what is said first comes first."""
        self._second += 1
        return midnight_ms(day) + offset_ms + self._second * 1000

    def _begin(self, day: int) -> None:
        latent, rng = self.latent, self.rng
        self.champion = f"{latent.account_id}-champion"
        self.sponsor = f"{latent.account_id}-sponsor" if rng.random() < 0.25 + 0.35 * latent.rank else ""
        facts: dict[str, Any] = {
            "name": latent.name,
            "status": "active",
            "segment": latent.segment,
            "country": latent.country,
            "industry": latent.industry,
            "employees": latent.employees,
            "onboarded_at": date_text(latent.onboarded_day),
            "renews_on": date_text(latent.renews_day),
            "billing_anchor": latent.anchor,
            "products": ["Core"],
            "csm": f"csm-{latent.rank}",
            "champion": self.champion,
            "budget_month": 1 + latent.anchor % 12,
        } | self.contract.facts(self.request.playbook.currency)
        if self.sponsor:
            facts["exec_sponsor"] = self.sponsor
        self.event(self._at(day, FACTS), "account.updated", None, facts)
        self._subscription(day, "active")
        for person in self.people.everybody:
            self._join(day, person.id, person.department, person.role)

    def _subscription(self, day: int, status: str, **more: Any) -> None:
        properties = self.contract.subscription(self.request.playbook.currency, status) | more
        self.event(self._at(day, FACTS), "subscription.set", None, properties)

    def _join(self, day: int, user: str, department: str, role: str) -> None:
        properties = {"department": department, "role": role, "email": f"{user}@example.com"}
        self.event(self._at(day, JOIN), "user.provisioned", user, properties)

    def _decide(self, day: int) -> None:
        """Renew, churn, buy more or less: by what the account is, never by what anybody noticed."""
        pressure = max(self.usage.pressure(self.contract), self.people.pressure(self.contract.seats))
        made = self.contract.decide(self.latent, day, pressure, self.rng)
        if made is None:
            return
        if made.churned:
            self.status = "churned"
            self._subscription(day, "ended", mrr=0, ended_on=date_text(day), churn_category=made.reason)
            self.event(self._at(day, FACTS), "account.updated", None, {"status": "churned"})
            return
        if made.facts:
            self.event(self._at(day, FACTS), "account.updated", None, made.facts)
        if made.renewed:
            self.event(self._at(day, FACTS), "renewal.completed", None, {"term_months": 12})
        self._subscription(day, "active", **({"reason": made.reason} if made.reason else {}))
        if made.worked_hours:
            worked = {"hours": made.worked_hours, "cost": made.worked_hours * 60, "play": made.kind}
            self.event(self._at(day, FACTS), "effort.logged", None, worked)

    def _act(self, day: int, entry: Entry) -> None:
        kind, _user, given = entry
        people = self.people
        if kind == "leave":
            gone = people.leave(day, self.rng)
            if gone is not None:
                self.event(self._at(day, LEAVE), "user.deactivated", gone, {})
        elif kind == "erase":
            forgotten = people.forget(day)
            if forgotten is not None:
                self.event(self._at(day, LEAVE), "user.erased", forgotten, {})
        elif kind in {"suspend", "resume"}:
            self.status = "suspended" if kind == "suspend" else "active"
            self.event(self._at(day, FACTS), "account.updated", None, {"status": self.status})
        elif kind == "employees":
            self.event(self._at(day, FACTS), "account.updated", None, given)
        else:
            new = given.get("department")
            for _ in range(self.rng.randint(4, 6) if new else 1):
                if people.count < self.contract.seats:
                    person = people.join(new or self.rng.choice(DEPARTMENTS), self.rng)
                    self._join(day, person.id, person.department, person.role)

    def _tell(self, day: int, entry: Entry) -> None:
        kind, number, properties = entry
        user = None if number is None else self.people.nth(number)
        self.event(moment(day, self.rng.random()), kind, user, properties)
        if kind == "stakeholder.added" and properties["role"] == "executive":
            self.sponsor = f"{self.latent.account_id}-sponsor"
            self.event(moment(day, self.rng.random()), "account.updated", None, {"exec_sponsor": self.sponsor})

    def _work(self, day: int) -> None:
        latent, rng, load = self.latent, self.rng, workload(day, self.latent.country)
        features = self.request.playbook.plans[self.contract.plan].features
        known = features[: STEADY_FEATURES + max(0, day - latent.onboarded_day) // DAYS_A_FEATURE]
        chance = latent.activity * latent.drift(day) ** 0.5 * load
        active = self.people.active(chance, rng)
        for person in active:
            at_ms = moment(day, rng.random() * 0.9)
            self.event(at_ms, "session.started", person.id, {})
            for _ in range(self.people.acts(person, day, rng)):
                at_ms += int(rng.random() * 120_000) + 5_000
                if known:
                    self.event(at_ms, "feature.used", person.id, {"feature": rng.choice(known)})
        users = [person.id for person in active]
        if users and day in self._curious:
            self._explore(day, users)
        for at_ms, kind, user, properties in self.usage.day(day, load, users, self.contract):
            self.event(at_ms, kind, user, properties)

    def _explore(self, day: int, users: list[str]) -> None:
        gated = sorted(gated_features(self.request.playbook, self.contract.plan))
        for feature in self.rng.sample(gated, min(len(gated), self.rng.randint(0, 2))):
            self.event(moment(day, self.rng.random()), "feature.blocked", self.rng.choice(users), {"feature": feature})

    def _curious_days(self) -> range:
        latent, rng = self.latent, self.rng
        if rng.random() >= (0.45 if latent.label == "growing" else 0.06):
            return range(0)
        begin = rng.randint(latent.turning_day, max(latent.turning_day, self.request.end_day))
        return range(begin, begin + rng.randint(*CURIOUS_DAYS))
