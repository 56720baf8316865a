"""Customers of the end-to-end tests: a past that opens the gate of their segment, and the event that decides."""

from collections.abc import Iterator
from typing import Any

import msgspec

from shared.kernel.clock import DAY_MS, HOUR_MS, iso_day
from shared.kernel.ids import trigger_id
from shared.kernel.playbook import Playbook
from upswing.history.calls import Call, Method

__all__ = ["LIMIT_METRIC", "PAST_DAYS", "SEATS", "SOURCE", "Customer", "deciding", "deciding_id", "past"]

SOURCE = "web"
PLAN, LIMIT_METRIC = "Growth", "api_calls"
SEATS = 10
PAST_DAYS = 5
USE_DAYS = (4, 3, 2)  # three days of use make a feature adopted
DECIDING_PERCENT = 96


class Customer(msgspec.Struct, frozen=True):
    """An account. Shape: `active` users work in its past; without `nps` nobody has answered, so its gate stays shut."""

    account_id: str
    name: str
    segment: str = "Mid-Market"
    active: int = 8
    nps: int | None = 10
    csm: str = "cleo"


def past(customer: Customer, playbook: Playbook, today: int) -> Iterator[Call]:
    """Yield an account's past, in order, before the midnight that begins a day."""
    made = 0

    def call(ago: int, method: Method, name: str = "", user: int | None = None, /, **properties: Any) -> Call:
        nonlocal made
        made += 1
        return Call(
            at_ms=(today - ago) * DAY_MS + 8 * HOUR_MS + made * 1_000,
            method=method,
            account_id=customer.account_id,
            message_id=f"past-{customer.account_id}-{made}",
            name=name,
            user_id=None if user is None else f"{customer.account_id}-u{user}",
            properties=properties,
        )

    for user in range(customer.active):  # before the seats are told: an account that nobody uses yet has no health
        yield call(PAST_DAYS, "track", "session.started", user)
    yield call(PAST_DAYS, "group", **_facts(customer, playbook, today))
    for milestone in playbook.milestones[_key(customer, playbook)]:
        yield call(PAST_DAYS, "track", "milestone.reached", milestone=milestone.name)
    for ago in USE_DAYS:
        for place in range(max(customer.active, len(playbook.core_features))):
            feature = playbook.core_features[place % len(playbook.core_features)]
            yield call(ago, "track", "feature.used", place % customer.active, feature=feature)
    yield call(1, "track", "qbr.held", attendees=3)
    yield call(1, "track", "engagement.recorded", kind="meeting")
    if customer.nps is not None:
        yield call(1, "track", "survey.answered", 0, survey="nps", score=customer.nps)


def deciding(customer_id: str, name: str | None = None) -> dict[str, Any]:
    """Return the Segment message of the one event that takes an account's calls from nothing to 96 % of its limit."""
    return {
        "type": "track",
        "event": "usage.recorded",
        "messageId": name or f"decide-{customer_id}",
        "userId": f"{customer_id}-u0",
        "context": {"groupId": customer_id},
        "properties": {"metric": LIMIT_METRIC, "quantity": 100_000 * DECIDING_PERCENT // 100},
    }


def deciding_id(customer_id: str, name: str | None = None, source: str = SOURCE) -> str:
    """Return the id of the trigger that must follow from it."""
    return trigger_id(
        customer_id, "usage_ceiling", LIMIT_METRIC, "executive", f"{source}/{name or f'decide-{customer_id}'}"
    )


def _key(customer: Customer, playbook: Playbook) -> str:
    return next(row.key for row in playbook.segments if row.name == customer.segment)


def _facts(customer: Customer, playbook: Playbook, today: int) -> dict[str, Any]:
    return {
        "name": customer.name,
        "status": "active",
        "segment": customer.segment,
        "plan": PLAN,
        "seats": SEATS,
        "mrr": 2_000,
        "currency": playbook.currency,
        "onboarded_at": iso_day(today - 200),
        "renews_on": iso_day(today + 160),
        "csm": customer.csm,
        "exec_sponsor": "Dana",
    }
