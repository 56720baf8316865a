"""Definitions 20, 24, 35, 53 and 57: use and logins that fall, and what was purchased and never used."""

from functools import partial

import pytest

from tests.oracle.beginnings import Tell, used
from tests.oracle.beginnings import begin as begin_with
from tests.oracle.story import Story
from tests.oracle.writing import control, only

SMALL: dict[str, object] = only("usage_decline") | {"rules.usage_decline.days": 3}
LOGINS: dict[str, object] = only("login_decline") | {"rules.login_decline.days": 3}
begin = partial(begin_with, changes=SMALL)
logging_in = partial(begin_with, changes=LOGINS)
buying = partial(begin_with, changes=only("purchased_unused"))
DECLINE = ["fired usage_decline:api_calls"]


def heard(story: Story, when: str, source: str, *, silent: bool) -> list[str]:
    """Say that a source fell silent, or was heard."""
    return story.fold(control("source", when, source=source, silent=silent))


def declining(tell: Tell, now: float = 79, **changes: object) -> Story:
    """Use 100 from January 10 to 12, and less from the 13th to the 15th."""
    story = begin_with(tell, SMALL | changes)
    for when, quantity in (("10", 40), ("11", 60), ("13", now)):
        used(story, f"2026-01-{when} 10:00", quantity)
    return story


@pytest.mark.parametrize(("now", "told"), [("79.999999", DECLINE), (80, []), (200, [])])
def test_53_more_than_a_fifth_less_fires_when_both_windows_have_ended(tell: Tell, now: float, told: list[str]) -> None:
    """The 15th must be over, so nothing is said on it; and an event of the 16th counts in neither window."""
    story = declining(tell, now)
    assert story.tick("2026-01-15 23:00") == []
    assert story.happens("2026-01-15 23:30", "session.started") == []
    assert used(story, "2026-01-16 00:00", 900) == told


def test_53_windows_of_90_days_that_end_on_the_day_that_has_ended(tell: Tell) -> None:
    """First used on January 1: April 1 to June 29 against January 1 to March 31 is the first that can be judged."""
    story = begin_with(tell, only("usage_decline"))
    used(story, "2026-01-01 10:00", 100)
    used(story, "2026-04-01 10:00", 70)
    assert story.tick("2026-06-29 00:00") == []
    assert story.tick("2026-06-30 00:00") == DECLINE
    assert (story.told[-1].value, story.told[-1].threshold, story.told[-1].comparison) == (30, 20, ">")


def test_24_a_decline_needs_the_earlier_window_covered(tell: Tell) -> None:
    """A first event on its second day is too late, until an older one is told."""
    story = begin(tell)
    used(story, "2026-01-11 10:00", 100)
    assert story.tick("2026-01-16 00:00") == []
    story = begin(tell)
    used(story, "2026-01-11 10:00", 100)
    story.tick("2026-01-15 23:00")
    used(story, "2025-12-20 10:00", 0)
    assert story.tick("2026-01-16 00:00") == DECLINE


@pytest.mark.parametrize(("floor", "told"), [(100, DECLINE), (101, [])])
def test_20_the_floor_of_a_decline_holds_for_the_earlier_window_only(tell: Tell, floor: int, told: list[str]) -> None:
    """100 before and 79 now."""
    story = declining(tell, **{"rules.usage_decline.floor": floor})
    assert story.tick("2026-01-16 00:00") == told


def test_20_a_decline_from_nothing_is_none(tell: Tell) -> None:
    """Zero before, though the metric was there."""
    story = begin(tell)
    used(story, "2026-01-10 10:00", 0)
    assert story.tick("2026-01-16 00:00") == []


def test_4_a_decline_ends_at_15_percent(tell: Tell) -> None:
    """85 of 100, told late, when the next day has ended; and by windows in which there is nothing to compare."""
    story = declining(tell, 79)
    assert story.tick("2026-01-16 00:00") == DECLINE
    used(story, "2026-01-14 10:00", "1")  # on the 16th: 13-15 hold 80, 14-16 hold 1
    assert story.tick("2026-01-17 00:00") == []
    used(story, "2026-01-17 10:00", "67")  # 15-17 hold 67 against 12-14, which hold 80: 16.25 % less
    assert story.tick("2026-01-18 00:00") == []
    used(story, "2026-01-18 10:00", "1")  # 16-18 hold 68 against 13-15, which hold 80: 15 % less
    assert story.tick("2026-01-19 00:00") == ["resolved usage_decline:api_calls"]


