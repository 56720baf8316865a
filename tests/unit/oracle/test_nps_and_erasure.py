"""Definitions 3, 15, 63, 67: a person who thinks less of us, and one who is to be forgotten."""

from functools import partial

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.beginnings import begin as begin_with
from tests.oracle.story import Story
from tests.oracle.writing import only

begin = partial(begin_with, changes=only("nps_drop"))
FIRED, RESOLVED = ["fired nps_drop:ada"], ["resolved nps_drop:ada"]


def answer(story: Story, when: str, score: float, user: str | None = "ada", name: str | None = None) -> list[str]:
    """Answer how likely a recommendation is."""
    return story.happens(when, "survey.answered", user=user, name=name, survey="nps", score=score)


@pytest.mark.parametrize(
    ("before", "latest", "fires"), [(7, 6, True), (7, 6.5, False), (6.5, 6, False), (10, 0, True), (6, 0, False)]
)
def test_15_the_latest_answer_at_most_6_after_one_of_at_least_7(
    tell: Tell, before: float, latest: float, fires: bool
) -> None:
    """Both bounds belong to the drop."""
    story = begin(tell)
    assert answer(story, "2026-01-02 10:00", before) == []
    assert answer(story, "2026-01-03 10:00", latest) == (FIRED if fires else [])
    if fires:
        told = story.told[-1]
        assert (told.value, told.threshold, told.comparison, told.scope) == (1, 1, ">=", "ada")


def test_15_it_is_each_persons_own_drop(tell: Tell) -> None:
    """A nine of Bob's does not stand before a three of Ada's; all without a name are one person."""
    story = begin(tell)
    answer(story, "2026-01-02 10:00", 9, "bob")
    assert answer(story, "2026-01-03 10:00", 3, "ada") == []
    answer(story, "2026-01-04 10:00", 8, None)
    assert answer(story, "2026-01-05 10:00", 2, None) == ["fired nps_drop"]
    assert story.told[-1].scope is None
    assert answer(story, "2026-01-05 11:00", 5, "bob") == ["fired nps_drop:bob"]


def test_15_only_nps_counts(tell: Tell) -> None:
    """A poor CSAT is no drop."""
    story = begin(tell)
    answer(story, "2026-01-02 10:00", 9)
    assert story.happens("2026-01-03 10:00", "survey.answered", user="ada", survey="csat", score=1) == []


def test_15_it_is_a_state_and_ends_when_no_longer_true(tell: Tell) -> None:
    """7, 6: fired; 5: the one before is no longer high; over at midnight, and a new drop is a new episode."""
    story = begin(tell)
    answer(story, "2026-01-02 10:00", 7)
    assert answer(story, "2026-01-02 11:00", 6) == FIRED
    assert answer(story, "2026-01-03 10:00", 5) == []
    assert story.tick("2026-01-03 23:59") == []
    assert story.tick("2026-01-04 00:00") == RESOLVED
    answer(story, "2026-01-04 10:00", 8)
    assert answer(story, "2026-01-04 11:00", 4) == FIRED


def test_15_however_old_the_answers_are(tell: Tell) -> None:
    """The one before is a year old, and what fired stands for months."""
    story = begin(tell)
    answer(story, "2026-01-02 10:00", 9)
    story.tick("2027-01-02 00:00")
    assert answer(story, "2027-01-02 10:00", 6) == FIRED
    assert story.tick("2027-09-01 00:00") == []


def test_15_a_late_answer_takes_its_place_by_its_own_time(tell: Tell) -> None:
    """6 of the 5th; a 9 of the 2nd arrives: dropped; a 5 of the 3rd between them: no longer, over at midnight."""
    story = begin(tell)
    assert answer(story, "2026-01-05 10:00", 6) == []
    assert answer(story, "2026-01-02 10:00", 9) == FIRED
    assert answer(story, "2026-01-03 10:00", 5) == []
    assert story.tick("2026-01-06 00:00") == RESOLVED


@pytest.mark.parametrize(("first", "second", "fires"), [("a", "b", True), ("b", "a", False)])
def test_3_of_two_answers_at_one_instant_the_greater_id_is_the_later(
    tell: Tell, first: str, second: str, fires: bool
) -> None:
    """The nine has the id `first`, the three the id `second`."""
    story = begin(tell)
    answer(story, "2026-01-02 10:00", 9, name=first)
    assert answer(story, "2026-01-02 10:00", 3, name=second) == (FIRED if fires else [])


def test_63_risk_is_not_gated_and_held_only_by_backfill(tell: Tell) -> None:
    """The gate is shut, the account suspended and its renewal near: it fires; of history it is held."""
    story = tell(only("nps_drop"))
    story.facts("2026-01-01 09:00", status="suspended", renews_on="2026-01-20")
    answer(story, "2026-01-02 10:00", 9)
    assert answer(story, "2026-01-02 11:00", 3) == FIRED
    assert story.told[-1].held_because == ()
    story = tell(only("nps_drop"))
    story.backfill("2026-01-01 00:00", "begin")
    story.facts("2026-01-01 09:00")
    answer(story, "2026-01-02 10:00", 9)
    assert answer(story, "2026-01-02 11:00", 3) == ["held nps_drop:ada"]
    assert story.told[-1].held_because == ("backfill",)
    story.backfill("2026-01-03 00:00", "end")
    assert story.active("2026-01-03 10:00", "bob") == ["released nps_drop:ada"]


