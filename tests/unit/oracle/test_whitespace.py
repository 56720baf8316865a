"""Definitions 9, 29, 41, 69: how well a product would fit, by the default playbook's two.

Insights lies next to Core, fits SaaS and FinTech, and has `forecasting`; Connect lies next to Core and Insights, fits
Retail and Logistics, and has `integrations`. Score = 20 x (30 fit + 25 depth + 20 interest + 15 budget + 10 champion).
"""

from functools import partial

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.beginnings import begin as begin_with
from tests.oracle.story import Story
from tests.oracle.writing import control, only

begin = partial(begin_with, changes=only("cross_sell_fit") | {"rules.cross_sell_fit.score": 1})
CHANGES = only("cross_sell_fit") | {"rules.cross_sell_fit.score": 1}
BOTH = ["cross_sell_fit:Connect", "cross_sell_fit:Insights"]


def quintiles(story: Story, when: str, **segments: list[float]) -> list[str]:
    """Tell the bounds of usage per seat among all accounts."""
    return story.fold(control("quintiles", when, playbook_version="default-1", segments=segments))


def score(tell: Tell, product: str = "Insights", quintile: float | None = None, **facts: object) -> float | None:
    """Return what an account with these facts scores for a product on January 1; it has one act."""
    story = tell(CHANGES)
    if quintile is not None:
        quintiles(story, "2026-01-01 00:00", smb=[quintile] * 4)
    story.facts("2026-01-01 09:00", **facts)
    story.happens("2026-01-01 09:00", "feature.used", user="ada", feature="dashboards")
    return scores(story).get(product)


def scores(story: Story) -> dict[str | None, float | None]:
    """Return what was last said of each product."""
    return {one.scope: one.value for one in story.told}


def test_41_nothing_known_is_the_lowest_of_everything(tell: Tell) -> None:
    """All ones: 20; each product is a trigger of its own."""
    story = begin(tell)
    assert [str(one) for one in story.told[-2:]] == [f"released {one}" for one in BOTH]
    assert scores(story) == {"Connect": 20, "Insights": 20}


@pytest.mark.parametrize(
    ("facts", "fit"),
    [
        ({"industry": "SaaS", "products": ["Core"]}, 5),
        ({"industry": " saas ", "products": [" CORE"]}, 5),
        ({"industry": "FinTech"}, 3),
        ({"products": ["Core", "Other"]}, 3),
        ({"industry": "Retail", "products": ["Connect"]}, 1),
        ({"industry": None, "products": []}, 1),
    ],
)
def test_41_fit_is_the_industry_and_a_neighbouring_product(tell: Tell, facts: dict[str, object], fit: int) -> None:
    """Both five, one three, none one; names without regard to case and outer blanks."""
    assert score(tell, **facts) == 6 * fit + 14


@pytest.mark.parametrize("products", [["Insights"], [" insights ", "Core"]])
def test_41_what_is_owned_is_not_offered(tell: Tell, products: list[str]) -> None:
    """Insights is owned, Connect lies next to it."""
    story = begin(tell, products=products)
    assert scores(story) == {"Connect": 32}


def test_41_buying_it_ends_the_trigger(tell: Tell) -> None:
    """No value any more: over at the change of day."""
    story = begin(tell)
    story.facts("2026-01-02 10:00", products=["insights"])
    assert story.tick("2026-01-03 00:00") == ["resolved cross_sell_fit:Insights"]


@pytest.mark.parametrize(("requests", "factor"), [(0, 1), (1, 3), (2, 4), (3, 5), (9, 5)])
def test_41_interest_counts_requests_of_180_days(tell: Tell, requests: int, factor: int) -> None:
    """By product, or by one of its features; one that names both is one, another's is none."""
    story = tell(CHANGES)
    names: list[dict[str, object]] = [
        {"product": "Insights", "feature": "forecasting"},
        {"product": " INSIGHTS"},
        {"feature": "forecasting"},
    ]
    for number in range(requests):
        story.happens("2026-01-01 09:00", "capability.requested", **names[number % 3])
    story.happens("2026-01-01 09:00", "capability.requested", product="Other", feature="sso")
    story.happens("2026-01-01 09:00", "capability.requested", feature="Forecasting")
    story.ready("2026-01-01 10:00")
    held = {one.scope: one.value for one in story.told if one.record == "released"}
    assert held == {"Insights": 4 * factor + 16, "Connect": 20}


