"""The test account: a past that opens the gate of its segment, and one event that decides. Pure.

Nothing is forged behind the product's back: the past is sent as events through ingest, late ones as any client may send
them; what the gate asks for is read from the playbook. Its name says in every alert that it is a test.
"""

import math
from collections.abc import Iterator
from typing import Any

import msgspec

from shared.kernel.clock import DAY_MS, HOUR_MS, date_from_day, iso
from shared.kernel.errors import ConfigurationError
from shared.kernel.ids import TEST_ACCOUNTS
from shared.kernel.playbook import Playbook

__all__ = ["Rehearsal", "epilogue", "rehearse"]

SEATS = 10
NAME = "TEST of upswing init (not a customer)"
DEPARTMENTS = ("Test Sales", "Test Finance")
BEYOND_PERCENT = 2  # so far past its level the deciding event goes
LEVEL_MOST = 90
HEALTH_MOST = 100
RENEWS_IN_DAYS = 200
Event = dict[str, Any]


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent. Shape: `rule` must fire at `decides`, the last event; `expected` says it for a person."""

    account_id: str
    rule: str
    expected: str
    past: tuple[Event, ...]
    decides: Event
    users: tuple[str, ...]


def rehearse(playbook: Playbook, segment: str, owner: str | None, now_ms: int) -> Rehearsal:
    """Return the test account of a segment. Errors: `ConfigurationError` when no rule could fire for it."""
    account_id = f"{TEST_ACCOUNTS}{segment.replace('_', '-')}-{now_ms}"
    plan, metric = _plan(playbook)
    rule = "usage_ceiling" if metric else "seat_saturation"
    if not getattr(playbook.rules, rule).enabled:
        raise ConfigurationError(
            f"the playbook has {rule} switched off, and there is nothing else to try an alert with: switch it on, or "
            "leave the test out with --no-test"
        )
    made = _Past(playbook, segment, account_id, plan, now_ms)
    past = tuple(made.events(owner))
    if metric is None:
        sessions = [made.event("session.started", now_ms, {}, user) for user in range(made.active, SEATS)]
        expected = f"{SEATS} of {SEATS} seats active"
    else:
        name, quantity, percent = metric
        sessions = [made.event("usage.recorded", now_ms, {"metric": name, "quantity": quantity}, 0)]
        expected = f"{quantity:,} {name} used, {percent} % of the plan's limit"
    return Rehearsal(
        account_id=account_id,
        rule=rule,
        expected=expected,
        past=(*past, *sessions[:-1]),
        decides=sessions[-1] | {"id": f"{account_id}-decides"},
        users=tuple(made.user(number) for number in range(SEATS)),
    )


def epilogue(rehearsal: Rehearsal, now_ms: int) -> list[Event]:
    """Return the events that end the test: the account is over, and its users are erased."""
    gone: list[Event] = [
        {"id": f"{user}-erased", "type": "user.erased", "account_id": rehearsal.account_id, "user_id": user}
        for user in rehearsal.users
    ]
    facts = {"status": "churned", "name": f"{NAME}: over"}
    over: Event = {"id": f"{rehearsal.account_id}-over", "type": "account.updated", "account_id": rehearsal.account_id}
    return [event | {"occurred_at": iso(now_ms)} for event in [over | {"properties": facts}, *gone]]


def _plan(playbook: Playbook) -> tuple[str, tuple[str, int | float, int] | None]:
    """Return a plan, and of one with a limit its metric, the quantity that decides, and its share of the limit.

    Shape: a plan that holds the core features comes first, so that using them is no use of gated ones.
    """

    def gated(name: str) -> int:
        return sum(feature not in playbook.plans[name].features for feature in playbook.core_features)

    rule = playbook.rules.usage_ceiling
    fitting = [level.percent for level in rule.levels if level.percent <= LEVEL_MOST] or [rule.levels[0].percent]
    percent = fitting[-1] + BEYOND_PERCENT
    names = sorted(playbook.plans, key=gated)
    for name in names:
        for metric, limit in playbook.plans[name].limits.items():
            if limit and rule.enabled:
                exact = limit * percent / 100
                return name, (metric, math.ceil(exact) if exact >= LEVEL_MOST else round(exact, 6), percent)
    if not names:
        raise ConfigurationError("the playbook has no plan, so there is nothing to try an alert with: add one")
    return names[0], None


class _Past:
    """The test account's past."""

    def __init__(self, playbook: Playbook, segment: str, account_id: str, plan: str, now_ms: int) -> None:
        self.playbook, self.asked = playbook, playbook.gate[segment]
        self.segment = next(row.name for row in playbook.segments if row.key == segment)
        self.key, self.account_id, self.plan, self.now_ms = segment, account_id, plan, now_ms
        self.active = min(SEATS, SEATS * self.asked.active_share_percent // 100 + 1)
        self._made = 0

    def user(self, number: int) -> str:
        """Return the id of a user."""
        return f"{self.account_id}-u{number}"

    def event(self, kind: str, at_ms: int, properties: dict[str, Any], user: int | None = None) -> Event:
        """Return one event of our own shape."""
        self._made += 1
        made: Event = {"id": f"{self.account_id}-{self._made}", "type": kind, "account_id": self.account_id}
        named: Event = {} if user is None else {"user_id": self.user(user)}
        return made | named | {"occurred_at": iso(at_ms), "properties": properties}

    def events(self, owner: str | None) -> Iterator[Event]:
        """Yield the past, in the order of time."""
        measures = self.playbook.measures
        first = self._ago(measures.adopted_days + 1)
        yield self.event("account.updated", first, self._facts(owner))
        for number in range(self.active):  # they came with the account: no department is new, and nobody is idle
            properties = {"department": DEPARTMENTS[number % len(DEPARTMENTS)]}
            yield self.event("user.provisioned", self._ago(self._onboarded_days()) + number, properties, number)
            yield self.event("session.started", first + HOUR_MS + number, {}, number)
        for milestone in self.playbook.milestones.get(self.key, ()):
            yield self.event("milestone.reached", first + HOUR_MS, {"milestone": milestone.name})
        for ago in range(measures.adopted_days, 0, -1):
            for place, feature in enumerate(self._core()):
                for user in {(place + turn) % self.active for turn in range(max(self.active, len(DEPARTMENTS)))}:
                    yield self.event("feature.used", self._ago(ago) + 2 * HOUR_MS, {"feature": feature}, user)
        yield self.event("qbr.held", self._ago(1) + 3 * HOUR_MS, {"attendees": 3})
        yield self.event("survey.answered", self._ago(1) + 4 * HOUR_MS, {"survey": "nps", "score": 10}, 0)

    def _core(self) -> list[str]:
        own = self.playbook.plans[self.plan].features
        ranked = sorted(self.playbook.core_features, key=lambda feature: feature not in own)
        return ranked[: self.asked.core_features]

    def _facts(self, owner: str | None) -> dict[str, Any]:
        plan, today = self.playbook.plans[self.plan], self.now_ms // DAY_MS
        facts = {
            "name": NAME,
            "status": "active",
            "segment": self.segment,
            "plan": self.plan,
            "seats": SEATS,
            "mrr": plan.price + SEATS * plan.seat_price,
            "currency": self.playbook.currency,
            "onboarded_at": str(date_from_day(today - self._onboarded_days())),
            "renews_on": str(date_from_day(today + RENEWS_IN_DAYS)),
            "exec_sponsor": "Test sponsor",
            "health_score": min(HEALTH_MOST, self.asked.health_score + 1),
        }
        return facts | ({"csm": owner} if owner else {})

    def _onboarded_days(self) -> int:
        return min(self.playbook.time.horizon_days, self.asked.days_since_onboarding + RENEWS_IN_DAYS)

    def _ago(self, days: int) -> int:
        return (self.now_ms // DAY_MS - days) * DAY_MS + 8 * HOUR_MS
