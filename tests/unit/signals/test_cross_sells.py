"""Cross-sells: when whitespace makes a trigger, what new bounds do, and what the trigger says."""

from typing import Any

import msgspec
import pytest

from shared.kernel.topics import TRIGGERS
from shared.kernel.triggers import Trigger, decode_trigger
from tests.oracle.adapters import EngineSubject
from tests.support.signals.selling import FITTING, PRODUCT, TEN_SEATS, act, begin, bounds, factors


def test_seventy_points_fire_for_each_product_by_itself() -> None:
    """Fit 5, depth 1, interest 3, budget 5, champion 5 are 72; with interest 1 they are 64."""
    other = PRODUCT | {"features": [], "adjacent_to": ["Core"]}
    story = begin({"products": {"Insights": PRODUCT, "Other": other}}, **FITTING, budget_month=3)
    assert story.told == []
    assert story.happens("2026-03-02 10:00", "capability.requested", feature="roles") == [
        "fired cross_sell_fit:Insights"
    ]
    assert (story.told[-1].value, story.told[-1].threshold) == (72, 70)
    assert story.happens("2026-03-02 11:00", "capability.requested", product="other") == ["fired cross_sell_fit:Other"]
    story.facts("2026-03-03 10:00", products=["Core", "insights "])
    assert story.tick("2026-03-04 00:00") == ["resolved cross_sell_fit:Insights"]
    assert story.told[-1].value is None


@pytest.mark.parametrize(("budget", "ends"), [("2026-04-02 00:00", False), ("2026-05-02 00:00", True)])
def test_a_cross_sell_is_over_at_sixty_five(budget: str, ends: bool) -> None:
    """72 in April with a budget of April; in May its month is gone: 60."""
    story = begin(**FITTING, budget_month=4)
    story.happens("2026-03-02 10:00", "capability.requested", product="insights")
    assert ("resolved cross_sell_fit:Insights" in story.tick(budget)) is ends


def test_acts_that_enter_the_next_fifth_fire_at_once() -> None:
    """64 with a depth of 1; its second fifth makes it 69, its third 74."""
    story = begin(**FITTING, **TEN_SEATS, budget_month=3)
    story.fold(bounds("2026-03-01 10:00", 1, 2, 3, 4))
    assert act(story, "2026-03-02 10:00", 19) == []
    assert act(story, "2026-03-02 11:00", 1) == ["fired cross_sell_fit:Insights"]
    assert act(story, "2026-03-02 12:00", 30) == []


def test_late_acts_that_enter_the_next_fifth_fire_at_once() -> None:
    """Within the window they count as those of today do."""
    story = begin(**FITTING, **TEN_SEATS, budget_month=3)
    story.fold(bounds("2026-03-01 10:00", 1, 2, 3, 4))
    assert act(story, "2026-03-05 10:00", 19) == []
    assert act(story, "2026-03-04 10:00", 1) == ["fired cross_sell_fit:Insights"]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("kind", ["feature.blocked", "session.started", "effort.logged"])
def test_new_bounds_fire_nothing_until_the_next_record_of_the_account(kind: str, restarted: bool) -> None:
    """Whatever that is, and whoever folds it."""
    story = begin(**FITTING, **TEN_SEATS, budget_month=3)
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    act(story, "2026-03-02 10:00", 24)
    assert story.fold(bounds("2026-03-02 11:00", 1, 2, 3, 4)) == []
    if restarted:
        subject.flush()
        assert subject.restart() == []
    properties: dict[str, Any] = {"feature.blocked": {"feature": "sso"}, "effort.logged": {"hours": 1, "cost": 1}}
    assert story.happens("2026-03-02 12:00", kind, **properties.get(kind, {})) == ["fired cross_sell_fit:Insights"]
    assert not subject.engine.state.accounts["acme"].unsettled


def test_older_bounds_are_ignored_and_those_of_the_same_instant_replace() -> None:
    """By what each record says of itself."""
    story = begin(**TEN_SEATS)
    act(story, "2026-03-02 10:00", 24)
    story.fold(bounds("2026-03-02 11:00", 1, 2, 3, 4))
    story.fold(bounds("2026-03-02 10:59", 9, 9, 9, 9))
    assert factors(story).depth == 3
    story.fold(bounds("2026-03-02 11:00", 9, 9, 9, 9))
    assert factors(story).depth == 1


def test_bounds_concern_no_account_that_has_churned_nor_a_rule_that_is_off() -> None:
    """Nothing waits to be looked at."""
    for story in (begin(status="churned", **TEN_SEATS), begin({"rules.cross_sell_fit.enabled": False}, **TEN_SEATS)):
        story.fold(bounds("2026-03-02 11:00", "0.000001", 2, 3, 4))
        subject = story.subject
        assert isinstance(subject, EngineSubject)
        assert not subject.engine.state.accounts["acme"].unsettled


def test_a_line_that_fails_after_new_bounds_is_refolded_under_them() -> None:
    """The account is loaded again; the bounds are in the journal, and concern it alone."""
    story = begin(**FITTING, **TEN_SEATS, budget_month=3)
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    story.account = "other"
    story.ready("2026-03-01 09:00", **TEN_SEATS)
    story.account = "acme"
    act(story, "2026-03-02 10:00", 24)
    subject.flush()
    story.fold(bounds("2026-03-02 11:00", 1, 2, 3, 4))
    state = subject.engine.state
    huge = story.line("2026-03-02 12:00", "account.updated", seats=10)
    state.accounts["acme"].metrics = None  # a page that memory has broken: whatever looks at it fails
    assert story.fold(huge) == []
    assert state.counts["rejected", "rule_failed"] or subject.counts["rejected", "rule_failed"]
    assert story.happens("2026-03-02 13:00", "feature.blocked", feature="sso") == ["fired cross_sell_fit:Insights"]


def test_what_the_trigger_says() -> None:
    """The factors, what was asked for, the bridge, and what the product costs a year."""
    changes: dict[str, object] = {"products": {"Insights": PRODUCT | {"bridge": "Because A, now B."}}}
    story = begin(changes, **FITTING, seats=3, budget_month=3)
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    act(story, "2026-03-02 09:00", 1)
    line = story.line("2026-03-02 10:00", "capability.requested", product="Insights", name="it")
    subject.engine.fold(len(subject.log), line, 1)
    (trigger,) = [decode_trigger(one.value) for one in subject.engine.take_outputs() if one.topic == TRIGGERS]
    assert (trigger.rule, trigger.category, trigger.kind) == ("cross_sell_fit", "buying", "expansion")
    assert (trigger.scope, trigger.scope_type, trigger.window_days) == ("Insights", "product", 180)
    assert trigger.evidence.numbers == {
        "fit": 5,
        "depth": 1,
        "interest": 3,
        "budget": 5,
        "champion": 5,
        "requests": 1,
        "usage_per_seat": 0.666667,
    }
    text = "whitespace for Insights: fit 5, depth 1, interest 3, budget 5, champion 5 of 5 (≥ 70)"
    assert trigger.evidence.summary == text
    assert trigger.evidence.event_ids == ("app/it",)
    _carries_what_it_is_worth(trigger)


def _carries_what_it_is_worth(trigger: Trigger) -> None:
    assert trigger.estimated_acv is not None
    assert msgspec.to_builtins(trigger.estimated_acv) == {
        "amount": 1_200,
        "currency": "USD",
        "basis": "cross-sell: Insights",
    }
    assert trigger.recommendation.bridge == "Because A, now B."
