"""An account in words: what stands, what is missing, and what would make each rule fire."""

import pytest
from msgspec.structs import replace

from shared.kernel.snapshots import RuleValue, State
from shared.kernel.triggers import Criterion, Evidence, Gate, Number
from tests.support.pipeline.samples import make_snapshot, make_trigger
from upswing.explain.tell import tell, to_fire
from upswing.trace.tell import HINTS


def value(
    now: Number | None, comparison: str, threshold: Number, unit: str = "percent", state: State = "armed"
) -> RuleValue:
    """Return a rule's value; its summary is its name."""
    evidence = Evidence(now, threshold, comparison, unit, summary="so it stands")  # type: ignore[arg-type]  # drawn from a table
    return RuleValue("usage_ceiling", "expansion", "owner", "api_calls", "metric", state, evidence)


@pytest.mark.parametrize(
    ("now", "comparison", "threshold", "unit", "said"),
    [
        (87, ">=", 95, "percent", "fires at >= 95 %: 8 percentage points to go"),
        (89, ">", 90, "percent", "fires at > 90 %: more than 1 percentage point to go"),
        (90, ">", 90, "percent", "fires at > 90 %: more than 0 percentage points to go"),
        (1, ">=", 3, "count", "fires at >= 3: 2 to go"),
        (72.5, ">=", 85, "points", "fires at >= 85 points: 12.5 points to go"),
        (77, "<", 50, "points", "fires at < 50 points: after a fall by more than 27 points"),
        (31, "<=", 30, "percent", "fires at <= 30 %: after a fall by 1 percentage point"),
        (96, ">=", 95, "percent", "fires at >= 95 %: it is there, and is looked at when the day changes"),
        (20, "<", 30, "percent", "fires at < 30 %: it is there, and is looked at when the day changes"),
        (None, ">=", 1, "count", "so it stands"),
    ],
)
def test_an_armed_rule_says_how_far_it_is_from_its_threshold(
    now: Number | None, comparison: str, threshold: Number, unit: str, said: str
) -> None:
    """The gap is in the rule's unit; a value that has to exceed its threshold has a little more to go."""
    assert to_fire(value(now, comparison, threshold, unit)) == said


def test_every_rule_is_told_under_its_state() -> None:
    """Open triggers with their day and id, armed ones with what is missing, the others with why."""
    fired = replace(value(97, ">=", 95, state="fired"), since="2026-05-30", trigger_id="t-1", level="executive")
    held = replace(value(3, ">=", 3, "count", state="held"), rule="gated_exploration", level=None, scope=None)
    rules = (
        fired,
        held,
        value(87, ">=", 95),
        value(None, ">", 20, state="unmeasured"),
        value(None, ">", 20, state="off"),
    )
    lines = list(tell(make_snapshot(rules=rules), 0))
    assert lines[-14:] == [
        "fired, and not over yet",
        "  usage_ceiling executive api_calls  since 2026-05-30: now so it stands [t-1]",
        "",
        "held: they stand, and wait for what holds them",
        "  gated_exploration  now so it stands",
        "",
        "armed",
        "  usage_ceiling owner api_calls  fires at >= 95 %: 8 percentage points to go; now so it stands",
        "",
        "not measured",
        "  usage_ceiling owner api_calls  so it stands",
        "",
        "switched off",
        "  usage_ceiling owner api_calls  so it stands",
    ]


def test_what_has_fallen_back_is_told_with_the_value_at_which_it_fired() -> None:
    """Beside today's value; where both are the same, once; of a record that has expired, today's alone."""
    fired = replace(value(71, ">=", 95, state="fired"), since="2026-05-30", trigger_id="t-1")
    held = replace(value(3, ">=", 3, "count", state="held"), since="2026-05-29", trigger_id="t-2")
    old = replace(value(96, ">=", 95, state="fired"), since="2026-04-01", trigger_id="t-3")
    passed = replace(value(71, ">=", 85, state="passed"), since="2026-05-30")
    first = make_trigger(trigger_id="t-1", evidence=Evidence(97, 95, ">=", "percent", summary="97 of 100"))
    same = make_trigger(trigger_id="t-2", record="held", evidence=held.evidence)
    lines = list(tell(make_snapshot(rules=(fired, held, old, passed)), 0, {"t-1": first, "t-2": same}))
    assert [line.strip() for line in lines if "since" in line] == [
        "usage_ceiling owner api_calls  since 2026-05-30: fired at 97 of 100; now so it stands [t-1]",
        "usage_ceiling owner api_calls  since 2026-04-01: now so it stands [t-3]",
        "usage_ceiling owner api_calls  since 2026-05-29: so it stands [t-2]",
        "usage_ceiling owner api_calls  since 2026-05-30: now so it stands",
    ]


def test_the_gate_names_what_is_missing_unknown_and_left_out() -> None:
    """Each criterion with what is and what is wanted; other reasons are told as holds, and shut an open gate too."""
    gate = Gate(
        open=False,
        readiness=70,
        confidence=0.75,
        criteria=(
            Criterion("days_since_onboarding", 30, 31, met=True),
            Criterion("core_features", 3, 2, met=False),
            Criterion("health_score", 75, None, met=None),
            Criterion("sentiment", 7, None, met=None, left_out=True),
        ),
        held_because=("core_features", "health_score", "renewal_quiet"),
    )
    lines = list(tell(make_snapshot(gate=gate), 0))
    start = lines.index("gate        shut: readiness 70, 75% of the criteria known")
    assert lines[start + 1 : start + 6] == [
        "  met       days_since_onboarding: 31, wanted more than 30",
        f"  MISSING   core_features: 2, wanted 3 ({HINTS['core_features']})",
        "  unknown   health_score: unknown, wanted 75",
        "  left out  sentiment: unknown, wanted 7",
        "  holds     renewal_quiet",
    ]
    quiet = replace(make_snapshot().gate, held_because=("suspended",))
    assert "gate        shut: readiness 100, 100% of the criteria known" in list(tell(make_snapshot(gate=quiet), 0))


def test_the_head_says_who_when_and_how_far_signals_has_read() -> None:
    """Account, segment, playbook, the record after which it was taken, and a warning when signals is late."""
    lines = list(tell(make_snapshot(notices=("plan Gold is not in the playbook",)), 3))
    assert lines[:3] == [
        "acme (Acme): mid_market, expansion, playbook default-1",
        "as of 2026-06-01T12:00:00.000Z, today 2026-06-01, after record 1 of events/0",
        "signals is 3 records behind in that partition: is it running and ready?",
    ]
    assert "health      90: usage 95" in lines
    assert "worth       6,000 USD a year (seats)" in lines
    assert "notice      plan Gold is not in the playbook" in lines
    nameless = make_snapshot(facts={}, estimated_expansion_acv=None)
    assert next(tell(nameless, 0)) == "acme: mid_market, expansion, playbook default-1"


def test_a_trend_says_what_no_tickets_count_as() -> None:
    """An account that never had one is declining too (definition 17), which nobody would guess."""
    gate = replace(
        make_snapshot().gate, criteria=(Criterion("ticket_trend", "declining or stable", "declining", met=True),)
    )
    assert (
        "  met       ticket_trend: declining, wanted declining or stable (no tickets at all count as declining)"
        in list(tell(make_snapshot(gate=gate), 0))
    )