def test_41_a_request_leaves_after_180_days(tell: Tell) -> None:
    """Of January 1: the last day of its window is June 29; 36 falls to 28 with a threshold of 33."""
    story = begin_with(tell, only("cross_sell_fit") | {"rules.cross_sell_fit.score": 28})
    story.happens("2026-01-01 10:00", "capability.requested", product="Insights")
    assert scores(story) == {"Insights": 28}
    assert story.tick("2026-06-30 00:00") == []
    assert story.tick("2026-07-01 00:00") == ["resolved cross_sell_fit:Insights"]


@pytest.mark.parametrize(("month", "factor"), [(1, 5), (2, 5), (3, 3), (4, 3), (5, 1), (6, 1), (12, 1), (None, 1)])
def test_41_budget_is_how_far_ahead_the_month_is(tell: Tell, month: int | None, factor: int) -> None:
    """In January: January and February now, March and April near, December eleven months away."""
    assert score(tell, budget_month=month) == 3 * factor + 17


def test_41_budget_goes_round_the_year(tell: Tell) -> None:
    """February's budget: three months before it is November, one before it January, then nothing until November.

    ::

        Nov, Dec  near (3)         Jan, Feb  now (5)         Mar  none (1)
    """
    story = begin_with(tell, only("cross_sell_fit") | {"rules.cross_sell_fit.score": 32}, budget_month=2)
    assert scores(story) == {"Connect": 32, "Insights": 32}
    assert story.tick("2026-03-01 00:00") == []
    assert len(story.tick("2026-03-02 00:00")) == 2
    story = begin_with(tell, only("cross_sell_fit") | {"rules.cross_sell_fit.score": 26}, budget_month=2)
    story.tick("2026-10-31 00:00")
    story.told.clear()
    story.tick("2026-11-01 00:00")
    assert scores(story) == {"Connect": 26, "Insights": 26}


@pytest.mark.parametrize(
    ("facts", "factor"),
    [
        ({"exec_sponsor": "Ada", "champion": "Bob"}, 5),
        ({"exec_sponsor": True, "champion": "Bob"}, 5),
        ({"exec_sponsor": "Ada"}, 3),
        ({"exec_sponsor": False, "champion": True}, 3),
        ({"exec_sponsor": "", "champion": None}, 1),
    ],
)
def test_41_a_sponsor_and_a_champion(tell: Tell, facts: dict[str, object], factor: int) -> None:
    """Both five, one three, none one; false and no name are none."""
    assert score(tell, **facts) == 2 * factor + 18


@pytest.mark.parametrize(("seats", "factor"), [(1, 5), (2, 1), (3, 1), (0, 1), (None, 1)])
def test_41_depth_is_usage_per_seat_against_the_segments_bounds(tell: Tell, seats: int | None, factor: int) -> None:
    """One act: above bounds of 0.5 with one seat; at them, which is not above, with two."""
    assert score(tell, quintile=0.5, seats=seats) == 5 * factor + 15


@pytest.mark.parametrize(("acts", "factor"), [(9, 1), (10, 1), (11, 2), (20, 2), (21, 3), (31, 4), (40, 4), (41, 5)])
def test_41_each_fifth_has_its_factor(tell: Tell, acts: int, factor: int) -> None:
    """Bounds 1, 2, 3 and 4 with ten seats: acts of anybody and nobody, of all three types; what is blocked is none."""
    story = tell(CHANGES)
    quintiles(story, "2026-01-01 00:00", smb=[1, 2, 3, 4], enterprise=[0, 0, 0, 0])
    story.facts("2026-01-01 08:00", seats=10)
    story.happens("2026-01-01 08:00", "feature.blocked", feature="sso")
    kinds = [
        ("session.started", {}),
        ("usage.recorded", {"metric": "m", "quantity": 5}),
        ("feature.used", {"feature": "x"}),
    ]
    for number in range(acts - 1):
        kind, properties = kinds[number % 3]
        story.happens("2026-01-01 09:00", kind, user="ada" if number % 2 else None, **properties)
    told = story.happens("2026-01-01 10:00", "feature.used", feature="dashboards")
    assert told == [f"released {one}" for one in BOTH]
    assert story.told[-1].value == 5 * factor + 15


