"""Definitions 13, 23, 32, 35, 66, 67: users who do far more than the others, judged when the day changes."""

import pytest

from shared.kernel.ids import trigger_id
from tests.oracle.beginnings import Tell
from tests.oracle.story import Story
from tests.oracle.writing import instant

FIRED, RESOLVED = ["fired power_user"], ["resolved power_user"]


def begin(tell: Tell, changes: dict[str, object] | None = None, **facts: object) -> Story:
    """Begin in January with an act of each of five users; on February 5 their 30 days have been covered for a while."""
    story = tell(changes)
    story.ready("2026-01-01 09:00", **facts)
    acts(story, "2026-01-01 10:00", a=1, b=1, c=1, d=1, e=1)
    assert story.tick("2026-02-05 00:00") == []
    return story


def acts(story: Story, when: str, **numbers: int) -> list[str]:
    """Let users act so many times."""
    return story.active(when, *(user for user, number in numbers.items() for _ in range(number)))


@pytest.mark.parametrize(("most", "others", "fires"), [(20, 4, True), (19, 4, False), (20, 3, False)])
def test_23_twenty_acts_of_one_among_five_active_users(tell: Tell, most: int, others: int, fires: bool) -> None:
    """19 acts are too few, and so are four active users, that user included."""
    story = begin(tell)
    acts(story, "2026-02-05 10:00", a=most, **dict.fromkeys("bcde"[:others], 1))
    assert story.tick("2026-02-06 00:00") == (FIRED if fires else [])


@pytest.mark.parametrize(("others", "fires"), [((8, 8, 7, 7), True), ((8, 8, 8, 7), False)])
def test_23_twice_the_mean_over_all_active_users(tell: Tell, others: tuple[int, ...], fires: bool) -> None:
    """20 of 50 acts by five users are exactly 200 %; 20 of 51 are 196 %."""
    story = begin(tell)
    acts(story, "2026-02-05 10:00", a=20, **dict(zip("bcde", others, strict=True)))
    assert story.tick("2026-02-06 00:00") == (FIRED if fires else [])


@pytest.mark.parametrize(("others", "ends"), [((16, 15, 15, 14), False), ((16, 15, 15, 15), True)])
def test_23_it_ends_at_195_percent(tell: Tell, others: tuple[int, ...], ends: bool) -> None:
    """39 of 99 acts are 197 % of the mean, 39 of 100 are 195 %."""
    story = begin(tell)
    acts(story, "2026-02-05 10:00", a=39, b=1, c=1, d=1, e=1)
    assert story.tick("2026-02-06 00:00") == FIRED
    acts(story, "2026-02-06 10:00", **{user: number - 1 for user, number in zip("bcde", others, strict=True)})
    assert story.tick("2026-02-07 00:00") == (RESOLVED if ends else [])


def test_23_it_ends_when_nobody_has_twenty_acts_any_more(tell: Tell) -> None:
    """The 30 days that end on March 6 hold February 5; those of March 7 do not."""
    story = begin(tell)
    acts(story, "2026-02-05 10:00", a=20, b=1, c=1, d=1, e=1)
    assert story.tick("2026-02-06 00:00") == FIRED
    assert story.tick("2026-03-07 00:00") == []
    assert story.tick("2026-03-08 00:00") == RESOLVED


def test_23_what_holds_when_the_days_are_first_covered_counts_as_fired(tell: Tell) -> None:
    """Somebody was busy from the start: no news. It falls back in silence, and fires when it comes anew.

    ::

        Jan 1   the account's first acts; a acts twenty times
        Jan 31  00:00  January 1 to 30 are covered: it holds, and counts as fired
        Feb 1   00:00  January 2 to 31: nobody acts, so it is over
        Feb 5          a acts twenty times
        Feb 6   00:00  fired
    """
    story = tell()
    story.ready("2026-01-01 09:00")
    acts(story, "2026-01-01 10:00", a=20, b=1, c=1, d=1, e=1)
    assert story.tick("2026-01-31 00:00") == []
    assert story.tick("2026-02-01 00:00") == []
    acts(story, "2026-02-05 10:00", a=20, b=1, c=1, d=1, e=1)
    assert story.tick("2026-02-06 00:00") == FIRED


def test_23_who_becomes_one_after_the_days_were_first_covered_fires(tell: Tell) -> None:
    """On January 31 all five have twenty acts; a does eighty more on the day."""
    story = tell()
    story.ready("2026-01-01 09:00")
    acts(story, "2026-01-02 10:00", a=20, b=20, c=20, d=20, e=20)
    acts(story, "2026-01-01 10:00", a=1)
    assert story.tick("2026-01-31 00:00") == []
    acts(story, "2026-01-31 10:00", a=80)
    assert story.tick("2026-02-01 00:00") == FIRED


def test_23_before_the_days_are_covered_nothing_fires(tell: Tell) -> None:
    """The facts are of last year, but the first act is of January 1: on the 30th the window is a day too long."""
    story = tell()
    story.facts("2025-06-01 09:00", seats=9)
    story.tick("2026-01-01 00:00")
    acts(story, "2026-01-01 10:00", b=1, c=1, d=1, e=1)
    acts(story, "2026-01-10 10:00", a=20, b=1, c=1, d=1, e=1)
    assert story.tick("2026-01-30 00:00") == []
    acts(story, "2026-01-30 10:00", a=1)
    assert story.tick("2026-02-08 00:00") == []


