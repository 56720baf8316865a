"""Facts of an account that mean nothing, or contradict, are said in a sentence (definitions 11, 27, 29, 50)."""

from pathlib import Path

import msgspec
import pytest

from shared.kernel.playbook.notices import Seen, notices
from tests.oracle.writing import playbook

OURS = playbook()
SEEN = Seen("2026-03-02", 3, 30, 4)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, []),
        ({"plan": "Growth", "segment": "mid-market", "limits": {"api_calls": 5, "storage_gb": None}}, []),
        ({"plan": "Growthh"}, ["plan 'Growthh' is not in the playbook (Starter, Growth, "]),
        ({"plan": "growth"}, ["plan 'growth' is not in the playbook"]),
        ({"segment": "Huge"}, ["segment 'Huge' is not in the playbook (SMB, Mid-Market, Enterprise)"]),
        ({"limits": {f"m{number}": 5 for number in range(999)}}, []),
        (
            {"limits": {f"m{number}": 5 for number in range(1_000)}},
            ["there are limits for 1,000 metrics: those for further ones are not taken"],
        ),
        ({"limits": {"api_calls": 0}}, ["the limit of 'api_calls' is 0, which counts as unlimited"]),
        (
            {"plan": "", "segment": "", "limits": {}},
            ["plan '' is not in the playbook", "segment '' is not in the playbook"],
        ),
        ({"seats": 0}, ["seats is 0, which counts as not given"]),
        ({"seats": 3}, ["seats is 3, but 3 users were active in 30 days and 4 are assigned"]),
        ({"seats": 4}, []),
        ({"seats": None, "renews_on": None, "currency": None, "health_score": None}, []),
        ({"renews_on": "2026-03-01"}, ["renews_on 2026-03-01 has passed"]),
        ({"renews_on": "2026-03-02"}, []),
        ({"currency": "EUR"}, ["currency 'EUR' is not the playbook's USD: nothing is converted"]),
        ({"currency": "USD"}, []),
        ({"health_score": 120}, ["health_score 120 lies outside of 0 to 100"]),
        ({"health_score": -0.5}, ["health_score -0.5 lies outside of 0 to 100"]),
        ({"health_score": 100}, []),
        ({"purchased_features": ["sso", "forecasting", "Bulk Import", "Insights"]}, []),
        ({"purchased_features": ["SSO", "SSO"]}, ["purchased feature 'SSO' is in no plan, product or add-on"]),
        ({"products": [" insights", "CORE", "Bulk Import"]}, []),
        ({"products": ["Corre"]}, ["product 'Corre' is not in the playbook"]),
    ],
)
def test_each_fact_without_effect_is_one_sentence(facts: dict[str, object], said: list[str]) -> None:
    """What is known, by name or key, is not mentioned."""
    found = [notice.sentence for notice in notices(OURS, facts, SEEN)]
    assert len(found) == len(said), found
    assert all(sentence.startswith(begin) for sentence, begin in zip(found, said, strict=True)), found


@pytest.mark.parametrize("facts", [{"seats": 1}, {"renews_on": "1999-01-01"}, {"renews_on": 946684800000}])
def test_of_a_single_event_nothing_is_said_that_needs_the_account(facts: dict[str, object]) -> None:
    """Neither its day nor its users are known."""
    assert not list(notices(OURS, facts))


def test_a_limit_of_0_of_the_plan_is_told_unless_the_account_has_its_own() -> None:
    """The account's limits go before its plan's."""
    ours = playbook({"plans.Growth.limits": {"api_calls": 0}, "plans.Growth.unit_prices": {}})
    assert [notice.kind for notice in notices(ours, {"plan": "Growth"})] == ["limit"]
    assert not list(notices(ours, {"plan": "Growth", "limits": {"api_calls": 10}}))


def test_a_long_list_of_plans_is_cut() -> None:
    """Eight names, and how many more there are."""
    plans = {f"Plan {number}": OURS.plans["Growth"] for number in range(20)}
    (notice,) = notices(msgspec.structs.replace(OURS, plans=plans), {"plan": "Growthh"})
    assert "(Plan 0, Plan 1, Plan 2, Plan 3, Plan 4, Plan 5, Plan 6, Plan 7 and 12 more)" in notice.sentence


def test_each_notice_stands_in_the_table_of_the_page() -> None:
    """What a contradiction means is said where its notice begins."""
    wrong = {
        "plan": "Growthh",
        "segment": "Huge",
        "seats": 0,
        "renews_on": "2026-03-01",
        "currency": "EUR",
        "health_score": 120,
        "purchased_features": ["warp"],
        "products": ["Corre"],
    }
    page = Path("docs/facts.md").read_text()
    begins = [
        "plan",
        "segment",
        "seats is 0",
        "renews_on",
        "currency",
        "purchased feature",
        "product",
        "health_score",
    ]
    for notice, begin in zip(notices(OURS, wrong, SEEN), begins, strict=True):
        assert notice.sentence.startswith(begin)
        assert f"notice `{begin}" in page