def test_53_what_is_only_reported_does_not_decline(tell: Tell) -> None:
    """A gauge has no sum; recorded use of a reported metric has."""
    story = begin(tell)
    story.happens("2026-01-10 10:00", "usage.reported", metric="storage_gb", level=100)
    story.happens("2026-01-13 10:00", "usage.reported", metric="storage_gb", level=1)
    assert story.tick("2026-01-16 00:00") == []
    story = declining(tell)
    story.happens("2026-01-13 10:00", "usage.reported", metric="api_calls", level=5)
    assert story.tick("2026-01-16 00:00") == DECLINE


def test_75_a_feature_with_a_metric_counts_in_the_decline(tell: Tell) -> None:
    """79 recorded and one by a feature: 80."""
    story = declining(tell)
    story.happens("2026-01-14 10:00", "feature.used", feature="reports", metric="api_calls")
    assert story.tick("2026-01-16 00:00") == []


def test_53_no_decline_is_told_while_a_source_of_the_metric_is_silent(tell: Tell) -> None:
    """All of `app`: silent at midnight, there is no value; heard again, the next midnight judges anew."""
    story = declining(tell)
    heard(story, "2026-01-15 10:00", "app", silent=True)
    assert story.tick("2026-01-16 00:00") == []
    heard(story, "2026-01-16 10:00", "app", silent=False)
    assert story.tick("2026-01-17 00:00") == ["fired usage_decline:api_calls"]


def test_53_one_silent_source_of_several_is_enough(tell: Tell) -> None:
    """`crm` recorded one event of the earlier window."""
    story = declining(tell)
    story.happens("2026-01-12 10:00", "usage.recorded", source="crm", metric="api_calls", quantity=1)
    heard(story, "2026-01-15 10:00", "crm", silent=True)
    assert story.tick("2026-01-16 00:00") == []


@pytest.mark.parametrize("when", ["2026-01-09 10:00", None], ids=["before the windows", "another metric"])
def test_53_a_silent_source_that_did_not_record_the_metric_in_the_windows_changes_nothing(
    tell: Tell, when: str | None
) -> None:
    """Of the metric before the windows, or of another metric within them."""
    story = declining(tell)
    metric = "api_calls" if when else "storage_gb"
    story.happens(when or "2026-01-12 10:00", "usage.recorded", source="crm", metric=metric, quantity=1)
    heard(story, "2026-01-15 10:00", "crm", silent=True)
    assert story.tick("2026-01-16 00:00") == DECLINE


def test_53_silence_ends_an_open_decline_at_the_change_of_day(tell: Tell) -> None:
    """There is no value any more (4); that the source is heard within the day changes nothing."""
    story = declining(tell)
    story.tick("2026-01-16 00:00")
    assert heard(story, "2026-01-16 10:00", "app", silent=True) == ["fired source_silent:app"]
    assert story.happens("2026-01-16 11:00", "session.started") == []
    assert story.tick("2026-01-17 00:00") == ["resolved usage_decline:api_calls"]


def sessions(story: Story, day: str, count: int) -> list[str]:
    """Begin sessions on a day, of nobody in particular, all in one record."""
    return story.fold(*(story.line(f"{day} 10:00", "session.started") for _ in range(count)))


@pytest.mark.parametrize(("before", "now", "fires"), [(20, 13, True), (20, 14, False), (19, 0, False), (19, 30, False)])
def test_20_logins_fall_by_more_than_30_percent_from_at_least_20(
    tell: Tell, before: int, now: int, *, fires: bool
) -> None:
    """Anonymous sessions count; no first event is asked for (24)."""
    story = logging_in(tell)
    sessions(story, "2026-01-12", before)
    sessions(story, "2026-01-14", now)
    assert story.tick("2026-01-15 23:00") == []
    assert story.tick("2026-01-16 00:00") == (["fired login_decline"] if fires else [])


