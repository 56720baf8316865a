"""Accounts whose gates stand open, what they do all day, and the one event that takes each over a threshold.

Everything reaches the product as a client's calls. The past of an account gives it what its segment's gate asks for:
facts, milestones, users who use the core features on three days, a review, an engagement, a good score. It begins
with the account, so that no department is new and nobody is idle, and with a bad score, so that health is not excellent
for a whole month: no rule of the playbook has anything to say before the deciding event.
"""

from collections.abc import Iterator
from random import Random
from typing import Any, Literal

import msgspec

from shared.kernel.clock import DAY_MS, date_from_day, iso_day
from shared.kernel.ids import trigger_id
from shared.kernel.playbook import Playbook
from upswing.history.calls import Call, in_order

__all__ = ["Company", "Deciding"]

Rule = Literal["usage_ceiling", "gated_exploration", "seat_saturation"]
RULES: tuple[Rule, ...] = ("usage_ceiling", "gated_exploration", "seat_saturation")
PLAN, METRIC = "Growth", "api_calls"
SEATS, USERS, NEARLY_FULL = 10, 8, 9
PAST_DAYS, BUSY_DAY = 62, 35
USE_DAYS = (6, 4, 2)
PERIOD_DAYS = 12
USED_PERCENT, JUMP_PERCENT = 60, 22
HOUR_MS = 3_600_000


class Deciding(msgspec.Struct, frozen=True):
    """The call that takes an account over a threshold, and the id of the trigger that must follow."""

    call: Call
    trigger_id: str


class Company:
    """The customers of one run. Shape: account n is of rule n mod 3; `owners` people share the accounts in turns."""

    def __init__(self, playbook: Playbook, accounts: int, owners: int, source: str) -> None:
        self.accounts, self.owners = accounts, owners
        self._source = source
        self._playbook = playbook
        self._segments = [segment.name for segment in playbook.segments]
        self._keys = [segment.key for segment in playbook.segments]
        self._limit = int(playbook.plans[PLAN].limits[METRIC] or 0)
        above = playbook.plans[str(playbook.plans[PLAN].next)]
        self._gated = [name for name in above.features if name not in playbook.plans[PLAN].features]
        self._core = list(playbook.core_features)

    @staticmethod
    def account(number: int) -> str:
        """Return an account's id."""
        return f"bench-{number:05}"

    @staticmethod
    def rule(number: int) -> Rule:
        """Return the rule that an account's deciding event is about."""
        return RULES[number % len(RULES)]

    def owner(self, number: int) -> str:
        """Return who looks after an account."""
        return f"csm-{number % self.owners}"

    def past(self, now_ms: int) -> list[Call]:
        """Return the past of all accounts, in order; it ends before the midnight that began today."""
        return in_order([call for number in range(self.accounts) for call in self._past(number, now_ms // DAY_MS)])

    def _past(self, number: int, today: int) -> Iterator[Call]:
        account, made = self.account(number), 0

        def call(ago: int, method: Any, name: str = "", user: int | None = None, **properties: Any) -> Call:
            nonlocal made
            made += 1
            at_ms = (today - ago) * DAY_MS + 8 * HOUR_MS + made * 1_000
            who = None if user is None else f"u{user}"
            return Call(
                at_ms=at_ms,
                method=method,
                account_id=account,
                message_id=f"past-{number}-{made}",
                name=name,
                user_id=who,
                properties=properties,
            )

        for user in range(USERS):  # before the seats are told: an account that nobody uses yet has no health
            yield call(PAST_DAYS, "track", "session.started", user=user)
        yield call(PAST_DAYS, "group", **self._facts(number, today))
        for user in range(USERS):
            yield call(PAST_DAYS, "identify", user=user, department=("Legal", "Support")[user % 2])
        for milestone in self._playbook.milestones[self._keys[number // len(RULES) % len(self._keys)]]:
            yield call(PAST_DAYS, "track", "milestone.reached", milestone=milestone.name)
        yield call(PAST_DAYS, "track", "survey.answered", user=0, survey="nps", score=0)
        for user in range(USERS):
            yield call(BUSY_DAY, "track", "session.started", user=user)
        users = NEARLY_FULL if self.rule(number) == "seat_saturation" else USERS
        for turn, ago in enumerate(USE_DAYS):
            for place, feature in enumerate(self._core):
                user = (turn * len(self._core) + place) % users
                yield call(ago, "track", "feature.used", user=user, feature=feature)
        yield call(3, "track", "qbr.held", attendees=3)
        yield call(3, "track", "engagement.recorded", kind="meeting")
        yield call(2, "track", "survey.answered", user=0, survey="nps", score=10)
        yield call(1, "track", "usage.recorded", user=1, metric=METRIC, quantity=self._limit * USED_PERCENT // 100)
        if self.rule(number) == "gated_exploration":
            for feature in self._gated[:2]:
                yield call(1, "track", "feature.blocked", user=1, feature=feature)

    def _facts(self, number: int, today: int) -> dict[str, Any]:
        return {
            "name": f"Customer {self.account(number)}",
            "status": "active",
            "segment": self._segments[number // len(RULES) % len(self._segments)],
            "plan": PLAN,
            "seats": SEATS,
            "mrr": 2_000,
            "currency": self._playbook.currency,
            "onboarded_at": iso_day(today - PAST_DAYS),
            "renews_on": iso_day(today + 160),
            "billing_anchor": date_from_day(today - PERIOD_DAYS).day,
            "csm": self.owner(number),
            "ae": self.owner(number),
            "exec_sponsor": "Dana",
        }

    def everyday(self, rng: Random, name: str, at_ms: int) -> Call:
        """Return one of the calls that clients send all day, of any account; none takes it over a threshold."""
        account, user, what = self.account(rng.randrange(self.accounts)), f"u{rng.randrange(USERS)}", rng.random()
        if what < 0.6:
            return _track(account, name, at_ms, user, "feature.used", feature=rng.choice(self._core))
        if what < 0.8:
            return _track(account, name, at_ms, user, "usage.recorded", metric=METRIC, quantity=rng.randint(1, 3))
        return _track(account, name, at_ms, user, "session.started")

    def deciding(self, number: int, at_ms: int) -> Deciding:
        """Return the call that takes an account over its threshold; each account has one."""
        account, name = self.account(number), f"deciding-{number}"
        rule = self.rule(number)
        scope: str | None = None
        level: str | None = None
        if rule == "usage_ceiling":
            quantity = self._limit * JUMP_PERCENT // 100
            call = _track(account, name, at_ms, "u1", "usage.recorded", metric=METRIC, quantity=quantity)
            scope, level = METRIC, self._level()
        elif rule == "gated_exploration":
            call = _track(account, name, at_ms, "u1", "feature.blocked", feature=self._gated[2])
        else:
            call = _track(account, name, at_ms, f"u{SEATS - 1}", "session.started")
            scope = "active"
        return Deciding(call, trigger_id(account, rule, scope, level, f"{self._source}/{name}"))

    def _level(self) -> str:
        """Return the highest level of the ceiling that the jump reaches."""
        share = USED_PERCENT + JUMP_PERCENT
        return [level.name for level in self._playbook.rules.usage_ceiling.levels if level.percent < share][-1]


def _track(account: str, name: str, at_ms: int, user: str, event: str, **properties: Any) -> Call:
    return Call(
        at_ms=at_ms,
        method="track",
        account_id=account,
        message_id=name,
        name=event,
        user_id=user,
        properties=properties,
    )
