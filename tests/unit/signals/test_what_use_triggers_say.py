"""What the triggers about use carry and say: evidence word by word as on the rules' pages, and their worth."""

from collections.abc import Callable

import pytest

from services.signals.core.rules import BY_NAME
from shared.kernel.snapshots import RuleValue
from shared.kernel.topics import TRIGGERS
from shared.kernel.triggers import EstimatedAcv, Trigger, decode_trigger
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, control, only, playbook

OPEN: dict[str, object] = WIDE_OPEN | {
    f"gate.{segment}": WIDE_OPEN["gate.smb"] for segment in ("mid_market", "enterprise")
}
STARTER: dict[str, object] = {"plan": "Starter", "segment": "Mid-Market", "onboarded_at": "2025-01-01"}


def begin(rule: str, when: str = "2026-01-01 09:00", **facts: object) -> tuple[EngineSubject, Story]:
    """Begin on the plan Starter with one rule on and an open gate."""
    subject = EngineSubject([playbook(OPEN | only(rule))])
    story = Story(subject)
    story.ready(when, **STARTER | facts)
    return subject, story


def decided(subject: EngineSubject, line: bytes) -> Trigger:
    """Return the one trigger that a line makes fire."""
    subject.log.append(line)
    subject.engine.fold(len(subject.log) - 1, line, 1)
    (trigger,) = [decode_trigger(one.value) for one in subject.engine.take_outputs() if one.topic == TRIGGERS]
    assert trigger.record == "fired"
    return trigger


def used(story: Story, when: str, quantity: float, cost: float | None = None) -> bytes:
    """Return a line that records the metric `api_calls`."""
    return story.line(when, "usage.recorded", metric="api_calls", quantity=quantity, cost=cost)


def limit_hit_again() -> Trigger:
    """Refuse on two days with little use."""
    subject, story = begin("limit_hit_again", "2026-03-01 09:00")
    story.happens("2026-03-03 10:00", "limit.reached", metric="api_calls")
    return decided(subject, story.line("2026-03-09 10:00", "limit.reached", metric="api_calls"))


def feature_gap() -> Trigger:
    """Try what the next plan has three times."""
    subject, story = begin("feature_gap")
    for number in (1, 2):
        story.happens(f"2026-01-0{number} 10:00", "feature.blocked", feature="sso")
    return decided(subject, story.line("2026-01-03 10:00", "feature.used", feature="sso", quantity=9))


def addon_problem() -> Trigger:
    """Open five tickets of high severity, and one that is not."""
    subject, story = begin("addon_problem")
    for number in range(5):
        severity = "low" if number == 2 else "high"
        story.happens("2026-01-02 10:00", "ticket.opened", ticket_id=f"t{number}", severity=severity)
    return decided(subject, story.line("2026-01-03 10:00", "ticket.opened", ticket_id="t9", severity="high"))


def usage_velocity() -> Trigger:
    """Use two fifths more than in the thirty days before."""
    subject, story = begin("usage_velocity")
    story.fold(used(story, "2026-01-01 10:00", 1_000))
    return decided(subject, used(story, "2026-03-01 10:00", 1_400))


def cost_efficiency() -> Trigger:
    """Use a fifth more at a tenth more a unit."""
    subject, story = begin("cost_efficiency")
    story.fold(used(story, "2026-01-01 10:00", 1_000, cost=100))
    return decided(subject, used(story, "2026-03-01 10:00", 1_200, cost=132))


def usage_decline() -> Trigger:
    """Use a quarter less than in the ninety days before."""
    subject, story = begin("usage_decline")
    story.fold(used(story, "2026-01-01 10:00", 10_000))
    story.fold(used(story, "2026-04-01 10:00", 7_500))
    return decided(subject, control("tick", "2026-06-30 00:00"))


def login_decline() -> Trigger:
    """Come twenty times, then thirteen."""
    subject, story = begin("login_decline")
    story.active("2026-01-01 10:00", *["ada"] * 20)
    story.active("2026-01-15 10:00", *["ada"] * 13)
    return decided(subject, control("tick", "2026-01-29 00:00"))


def purchased_unused() -> Trigger:
    """Buy, and wait for thirty days."""
    subject, story = begin("purchased_unused")
    story.facts("2026-02-01 10:00", purchased_features=["sso"])
    return decided(subject, control("tick", "2026-03-03 00:00"))


