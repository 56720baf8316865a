"""Facts of an account that the playbook does not know are said in a sentence (definitions 11 and 29)."""

import msgspec
import pytest

from shared.kernel.playbook.notices import notices
from tests.oracle.writing import playbook

OURS = playbook()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ((None, None, None), []),
        (("Growth", "mid-market", {"api_calls": 5, "storage_gb": None}), []),
        (("Growthh", None, None), ["plan 'Growthh' is not in the playbook (Starter, Growth, "]),
        (("growth", None, None), ["plan 'growth' is not in the playbook"]),
        (("Growth", "Huge", None), ["segment 'Huge' is not in the playbook (SMB, Mid-Market, Enterprise)"]),
        ((None, None, {"api_calls": 0}), ["the limit of 'api_calls' is 0, which counts as unlimited"]),
        (("", "", {}), ["plan '' is not in the playbook", "segment '' is not in the playbook"]),
    ],
)
def test_each_fact_without_effect_is_one_sentence(facts: tuple[str, str, dict[str, float]], said: list[str]) -> None:
    """What is known, by name or key, is not mentioned."""
    found = [notice.sentence for notice in notices(OURS, *facts)]
    assert len(found) == len(said)
    assert all(sentence.startswith(begin) for sentence, begin in zip(found, said, strict=True)), found


def test_a_limit_of_0_of_the_plan_is_told_unless_the_account_has_its_own() -> None:
    """The account's limits go before its plan's."""
    ours = playbook({"plans.Growth.limits": {"api_calls": 0}, "plans.Growth.unit_prices": {}})
    assert [notice.kind for notice in notices(ours, "Growth", None, None)] == ["limit"]
    assert not list(notices(ours, "Growth", None, {"api_calls": 10}))


def test_a_long_list_of_plans_is_cut() -> None:
    """Eight names, and how many more there are."""
    plans = {f"Plan {number}": OURS.plans["Growth"] for number in range(20)}
    (notice,) = notices(msgspec.structs.replace(OURS, plans=plans), "Growthh", None, None)
    assert "(Plan 0, Plan 1, Plan 2, Plan 3, Plan 4, Plan 5, Plan 6, Plan 7 and 12 more)" in notice.sentence
