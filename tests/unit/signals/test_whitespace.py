"""Whitespace: each factor at its boundaries, the bounds that a control record brings, and the trigger that follows."""

from typing import Any

import msgspec
import pytest

from services.signals.core import whitespace
from shared.kernel.codec import decode_line
from shared.kernel.controls import Quintiles
from shared.kernel.errors import Problem
from shared.kernel.topics import TRIGGERS
from shared.kernel.triggers import Trigger, decode_trigger
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, control, only, playbook

PRODUCT = {"price": 100, "adjacent_to": ["Core"], "industries": ["SaaS"], "features": ["forecasting", "roles"]}
BOOK: dict[str, object] = WIDE_OPEN | only("cross_sell_fit") | {"products": {"Insights": PRODUCT}}
FITTING: dict[str, object] = {"industry": "SaaS", "products": ["Core"], "exec_sponsor": "Eve", "champion": "Carl"}
TEN_SEATS: dict[str, object] = {"seats": 10}


def begin(changes: dict[str, object] | None = None, /, **facts: object) -> Story:
    """Begin in March with an open gate and one product to sell."""
    story = Story(EngineSubject([playbook(BOOK | (changes or {}))]))
    story.ready("2026-03-01 09:00", **facts)
    return story


def factors(story: Story) -> whitespace.Factors:
    """Return the factors of the one product."""
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    state = subject.engine.state
    return whitespace.factors(state.accounts["acme"], state.terms, whitespace.offer(state.terms, "Insights"))


def bounds(when: str, *four: float | str, segment: str = "smb") -> bytes:
    """Return the control record with the bounds of one segment."""
    return control("quintiles", when, playbook_version="v", segments={segment: four})


def act(story: Story, when: str, number: int, user: str | None = "ann") -> list[str]:
    """Let so many acts happen, in one record."""
    return story.fold(*(story.line(when, "session.started", user=user) for _ in range(number)))


@pytest.mark.parametrize(
    ("facts", "factor"),
    [
        ({}, 1),
        ({"industry": " saas "}, 3),
        ({"industry": "Retail", "products": [" CORE"]}, 3),
        ({"industry": "SAAS", "products": ["core"]}, 5),
    ],
)
def test_fit_is_industry_and_a_product_that_is_adjacent(facts: dict[str, object], factor: int) -> None:
    """Names are compared without regard to case and outer blanks."""
    assert factors(begin(**facts)).fit == factor


@pytest.mark.parametrize(
    ("facts", "factor"),
    [({}, 1), ({"exec_sponsor": ""}, 1), ({"champion": True}, 3), ({"exec_sponsor": "e", "champion": "c"}, 5)],
)
def test_champion_is_a_sponsor_and_a_champion(facts: dict[str, object], factor: int) -> None:
    """Both, one, none."""
    assert factors(begin(**facts)).champion == factor


@pytest.mark.parametrize(
    ("month", "factor"),
    [(3, 5), (4, 5), (5, 3), (6, 3), (7, 1), (12, 1), (1, 1), (2, 1), (None, 1)],
)
def test_budget_is_near_in_the_three_months_before_its_month(month: int | None, factor: int) -> None:
    """In March: the month itself, and one, two, three and more months ahead; last month's is gone."""
    assert factors(begin(budget_month=month)).budget == factor


def test_budget_goes_round_the_year() -> None:
    """January's is two months ahead in November, one in December."""
    story = begin(budget_month=1)
    story.tick("2026-11-01 00:00")
    assert factors(story).budget == 3
    story.tick("2026-12-01 00:00")
    assert factors(story).budget == 5


@pytest.mark.parametrize(("requests", "factor"), [(0, 1), (1, 3), (2, 4), (3, 5), (4, 5)])
def test_interest_is_what_was_asked_for(requests: int, factor: int) -> None:
    """By the product's name or by a feature that it has; each event once, though it names both."""
    story = begin()
    asked = [
        {"product": " insights"},
        {"feature": "roles"},
        {"product": "INSIGHTS", "feature": "roles"},
        {"feature": "forecasting"},
    ]
    for properties in asked[:requests]:
        story.happens("2026-03-02 10:00", "capability.requested", **properties)
    for properties in ({"product": "Connect"}, {"feature": "sso"}, {}, {"product": "  "}):
        story.happens("2026-03-02 11:00", "capability.requested", **properties)
    assert (factors(story).interest, factors(story).requests) == (factor, requests)