def test_67_erasure_resolves_at_once_and_names_nobody(tell: Tell) -> None:
    """The same trigger_id, the scope `erased`; Bob's trigger stands."""
    story = begin(tell)
    for user in ("ada", "bob"):
        answer(story, "2026-01-02 10:00", 9, user)
        answer(story, "2026-01-02 11:00", 3, user)
    assert story.happens("2026-01-02 12:00", "user.erased", user="ada", name="gone") == ["resolved nps_drop:erased"]
    assert story.told[-1].trigger_id == story.told[0].trigger_id
    assert story.told[-1].decided_by == story.told[0].decided_by
    assert story.tick("2026-01-03 00:00") == []
    assert story.explain().active == ("nps_drop",)


def test_67_a_held_one_is_resolved_too(tell: Tell) -> None:
    """Of history: held, then the person asks to be forgotten; nothing is left to be released."""
    story = tell(only("nps_drop"))
    story.backfill("2026-01-01 00:00", "begin")
    answer(story, "2026-01-02 10:00", 9)
    assert answer(story, "2026-01-02 11:00", 3) == ["held nps_drop:ada"]
    assert story.happens("2026-01-02 12:00", "user.erased", user="ada") == ["resolved nps_drop:erased"]
    story.backfill("2026-01-03 00:00", "end")
    assert story.active("2026-01-03 10:00", "bob") == []


def test_67_answers_after_the_erasure_are_a_new_persons(tell: Tell) -> None:
    """An 8 of before and a 3 of after are no drop; an 8 and a 3 of after are, and an episode of its own."""
    story = begin(tell)
    answer(story, "2026-01-02 10:00", 8)
    story.happens("2026-01-02 12:00", "user.erased", user="ada")
    assert answer(story, "2026-01-03 10:00", 3) == []
    assert answer(story, "2026-01-03 11:00", 8) == []
    assert answer(story, "2026-01-03 12:00", 3) == FIRED


def test_67_at_the_instant_of_the_erasure_facts_come_first(tell: Tell) -> None:
    """The nine of a minute before it is nobody's, that of the very instant is the new person's."""
    story = begin(tell)
    story.happens("2026-01-02 12:00", "user.erased", user="ada")
    answer(story, "2026-01-02 11:59", 9)
    assert answer(story, "2026-01-02 12:30", 3) == []
    assert answer(story, "2026-01-02 12:00", 9) == FIRED


def test_67_an_erasure_told_late_takes_what_lies_before_it(tell: Tell) -> None:
    """9 and 3 of the 2nd and 3rd fired; an erasure of the evening of the 2nd arrives: the nine is nobody's."""
    story = begin(tell)
    answer(story, "2026-01-02 10:00", 9)
    assert answer(story, "2026-01-03 10:00", 3) == FIRED
    assert story.happens("2026-01-02 22:00", "user.erased", user="ada") == ["resolved nps_drop:erased"]
    assert story.tick("2026-01-04 00:00") == []


def test_67_what_a_new_person_said_fires_anew_at_once(tell: Tell) -> None:
    """Both answers lie after an erasure that arrives last: it ends the trigger, and what still holds fires by it."""
    story = begin(tell)
    answer(story, "2026-01-03 10:00", 9)
    assert answer(story, "2026-01-03 11:00", 3) == FIRED
    assert story.happens("2026-01-02 22:00", "user.erased", user="ada", name="gone") == [
        "resolved nps_drop:erased",
        "fired nps_drop:ada",
    ]
    assert story.told[-1].decided_by == "app/gone"


def test_67_the_accounts_latest_score_stays(tell: Tell) -> None:
    """It names nobody: sentiment is still nine."""
    story = begin(tell)
    answer(story, "2026-01-02 10:00", 9)
    story.happens("2026-01-02 12:00", "user.erased", user="ada")
    assert story.explain().components["sentiment"] == 90


def test_13_deactivation_changes_nobodys_answers(tell: Tell) -> None:
    """Who has left has still said what they said."""
    story = begin(tell)
    answer(story, "2026-01-02 10:00", 9)
    story.happens("2026-01-02 12:00", "user.deactivated", user="ada")
    assert answer(story, "2026-01-02 11:00", 3) == FIRED
    assert story.tick("2026-01-03 00:00") == []


def test_32_churn_ends_it_and_the_next_status_fires_it_anew(tell: Tell) -> None:
    """Risk is silent as well while an account has left."""
    story = begin(tell)
    answer(story, "2026-01-02 10:00", 9)
    answer(story, "2026-01-02 11:00", 3)
    assert story.facts("2026-01-02 12:00", status="churned") == RESOLVED
    assert story.happens("2026-01-02 12:30", "user.erased", user="bob") == []
    assert story.facts("2026-01-03 12:00", status="active") == FIRED


def test_74_one_that_is_open_is_resolved_though_the_rule_is_off(tell: Tell) -> None:
    """Off ends it at midnight; erasure ends it at once and for good."""
    story = begin(tell)
    answer(story, "2026-01-02 10:00", 9)
    answer(story, "2026-01-02 11:00", 3)
    story.switch("2026-01-02 12:00", "nps_drop", enabled=False)
    assert story.happens("2026-01-02 13:00", "user.erased", user="ada") == ["resolved nps_drop:erased"]
    assert story.tick("2026-01-03 00:00") == []