def test_35_logins_of_the_14_days_that_ended_and_the_14_before(tell: Tell) -> None:
    """20 on January 10 are in the earlier window when the 24th has ended; the 14 of the 11th leave it a day later."""
    story = begin_with(tell, only("login_decline"))
    sessions(story, "2026-01-10", 20)
    sessions(story, "2026-01-11", 14)
    assert story.tick("2026-01-24 00:00") == []
    assert story.tick("2026-01-25 00:00") == []
    assert story.tick("2026-01-26 00:00") == ["fired login_decline"]


def test_4_logins_end_at_25_percent_or_without_a_value(tell: Tell) -> None:
    """35 % less fires; the day after the earlier window holds too few to compare."""
    story = logging_in(tell)
    sessions(story, "2026-01-10", 20)
    sessions(story, "2026-01-13", 13)
    assert story.tick("2026-01-16 00:00") == ["fired login_decline"]
    assert story.tick("2026-01-17 00:00") == ["resolved login_decline"]
    assert story.told[-1].value is None


def test_57_purchased_and_unused_on_that_day_and_the_29_after_fires_on_the_30th_after(tell: Tell) -> None:
    """Purchased on January 10: February 9 begins."""
    story = buying(tell)
    assert story.facts("2026-01-10 10:00", purchased_features=["sso", "roles"]) == []
    story.happens("2026-02-01 10:00", "feature.used", feature="roles")
    assert story.tick("2026-02-08 23:00") == []
    assert story.tick("2026-02-09 00:00") == ["fired purchased_unused:sso"]
    assert (story.told[-1].value, story.told[-1].threshold) == (30, 30)


def test_57_the_rule_is_looked_at_at_changes_of_day_only(tell: Tell) -> None:
    """A purchase of long ago that is told today fires at midnight (35), and a use ends it at the next."""
    story = buying(tell)
    story.tick("2026-03-01 00:00")
    assert story.facts("2026-01-10 10:00", purchased_features=["sso"]) == []
    assert story.tick("2026-03-02 00:00") == ["fired purchased_unused:sso"]
    assert story.happens("2026-03-02 10:00", "feature.used", feature="sso", quantity=0) == []
    assert story.tick("2026-03-03 00:00") == ["resolved purchased_unused:sso"]


@pytest.mark.parametrize(("used_on", "fires"), [("2026-01-10 00:00", False), ("2026-01-09 23:59", True)])
def test_57_a_use_on_the_day_of_the_purchase_is_a_use(tell: Tell, used_on: str, *, fires: bool) -> None:
    """The purchase is at 10; days are compared."""
    story = buying(tell)
    story.facts("2026-01-10 10:00", purchased_features=["sso"])
    story.happens(used_on, "feature.used", feature="sso")
    assert story.tick("2026-02-09 00:00") == (["fired purchased_unused:sso"] if fires else [])


def test_57_a_gap_begins_a_purchase_anew(tell: Tell) -> None:
    """Given up on the 20th and purchased again on the 21st: February 20 is the 30th day after."""
    story = buying(tell)
    story.facts("2026-01-10 10:00", purchased_features=["sso"])
    story.facts("2026-01-20 10:00", purchased_features=None)
    story.facts("2026-01-21 10:00", purchased_features=["sso"])
    assert story.tick("2026-02-19 23:00") == []
    assert story.tick("2026-02-20 00:00") == ["fired purchased_unused:sso"]


def test_57_facts_are_taken_in_the_order_of_their_own_time(tell: Tell) -> None:
    """A gap that is told late counts, and so does an older purchase; a repetition is no gap."""
    story = buying(tell)
    story.facts("2026-01-25 10:00", purchased_features=["sso"])
    story.facts("2026-01-26 10:00", purchased_features=["roles", "sso"])
    story.facts("2026-01-15 10:00", purchased_features=["sso"])
    story.facts("2026-01-10 10:00", purchased_features=["sso"])
    story.facts("2026-01-12 10:00", purchased_features=[])
    assert story.tick("2026-02-13 23:00") == []
    assert story.tick("2026-02-14 00:00") == ["fired purchased_unused:sso"]


def test_57_what_is_not_purchased_any_more_ends(tell: Tell) -> None:
    """Taken from the list after it fired."""
    story = buying(tell)
    story.facts("2026-01-10 10:00", purchased_features=["sso"])
    story.tick("2026-02-09 00:00")
    story.facts("2026-02-09 10:00", purchased_features=["roles"])
    assert story.tick("2026-02-10 00:00") == ["resolved purchased_unused:sso"]