def test_35_it_is_judged_at_the_change_of_day_only(tell: Tell) -> None:
    """Nothing at the twentieth act; at midnight the day that ended is in the window, the one that begins is not."""
    story = begin(tell)
    assert acts(story, "2026-02-05 10:00", a=20, b=1, c=1, d=1, e=1) == []
    assert story.tick("2026-02-05 23:59") == []
    assert acts(story, "2026-02-06 10:00", b=50) == FIRED
    told = story.told[-1]
    assert told.value == pytest.approx(20 * 5 / 24 * 100, abs=0.01)
    assert told.decided_by == "day/2026-02-06"
    assert told.occurred_at == instant("2026-02-06 00:00")
    assert told.trigger_id == trigger_id("acme", "power_user", None, None, "day/2026-02-06")


def test_35_late_acts_count_when_the_day_changes_next(tell: Tell) -> None:
    """Ten acts of two days ago make the ten of today twenty."""
    story = begin(tell)
    acts(story, "2026-02-05 10:00", a=10, b=1, c=1, d=1, e=1)
    assert story.tick("2026-02-06 00:00") == []
    acts(story, "2026-02-04 10:00", a=10)
    assert story.tick("2026-02-07 00:00") == FIRED


def test_35_a_held_one_is_released_at_a_record_by_the_value_of_midnight(tell: Tell) -> None:
    """The gate opens at noon; what has happened since midnight is not in the value."""
    story = tell()
    story.facts("2026-01-01 09:00", seats=50)
    acts(story, "2026-01-01 10:00", a=1, b=1, c=1, d=1, e=1)
    story.tick("2026-02-05 00:00")
    acts(story, "2026-02-05 10:00", a=20, b=1, c=1, d=1, e=1)
    assert story.tick("2026-02-06 00:00") == ["held power_user"]
    acts(story, "2026-02-05 11:00", b=19, c=19, d=19)
    assert story.happens("2026-02-06 12:00", "feature.used", feature="dashboards") == ["released power_user"]
    assert story.told[0].value == story.told[1].value
    assert story.tick("2026-02-07 00:00") == RESOLVED


def test_13_acts_before_a_departure_do_not_count_and_those_after_it_do(tell: Tell) -> None:
    """Ten acts, gone, twenty acts without any provisioning: twenty."""
    story = begin(tell)
    acts(story, "2026-02-05 09:00", a=10, b=1, c=1, d=1, e=1)
    story.happens("2026-02-05 10:00", "user.deactivated", user="a")
    acts(story, "2026-02-05 11:00", a=20)
    acts(story, "2026-02-05 09:30", a=5)
    assert story.tick("2026-02-06 00:00") == FIRED
    assert story.told[-1].value == pytest.approx(20 * 5 / 24 * 100, abs=0.01)


@pytest.mark.parametrize("gone", ["user.deactivated", "user.erased"])
def test_13_a_late_departure_takes_away_what_came_before_it(tell: Tell, gone: str) -> None:
    """It arrives after the acts of its day that came after it, and after those of days before."""
    story = begin(tell)
    acts(story, "2026-02-03 09:00", a=7)
    acts(story, "2026-02-05 09:00", a=10, b=1, c=1, d=1, e=1)
    acts(story, "2026-02-05 11:00", a=20)
    story.happens("2026-02-05 10:00", gone, user="a")
    acts(story, "2026-02-05 10:30", a=1)
    assert story.tick("2026-02-06 00:00") == FIRED
    assert story.told[-1].value == pytest.approx(21 * 5 / 25 * 100, abs=0.01)


def test_67_an_erased_person_is_nobodys_power_user(tell: Tell) -> None:
    """Erased before midnight; what the others did stays."""
    story = begin(tell)
    acts(story, "2026-02-05 10:00", a=20, b=1, c=1, d=1, e=1, f=1)
    story.happens("2026-02-05 12:00", "user.erased", user="a")
    assert story.tick("2026-02-06 00:00") == []


def test_66_switched_off_it_ends_and_switched_on_it_fires_at_the_change_of_day(tell: Tell) -> None:
    """Both wait for midnight."""
    story = begin(tell)
    acts(story, "2026-02-05 10:00", a=20, b=1, c=1, d=1, e=1)
    story.tick("2026-02-06 00:00")
    assert story.switch("2026-02-06 10:00", "power_user", enabled=False) == []
    assert story.tick("2026-02-07 00:00") == RESOLVED
    assert story.switch("2026-02-07 10:00", "power_user", enabled=True) == []
    assert acts(story, "2026-02-07 11:00", a=1) == []
    assert story.tick("2026-02-08 00:00") == FIRED


def test_7_the_turn_of_the_contract_lets_it_fire_anew(tell: Tell) -> None:
    """It stands on the day on which the contract turns."""
    story = begin(tell, renews_on="2026-02-07")
    acts(story, "2026-02-05 10:00", a=20, b=1, c=1, d=1, e=1)
    story.happens("2026-02-05 11:00", "renewal.completed")
    assert story.tick("2026-02-06 00:00") == FIRED
    assert story.tick("2026-02-07 00:00") == RESOLVED + FIRED


def test_32_nothing_fires_for_an_account_that_has_churned(tell: Tell) -> None:
    """Back again it waits for the change of day, as rules of the day do."""
    story = begin(tell)
    acts(story, "2026-02-05 10:00", a=20, b=1, c=1, d=1, e=1)
    story.facts("2026-02-05 11:00", status="churned")
    assert story.tick("2026-02-06 00:00") == []
    assert story.facts("2026-02-06 10:00", status="active") == []
    assert story.tick("2026-02-07 00:00") == FIRED