def test_interest_is_that_of_a_hundred_and_eighty_days() -> None:
    """A request of 2026-03-02 counts until 2026-08-28."""
    story = begin()
    story.happens("2026-03-02 10:00", "capability.requested", product="Insights")
    story.tick("2026-08-28 00:00")
    assert factors(story).requests == 1
    story.tick("2026-08-29 00:00")
    assert (factors(story).requests, factors(story).interest) == (0, 1)


def test_a_playbook_without_a_step_of_no_requests_gives_the_least() -> None:
    """Its first step asks for one request."""
    story = begin({"whitespace.interest": [{"requests": 1, "factor": 4}]})
    assert factors(story).interest == 1


@pytest.mark.parametrize(("acts", "factor"), [(10, 1), (11, 2), (20, 2), (21, 3), (31, 4), (40, 4), (41, 5)])
def test_depth_is_the_fifth_of_usage_per_seat(acts: int, factor: int) -> None:
    """Ten seats, bounds 1 to 4: one that is met is not passed; anonymous acts count, and those before the bounds."""
    story = begin(**TEN_SEATS)
    act(story, "2026-03-01 10:00", acts // 2 - 1, None)  # one was told already
    story.fold(bounds("2026-03-01 23:00", 1, 2, 3, 4))
    act(story, "2026-03-02 10:00", acts - acts // 2)
    assert factors(story).depth == factor


@pytest.mark.parametrize(
    ("facts", "segment"), [({"seats": 0}, "smb"), ({}, "smb"), (TEN_SEATS, "enterprise")], ids=["0", "none", "bounds"]
)
def test_depth_is_the_least_without_seats_or_bounds(facts: dict[str, object], segment: str) -> None:
    """However much is done."""
    story = begin(**facts)
    story.fold(bounds("2026-03-01 10:00", 1, 2, 3, 4, segment=segment))
    act(story, "2026-03-02 10:00", 100)
    assert factors(story).depth == 1


def test_acts_leave_after_thirty_days_late_ones_join_and_nobody_takes_them_away() -> None:
    """Five on the second, five late on the third; the user is erased, the acts stay the account's."""
    story = begin(**TEN_SEATS)
    story.fold(bounds("2026-03-01 10:00", "0.1", 0.5, 0.9, 100))
    act(story, "2026-03-02 10:00", 5)
    story.tick("2026-03-04 00:00")
    act(story, "2026-03-03 10:00", 5)
    story.happens("2026-03-04 11:00", "user.erased", user="ann")
    assert factors(story).depth == 4
    story.tick("2026-03-31 00:00")  # that of the first has left: ten are 1 a seat
    assert factors(story).depth == 4
    story.tick("2026-04-01 00:00")  # five are left: 0.5 is not above 0.5
    assert factors(story).depth == 2
    act(story, "2026-03-02 12:00", 1)  # late, and too early for the window
    assert factors(story).depth == 2
    story.tick("2026-04-02 00:00")
    assert factors(story).depth == 1


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


@pytest.mark.parametrize(
    ("four", "field"),
    [
        ((1, 2, 3), "segments"),
        ((1, 2, 2, 1), "segments"),
        ((1, 2, 3, -4), "segments"),
        ((1, 2, 3, 0.0000001), "segments"),
        ((1, 2, 3, "x"), "segments"),
    ],
)
def test_bounds_that_mean_nothing_are_refused(four: tuple[float | str, ...], field: str) -> None:
    """Four of them, which do not fall, with six decimals at most."""
    read = decode_line(bounds("2026-03-02 11:00", *four))
    assert isinstance(read, Problem)
    assert read.field.startswith(field)


def test_bounds_may_be_equal() -> None:
    """Many accounts may do the same."""
    read = decode_line(bounds("2026-03-02 11:00", 0, 0, 0, "1.5"))
    assert isinstance(read, Quintiles)


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
