"""Definitions 13, 21, 67: a department that is new, and one next door that has nobody."""

from functools import partial

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.beginnings import begin as begin_with
from tests.oracle.story import Story
from tests.oracle.writing import only

expanding = partial(begin_with, changes=only("department_expansion"))
adjoining = partial(begin_with, changes=only("department_adjacent"))
SALES = ["fired department_expansion:Sales"]
MARKETING = ["fired department_adjacent:Marketing", "fired department_adjacent:Customer Success"]


def join(story: Story, when: str, department: str | None, *users: str) -> list[str]:
    """Provision some users, all in one record."""
    named = {} if department is None else {"department": department}
    return story.fold(*(story.line(when, "user.provisioned", user=user, **named) for user in users))


def test_21_a_new_department_with_three_active_users_fires(tell: Tell) -> None:
    """Onboarded in November, first named on January 2; the scope is its text as it was given."""
    story = expanding(tell, onboarded_at="2025-11-01")
    join(story, "2026-01-02 10:00", "Sales", "a", "b", "c", "d")
    assert story.active("2026-01-03 10:00", "a", "b", "b", "x") == []
    assert story.active("2026-01-03 11:00", "c") == SALES
    told = story.told[-1]
    assert (told.value, told.threshold, told.comparison) == (3, 3, ">=")
    join(story, "2026-01-04 10:00", "sales", "e", "f", "g")
    assert story.active("2026-01-04 11:00", "e", "f", "g") == ["fired department_expansion:sales"]


@pytest.mark.parametrize(
    ("onboarded", "fires"), [("2025-12-03", True), ("2025-12-04", False), ("2026-06-01", False), (None, False)]
)
def test_21_it_is_new_when_first_named_at_least_30_days_after_onboarding(
    tell: Tell, onboarded: str | None, fires: bool
) -> None:
    """First named on January 2; without an onboarding nobody can tell."""
    story = expanding(tell, onboarded_at=onboarded)
    join(story, "2026-01-02 10:00", "Sales", "a", "b", "c")
    assert story.active("2026-01-03 10:00", "a", "b", "c") == (SALES if fires else [])


def test_21_it_is_new_for_less_than_90_days(tell: Tell) -> None:
    """First named on January 2: on April 1 it is 89 days old, on April 2 it has no value, and ends when it is over."""
    story = expanding(tell, onboarded_at="2025-11-01")
    join(story, "2026-01-02 10:00", "Sales", "a", "b", "c")
    story.happens("2026-04-01 09:00", "feature.used", feature="dashboards")
    assert story.active("2026-04-01 10:00", "a", "b", "c") == SALES
    assert story.tick("2026-04-02 00:00") == []
    assert story.tick("2026-04-03 00:00") == ["resolved department_expansion:Sales"]


def test_21_the_first_naming_stands_whatever_became_of_the_user(tell: Tell) -> None:
    """Named of somebody in November who was erased: a Sales of January is no new department."""
    story = expanding(tell, onboarded_at="2025-10-01")
    join(story, "2025-10-05 10:00", "Sales", "z")
    story.happens("2025-12-05 10:00", "user.erased", user="z")
    join(story, "2026-01-02 10:00", "Sales", "a", "b", "c")
    assert story.active("2026-01-03 10:00", "a", "b", "c") == []


def test_21_a_late_provisioning_may_show_that_it_is_old(tell: Tell) -> None:
    """Fired; then one of October arrives: no value any more, over at midnight."""
    story = expanding(tell, onboarded_at="2025-10-01")
    join(story, "2026-01-02 10:00", "Sales", "a", "b", "c")
    assert story.active("2026-01-03 10:00", "a", "b", "c") == SALES
    join(story, "2025-10-15 10:00", "Sales", "z")
    assert story.tick("2026-01-04 00:00") == ["resolved department_expansion:Sales"]


def test_21_users_count_for_their_latest_department(tell: Tell) -> None:
    """C moves to Finance by event time: two are left; a late Sales of before does not bring c back.

    ::

        Jan 2  a, b, c provisioned Sales; all active Jan 3     fired
        Jan 3  12:00  c: Finance
        Jan 4  00:00  2 <= 3 - 1                               resolved
               Jan 3 11:00  c: Sales, told late                -
               Jan 4 10:00  c: no department named             -
               Jan 4 11:00  c: Sales                           fired
    """
    story = expanding(tell, onboarded_at="2025-11-01")
    join(story, "2026-01-02 10:00", "Sales", "a", "b", "c")
    assert story.active("2026-01-03 10:00", "a", "b", "c") == SALES
    join(story, "2026-01-03 12:00", "Finance", "c")
    assert story.tick("2026-01-04 00:00") == ["resolved department_expansion:Sales"]
    assert join(story, "2026-01-03 11:00", "Sales", "c") == []
    assert join(story, "2026-01-04 10:00", None, "c") == []
    assert join(story, "2026-01-04 11:00", "Sales", "c") == SALES


def test_21_the_window_holds_its_first_day(tell: Tell) -> None:
    """Of 30 days to February 2 the first is January 4."""
    story = expanding(tell, onboarded_at="2025-11-01")
    join(story, "2026-01-02 10:00", "Sales", "a", "b", "c", "d")
    story.active("2026-01-03 23:59", "a")
    story.active("2026-01-04 00:00", "b")
    story.tick("2026-02-02 00:00")
    assert story.active("2026-02-02 10:00", "c") == []
    assert story.active("2026-02-02 11:00", "d") == SALES


