"""Truths and triggers for tests of the score: as small as the case."""

from typing import Any

from shared.kernel.clock import DAY_MS
from shared.kernel.triggers import Criterion, Evidence, Gate, Health, Recommendation, Trigger
from upswing.simulate.score import number
from upswing.simulate.truth import SCHEMA, AccountTruth, Simulation, Stands, Totals, Truth

BEGINS, ENDS = "2026-03-10", "2026-03-20"


def stands(**given: Any) -> Stands:
    """A situation of `usage_ceiling` on `api_calls`."""
    own: dict[str, Any] = {"rule": "usage_ceiling", "scope": "api_calls", "begins": BEGINS, "ends": ENDS}
    return Stands(**(own | {"seen_from": given.get("begins", BEGINS)} | given))


def account(name: str = "acme", *situations: Stands, **given: Any) -> AccountTruth:
    """An account's truth."""
    own: dict[str, Any] = {
        "account_id": name,
        "name": name,
        "segment": "SMB",
        "label": "stable",
        "first_day": "2026-03-01",
        "turning_day": "2026-03-01",
        "readiness": 0.5,
        "expanded_on": [],
        "churned_on": None,
        "situations": list(situations),
        "illusions": [],
        "happenings": [],
        "disturbances": [],
        "happened": {},
        "lost": {},
        "refused": {},
        "duplicates": 0,
    }
    return AccountTruth(**(own | given))


def truth(*accounts: AccountTruth) -> Truth:
    """A truth of some accounts."""
    simulation = Simulation(
        schema=SCHEMA,
        seed=1,
        accounts=len(accounts),
        days=41,
        first_day="2026-03-01",
        last_day="2026-04-10",
        playbook_version="v",
        playbook_digest="",
        judged_rules=["usage_ceiling"],
    )
    totals = Totals(
        events=0, sent={}, bad=0, duplicates=0, labels={}, tokens=["usage.recorded", "account.updated.plan"]
    )
    return Truth(simulation, {one.account_id: one for one in accounts}, totals, 0)


def trigger(day: str, record: str = "fired", *, met: bool = True, **given: Any) -> Trigger:
    """One record of a trigger."""
    own: dict[str, Any] = {
        "record": record,
        "trigger_id": f"t-{given.get('account_id', 'acme')}-{day}",
        "rule": "usage_ceiling",
        "category": "usage",
        "kind": "expansion",
        "level": "outreach",
        "scope": "api_calls",
        "scope_type": "metric",
        "account_id": "acme",
        "segment": "smb",
        "occurred_at": number(day) * DAY_MS + 1,
        "window_days": None,
        "evidence": Evidence(81, 80, ">", "percent"),
        "gate": Gate(met, 100, 1.0, (Criterion("sentiment", 7, 8 if met else 5, met),)),
        "health": Health(80, {}),
        "recommendation": Recommendation("tier_migration", "product_led", "pool", (), "", 0),
        "estimated_acv": None,
        "playbook_version": "v",
        "decided_by": "app/1",
        "received_at": None,
        "emitted_at": 0,
    }
    return Trigger(**(own | given))