STORIES: tuple[Callable[[], Trigger], ...] = (
    limit_hit_again,
    feature_gap,
    addon_problem,
    usage_velocity,
    cost_efficiency,
    usage_decline,
    login_decline,
    purchased_unused,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_the_example_on_a_rules_page_is_what_the_rule_says(story: Callable[[], Trigger]) -> None:
    """Word by word, with the threshold."""
    trigger = story()
    assert trigger.rule == story.__name__
    assert trigger.evidence.summary == BY_NAME[trigger.rule].example


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (limit_hit_again, {"metric": "api_calls", "reached_on": ["2026-03-03", "2026-03-09"], "days": 30}),
        (feature_gap, {"feature": "sso", "times": 3, "days": 7}),
        (usage_velocity, {"metric": "api_calls", "used": 1_400, "used_before": 1_000, "days": 30}),
        (
            cost_efficiency,
            {
                "metric": "api_calls",
                "used": 1_200,
                "used_before": 1_000,
                "unit_cost": 0.11,
                "unit_cost_before": 0.1,
                "days": 30,
            },
        ),
        (usage_decline, {"metric": "api_calls", "used": 7_500, "used_before": 10_000, "days": 90}),
        (login_decline, {"sessions": 13, "sessions_before": 20, "days": 14}),
        (purchased_unused, {"feature": "sso", "purchased_on": "2026-02-01", "days": 30}),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_the_evidence_has_what_the_value_was_computed_from(
    story: Callable[[], Trigger], expected: dict[str, object]
) -> None:
    """By names that a machine can read."""
    assert story().evidence.numbers == expected


def test_an_addons_evidence_has_its_bridge_and_its_scope() -> None:
    """The sentence that leads from the problem to the add-on; the events that were counted."""
    trigger = addon_problem()
    assert (trigger.scope, trigger.scope_type) == ("Priority Support", "addon")
    assert str(trigger.evidence.numbers["bridge"]).startswith("Because your team depends on the product")
    assert (trigger.evidence.numbers["event_type"], trigger.evidence.numbers["events"]) == ("ticket.opened", 5)
    assert (trigger.evidence.event_ids, trigger.window_days) == (("app/e8",), 30)


def test_tenfold_says_how_long_ago_its_window_ended() -> None:
    """A hundred in the thirty days that ended sixty days ago, a thousand now."""
    subject, story = begin("usage_velocity")
    story.fold(used(story, "2026-01-01 10:00", 100))
    story.happens("2026-03-30 10:00", "feature.used", feature="dashboards")
    trigger = decided(subject, used(story, "2026-03-31 10:00", 1_000))
    assert trigger.level == "tenfold"
    assert trigger.evidence.summary == (
        "1,000 api_calls in 30 days after 100 in the 30 days that ended 60 days ago = 1000 % (≥ 1000 %)"
    )
    assert trigger.evidence.numbers["ended_days_ago"] == 60


def test_use_is_worth_what_goes_beyond_the_limit_in_a_year() -> None:
    """1,400 calls on the first of March: 43,400 at its end, 33,400 above the limit, at 0.002 for twelve months."""
    assert usage_velocity().estimated_acv == EstimatedAcv(
        801.6, "USD", "usage: api_calls projected to the period's end"
    )


def test_costlier_use_is_worth_the_same_projection() -> None:
    """1,200 calls on the first of March: 37,200 at its end, 27,200 above the limit; not what the unit cost was."""
    worth = cost_efficiency().estimated_acv
    assert worth == EstimatedAcv(652.8, "USD", "usage: api_calls projected to the period's end")


def test_use_of_a_metric_without_limit_is_worth_a_guess() -> None:
    """Ten percent of the year's revenue for what the plan neither limits nor prices."""
    subject, story = begin("usage_velocity", mrr=500)
    line = "2026-01-01 10:00"
    story.happens(line, "usage.recorded", metric="exports", quantity=1_000)
    trigger = decided(subject, story.line("2026-03-01 10:00", "usage.recorded", metric="exports", quantity=1_400))
    assert trigger.estimated_acv == EstimatedAcv(600, "USD", "guess: 10 % of ARR")


def shown(subject: EngineSubject, rule: str) -> list[RuleValue]:
    """Return what the latest snapshot says of a rule."""
    return [row for row in subject.snapshots["acme"].rules if row.rule == rule]


def test_the_snapshot_shows_each_level_with_its_own_value() -> None:
    """Growth is measured, tenfold not yet; what counts as fired with it is told apart."""
    subject, story = begin("usage_velocity")
    story.fold(used(story, "2026-01-01 10:00", 1_000))
    story.fold(used(story, "2026-03-01 10:00", 700))
    values = {row.level: (row.state, row.evidence.value) for row in shown(subject, "usage_velocity")}
    assert values == {"growth": ("armed", 70), "tenfold": ("unmeasured", None)}


def test_a_limit_that_was_never_reached_is_shown_without_days() -> None:
    """Nothing of two days yet."""
    subject, _ = begin("limit_hit_again")
    (calls, *_) = shown(subject, "limit_hit_again")
    assert (calls.state, calls.evidence.value) == ("armed", 0)
    assert calls.evidence.summary == "the limit of api_calls was reached on 0 days of 30 (≥ 2)"