def test_13_67_who_has_gone_counts_no_more(tell: Tell) -> None:
    """Deactivated: activity before it goes, the department stays; erased: the department goes as well."""
    story = expanding(tell, onboarded_at="2025-11-01")
    join(story, "2026-01-02 10:00", "Sales", "a", "b", "c")
    assert story.active("2026-01-03 10:00", "a", "b", "c") == SALES
    story.happens("2026-01-03 11:00", "user.deactivated", user="a")
    assert story.tick("2026-01-04 00:00") == ["resolved department_expansion:Sales"]
    assert story.active("2026-01-04 10:00", "a") == SALES
    story.happens("2026-01-04 11:00", "user.erased", user="a")
    assert story.tick("2026-01-05 00:00") == ["resolved department_expansion:Sales"]
    assert story.active("2026-01-05 10:00", "a") == []


def test_21_a_neighbour_without_users_fires_when_80_percent_are_active(tell: Tell) -> None:
    """Five in Sales: three are 60 %, four are 80 %; Sales has two neighbours."""
    story = adjoining(tell)
    join(story, "2026-01-02 10:00", "Sales", *"abcde")
    assert story.active("2026-01-03 10:00", *"abc") == []
    assert sorted(story.active("2026-01-03 11:00", "d")) == sorted(MARKETING)
    told = story.told[-1]
    assert (told.value, told.threshold, told.comparison) == (80, 80, ">=")


def test_21_it_ends_at_75_or_when_the_neighbour_has_somebody(tell: Tell) -> None:
    """A fifth of twenty leaves the window; then one of Marketing joins.

    ::

        20 in Sales, 16 active    fired (80)
        one departs: 15 of 19     78.9: stands
        two more: 13 of 17        76.5: stands
        another: 12 of 16         75: over at midnight
    """
    users = [f"u{number:02}" for number in range(20)]
    story = adjoining(tell)
    join(story, "2026-01-02 10:00", "Sales", *users)
    assert len(story.active("2026-01-03 10:00", *users[:16])) == 2
    for number, (user, when) in enumerate(zip(users, ("03", "04", "04", "05"), strict=False)):
        assert story.tick(f"2026-01-{when} 00:00") == [], number
        story.happens(f"2026-01-{when} 11:00", "user.deactivated", user=user)
    assert len(story.tick("2026-01-06 00:00")) == 2
    assert sorted(story.active("2026-01-06 10:00", users[16])) == sorted(MARKETING)
    join(story, "2026-01-06 11:00", "Marketing", "m")
    assert story.tick("2026-01-07 00:00") == ["resolved department_adjacent:Marketing"]


def test_21_the_busiest_of_several_neighbours_counts(tell: Tell) -> None:
    """Both Ada's and Bob's departments lie next to Lab: 50 % and 100 % are 100 %."""
    changes = {"rules.department_adjacent.adjacent": {"One": ["Lab"], "Two": ["Lab"]}}
    story = begin_with(tell, only("department_adjacent") | changes)
    join(story, "2026-01-02 10:00", "One", "a", "b")
    join(story, "2026-01-02 10:00", "Two", "c")
    assert story.active("2026-01-03 10:00", "a") == []
    assert story.active("2026-01-03 10:00", "c") == ["fired department_adjacent:Lab"]
    assert story.told[-1].value == 100


def test_21_the_share_is_of_those_who_are_assigned(tell: Tell) -> None:
    """Two of four are 50 %; when two of those who sleep leave, it is all of them; the departed came back unassigned."""
    story = adjoining(tell)
    join(story, "2026-01-02 10:00", "Finance", *"abcd")
    assert story.active("2026-01-03 10:00", "a", "b") == []
    assert story.happens("2026-01-03 11:00", "user.deactivated", user="c") == []
    assert story.happens("2026-01-03 12:00", "user.deactivated", user="d") == ["fired department_adjacent:Operations"]
    story.active("2026-01-03 13:00", "d")
    assert story.happens("2026-01-03 14:00", "user.deactivated", user="b") == []
    assert story.explain().states == {("department_adjacent", "Operations", None): "fired"}
    for user in "ab":
        story.happens("2026-01-03 15:00", "user.deactivated", user=user)
    assert story.tick("2026-01-04 00:00") == ["resolved department_adjacent:Operations"]


def test_21_a_department_that_is_only_named_by_the_departed_has_no_users(tell: Tell) -> None:
    """Operations had one, who has left: Finance's neighbour again."""
    story = adjoining(tell)
    join(story, "2026-01-02 10:00", "Finance", "a")
    join(story, "2026-01-02 10:00", "Operations", "o")
    assert story.active("2026-01-03 10:00", "a") == []
    assert story.happens("2026-01-03 11:00", "user.deactivated", user="o") == ["fired department_adjacent:Operations"]


def test_21_a_neighbour_held_by_the_gate_is_released(tell: Tell) -> None:
    """Expansion as any other: the gate is shut until a core feature is adopted."""
    story = tell(only("department_adjacent"))
    join(story, "2026-01-02 10:00", "Finance", "a")
    assert story.active("2026-01-03 10:00", "a") == ["held department_adjacent:Operations"]
    assert story.happens("2026-01-03 11:00", "feature.used", feature="dashboards") == [
        "released department_adjacent:Operations"
    ]