def test_41_quintiles_cause_no_look_and_hold_from_their_record_on(tell: Tell) -> None:
    """The best fifth makes 40 of 20 points: nothing at the record, fired by the next event; an older one is ignored."""
    story = begin_with(tell, only("cross_sell_fit") | {"rules.cross_sell_fit.score": 40}, seats=1)
    assert quintiles(story, "2026-01-02 02:00", smb=[0, 0, 0, 0]) == []
    assert quintiles(story, "2026-01-01 02:00", smb=[9, 9, 9, 9]) == []
    assert story.active("2026-01-02 10:00", "u")[-2:] == [f"released {one}" for one in BOTH]
    assert scores(story) == {"Connect": 40, "Insights": 40}
    assert quintiles(story, "2026-01-03 02:00", enterprise=[0, 0, 0, 0]) == []
    assert len(story.tick("2026-01-04 00:00")) == 2
    assert story.told[-1].record == "resolved"


def test_41_what_has_left_the_window_is_no_depth(tell: Tell) -> None:
    """One act of January 1: the last day of its window is the 30th; who has gone since changes nothing."""
    story = tell(CHANGES | {"rules.cross_sell_fit.score": 40})
    quintiles(story, "2026-01-01 02:00", smb=[0, 0, 0, 0])
    story.facts("2026-01-01 08:00", seats=1)
    told = story.happens("2026-01-01 09:00", "feature.used", user="ada", feature="dashboards")
    assert len(told) == 2
    story.happens("2026-01-01 10:00", "user.erased", user="ada")
    assert story.tick("2026-01-31 00:00") == []
    assert len(story.tick("2026-02-01 00:00")) == 2


def test_29_69_the_segment_in_force_decides_whose_bounds(tell: Tell) -> None:
    """The same usage is the best of Enterprise and the poorest of SMB."""
    story = begin_with(tell, only("cross_sell_fit") | {"rules.cross_sell_fit.score": 40}, seats=1, segment="SMB")
    quintiles(story, "2026-01-02 02:00", smb=[9, 9, 9, 9], mid_market=[0, 0, 0, 0.5])
    assert story.active("2026-01-02 10:00", "u") == []
    assert len(story.facts("2026-01-02 11:00", segment="Mid-Market")) == 2


def test_28_it_is_held_while_the_gate_is_shut(tell: Tell) -> None:
    """Expansion as any other."""
    story = tell(CHANGES)
    assert story.facts("2026-01-01 09:00", products=["Connect"]) == ["held cross_sell_fit:Insights"]
    assert story.happens("2026-01-01 10:00", "feature.used", feature="dashboards") == [
        "released cross_sell_fit:Insights"
    ]


def test_4_it_ends_five_points_below(tell: Tell) -> None:
    """70 by default: fit 5, depth 1, interest 4, budget 5, champion 3 are 72; a month later 60 (65 would be over)."""
    story = begin_with(
        tell, only("cross_sell_fit"), industry="SaaS", products=["Core"], budget_month=1, exec_sponsor="Ada"
    )
    assert story.happens("2026-01-02 10:00", "capability.requested", product="Insights") == []
    assert story.happens("2026-01-02 11:00", "capability.requested", product="Insights") == [
        "fired cross_sell_fit:Insights"
    ]
    assert story.told[-1].value == 72
    assert story.tick("2026-02-01 00:00") == []
    assert story.tick("2026-02-02 00:00") == ["resolved cross_sell_fit:Insights"]
