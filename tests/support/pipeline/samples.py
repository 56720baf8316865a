"""Triggers, snapshots and people as signals and administrators write them, with what a test cares for replaced."""

from typing import Any

import msgspec

from shared.kernel.ids import trigger_id
from shared.kernel.snapshots import LogPosition, RuleValue, Snapshot
from shared.kernel.triggers import (
    Criterion,
    EstimatedAcv,
    Evidence,
    Gate,
    Health,
    Recommendation,
    Trigger,
)

NOON = 1_780_315_200_000  # 2026-06-01T12:00:00Z, a Monday
FUTURE = 4_000_000_000_000  # 2096: what begins then is not due while the tests run
HOUR = 3_600_000
DAY = 86_400_000
GATE = Gate(open=True, readiness=100, confidence=1.0, criteria=(Criterion("health_score", 75, 90, True, 1.0),))
HEALTH = Health(90.0, {"usage": 95.0})
EVIDENCE = Evidence(92, 90, ">", "percent", {"active": 46, "seats": 50}, ("app/e1",), (NOON,), "46 of 50 seats")


def make_trigger(account_id: str = "acme", rule: str = "seat_saturation", **over: Any) -> Trigger:
    """Return a trigger that fired; its id follows from account, rule, scope, level and what decided."""
    play = over.pop("play", "team_growth")
    owner_role = over.pop("owner_role", "csm")
    response_due = over.pop("response_due", NOON + 2 * DAY)
    values: dict[str, Any] = {
        "record": "fired",
        "rule": rule,
        "category": "usage",
        "kind": "expansion",
        "level": None,
        "scope": None,
        "scope_type": None,
        "account_id": account_id,
        "account_name": "Acme",
        "segment": "mid_market",
        "occurred_at": NOON,
        "window_days": 7,
        "evidence": EVIDENCE,
        "gate": GATE,
        "health": HEALTH,
        "recommendation": Recommendation(play, "cs_led", owner_role, ("email",), "talk", response_due),
        "estimated_acv": EstimatedAcv(6_000, "USD", "seats"),
        "playbook_version": "default-1",
        "decided_by": "app/e1",
        "received_at": NOON,
        "emitted_at": NOON,
        "people": {"csm": "Cleo", "ae": "Abe"},
    } | over
    name = trigger_id(account_id, rule, values["scope"], values["level"], values["decided_by"])
    return Trigger(**{"trigger_id": name} | values)


def follow(trigger: Trigger, record: str, later_ms: int = HOUR) -> Trigger:
    """Return a later record of the same trigger."""
    return msgspec.structs.replace(trigger, record=record, occurred_at=trigger.occurred_at + later_ms)


def make_snapshot(account_id: str = "acme", offset: int = 1, **over: Any) -> Snapshot:
    """Return a snapshot of an account."""
    values: dict[str, Any] = {
        "account_id": account_id,
        "at": NOON,
        "today": "2026-06-01",
        "segment": "mid_market",
        "lifecycle": "expansion",
        "facts": {"name": "Acme", "csm": "Cleo", "ae": "Abe", "seats": 50},
        "health": HEALTH,
        "gate": GATE,
        "activation_status": "activated",
        "rules": (RuleValue("seat_saturation", "expansion", None, None, None, "fired", EVIDENCE, "2026-06-01"),),
        "active_triggers": ("seat_saturation",),
        "recommended_motion": "cs_led",
        "estimated_expansion_acv": EstimatedAcv(6_000, "USD", "seats"),
        "playbook_version": "default-1",
        "log": LogPosition("epoch-1", 0, offset),
    } | over
    return Snapshot(**values)


PEOPLE: list[dict[str, Any]] = [
    {"person_id": "cleo", "name": "Cleo", "email": "cleo@example.com", "roles": ["csm"], "time_zone": "Europe/Berlin",
     "country": "DE-BY"},
    {"person_id": "abe", "name": "Abe", "roles": ["ae"], "manager_id": "mia"},
    {"person_id": "mia", "name": "Mia", "roles": ["manager"]},
    {"person_id": "pam", "name": "Pam", "roles": ["pool"]},
    {"person_id": "pit", "name": "Pit", "roles": ["pool"], "capacity": 1},
]  # fmt: skip
