"""A made-up trigger, for trying the routes. Its alert is marked as a test."""

from services.notify.core.silence import Facts
from shared.kernel.ids import trigger_id
from shared.kernel.triggers import Criterion, EstimatedAcv, Evidence, Gate, Health, Kind, Recommendation, Trigger

TWO_DAYS_MS = 172_800_000


def sample_trigger(facts: Facts, now_ms: int) -> Trigger:
    """Return a trigger with the facts given and made-up evidence."""
    kinds: dict[str, Kind] = {"expansion": "expansion", "risk": "risk", "adoption": "adoption", "ops": "ops"}
    decided_by = f"test/{now_ms}"
    return Trigger(
        record="fired",
        trigger_id=trigger_id(facts.account_id, facts.rule, None, facts.level, decided_by),
        rule=facts.rule,
        category="usage",
        kind=kinds[facts.kind],
        level=facts.level,
        scope=None,
        scope_type=None,
        account_id=facts.account_id,
        account_name="Sample account",
        segment=facts.segment,
        occurred_at=now_ms,
        window_days=7,
        evidence=Evidence(92, 90, ">", "percent", summary="46 of 50 seats active in 7 days = 92 % (> 90 %)"),
        gate=Gate(True, 100, 1.0, (Criterion("health", 80, 86, True, 1.0),)),
        health=Health(86.0, {"usage": 91.0, "support": 80.0}),
        recommendation=Recommendation(
            facts.play, "cs_led", facts.owner_role, (), "this is a test: nothing to do", now_ms + TWO_DAYS_MS
        ),
        estimated_acv=EstimatedAcv(6_000, "EUR", "5 seats at €100 a month"),
        playbook_version="test",
        decided_by=decided_by,
        received_at=None,
        emitted_at=now_ms,
    )
