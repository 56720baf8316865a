"""Whitespace: each factor at its boundaries, and the bounds that a control record brings."""

import pytest

from shared.kernel.codec import decode_line
from shared.kernel.controls import Quintiles
from shared.kernel.errors import Problem
from tests.support.signals.selling import TEN_SEATS, act, begin, bounds, factors


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
