"""What a flood knows about features is known anew once the account's plan changes, or the playbook."""

import pytest

from tests.oracle.writing import WIDE_OPEN, event, only, playbook
from tests.support.signals.flood import judged_by, same, use

TRIED = WIDE_OPEN | only("feature_gap") | {"rules.feature_gap.times": 12}
NEEDED = WIDE_OPEN | only("addon_problem") | {"measures.adopted_days": 5}
PROBLEM: dict[str, object] = {"type": "session.started", "days": 60, "count": 3, "where": {}}
USED = PROBLEM | {"type": "feature.used", "where": {"feature": "reports"}}


def flood(begin: int, number: int, hour: int, feature: str = "reports") -> list[bytes]:
    """Return uses of a feature in one hour; their ids count up."""
    return [use(at, f"{hour:02}:{at - begin:02}", feature=feature) for at in range(begin, begin + number)]


def addon(problem: dict[str, object], *prerequisites: str) -> dict[str, object]:
    """Return the changes by which one add-on is sold."""
    terms = {"price": 10, "conversation_owner": "csm", "bridge": "It goes faster.", "earliest_day": 0}
    return {"addons": {"Speed": terms | {"prerequisites": list(prerequisites), "problem": problem}}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"plan": "Starter"}),
        ({"plan": "Scale"}, {"plan": "Starter"}),
        ({"plan": "Starter", "purchased_features": ["sso"]}, {"purchased_features": ["roles"]}),
    ],
)
def test_a_feature_is_beyond_the_plan_from_the_change_of_the_plan_on(
    before: dict[str, object], after: dict[str, object]
) -> None:
    """It was used at will; the use that completes the number is looked at."""
    lines = [event("account.updated", "a", "2026-03-02 07:00", "before", properties=before)]
    lines += [*flood(0, 3, 8), *flood(10, 6, 9, "sso")]
    lines.append(event("account.updated", "a", "2026-03-02 09:30", "after", properties=after))
    lines += flood(20, 20, 10, "sso")
    account = same(lines, TRIED).state.accounts["a"]
    fired = account.episodes.of("feature_gap")
    assert [one.scope for one in fired.values()] == ["sso"]
    assert account.quiet_uses


def test_who_uses_a_feature_is_noted_once_a_playbook_makes_it_a_core_one() -> None:
    """It counts for the departments that have adopted it."""
    lines = [*flood(0, 12, 8, "sso"), judged_by("09:00"), *flood(20, 12, 10, "sso")]
    core = [*playbook().core_features, "sso"]
    page = same(lines, WIDE_OPEN, WIDE_OPEN | {"core_features": core}).state.accounts["a"].users[0]
    assert {tuple(user.core or ()) for user in page.users.values()} == {("sso",)}


def test_a_playbook_that_waits_for_fewer_uses_is_told_of_the_one_that_is_enough() -> None:
    """As many as an add-on waited for before will not come."""
    lines = [*flood(0, 6, 8), judged_by("09:00"), *flood(20, 20, 10)]
    account = same(lines, NEEDED | addon(USED | {"count": 90}), NEEDED | addon(USED | {"count": 12})).state.accounts[
        "a"
    ]
    assert [one.decided_by for one in account.episodes.of("addon_problem").values()] == ["app/e25"]


def test_a_playbook_that_waits_for_fewer_tries_of_a_feature_beyond_the_plan_is_told_of_the_last() -> None:
    """The same features are beyond the plan as before."""
    lines = [event("account.updated", "a", "2026-03-02 07:00", "plan", properties={"plan": "Starter"})]
    lines += [*flood(0, 6, 8, "sso"), judged_by("09:00"), *flood(20, 20, 10, "sso")]
    account = same(lines, TRIED | {"rules.feature_gap.times": 90}, TRIED).state.accounts["a"]
    assert [one.decided_by for one in account.episodes.of("feature_gap").values()] == ["app/e25"]


def test_a_playbook_that_makes_a_feature_a_prerequisite_is_told_of_its_adoption() -> None:
    """Its use on a fifth day is the first under that playbook."""
    lines = [event("session.started", "a", f"2026-02-26 07:{at:02}", f"s{at}", user="u1") for at in range(4)]
    lines += [
        event("feature.used", "a", f"2026-02-{day} 08:{at:02}", f"d{day}-{at}", properties={"feature": "reports"})
        for day in (26, 27, 28)
        for at in range(6)
    ]
    lines += [use(at, f"08:{at:02}") for at in range(6)]
    lines.append(judged_by("08:30"))
    lines += [
        event("feature.used", "a", f"2026-03-03 08:{at:02}", f"n{at}", properties={"feature": "reports"})
        for at in range(6)
    ]
    account = same(lines, NEEDED | addon(PROBLEM, "sso"), NEEDED | addon(PROBLEM, "reports")).state.accounts["a"]
    assert [one.decided_by for one in account.episodes.of("addon_problem").values()] == ["app/n0"]
