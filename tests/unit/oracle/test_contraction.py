"""Definitions 18, 31, 58 and 62: risks that are open together, renewals at risk, and what they hold."""

from functools import partial

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.beginnings import begin as begin_with
from tests.oracle.story import Story
from tests.oracle.writing import only

RISKS = ("champion_left", "competitor_mention", "nps_drop", "ticket_surge")
begin = partial(begin_with, changes=only("contraction_risk", *RISKS))
AT_RISK: dict[str, object] = only("renewal_at_risk", "champion_left")


def leaves(story: Story, when: str, name: str | None = None) -> list[str]:
    """Let the champion leave."""
    return story.happens(when, "champion.changed", name=name, change="left")


def mentions(story: Story, when: str) -> list[str]:
    """Mention a competitor."""
    return story.happens(when, "competitor.mentioned", competitor="Other")


def drops(story: Story, when: str, user: str) -> list[str]:
    """Answer 9, then 2."""
    story.happens(when, "survey.answered", user=user, survey="nps", score=9)
    return story.happens(when, "survey.answered", user=user, survey="nps", score=2)


def test_33_the_record_that_fires_the_second_risk_fires_the_contraction(tell: Tell) -> None:
    """First the risk, then what counts it, by the same record."""
    story = begin(tell)
    assert leaves(story, "2026-01-10 10:00") == ["fired champion_left"]
    assert mentions(story, "2026-01-11 10:00") == ["fired competitor_mention", "fired contraction_risk"]
    risk, contraction = story.told[-2:]
    assert (contraction.value, contraction.threshold, contraction.comparison) == (2, 2, ">=")
    assert (risk.decided_by, risk.occurred_at) == (contraction.decided_by, contraction.occurred_at)


def test_18_several_scopes_and_happenings_are_one_rule(tell: Tell) -> None:
    """Two persons' drops and two departures of champions: one rule each."""
    story = begin(tell)
    assert drops(story, "2026-01-10 10:00", "u1") == ["fired nps_drop:u1"]
    assert drops(story, "2026-01-10 11:00", "u2") == ["fired nps_drop:u2"]
    assert leaves(story, "2026-01-10 12:00") == ["fired champion_left", "fired contraction_risk"]
    assert leaves(story, "2026-01-10 13:00") == ["fired champion_left"]


@pytest.mark.parametrize(("second", "counts"), [("2026-02-08 10:00", True), ("2026-02-09 10:00", False)])
def test_18_a_trigger_counts_on_the_day_it_fired_and_the_29_after(tell: Tell, second: str, *, counts: bool) -> None:
    """A drop of January 10 is open for good; on February 9 it counts no more."""
    story = begin(tell)
    drops(story, "2026-01-10 10:00", "u1")
    assert mentions(story, second) == ["fired competitor_mention"] + ["fired contraction_risk"] * counts
    assert ("nps_drop", "u1", None) in story.explain().states


def test_18_a_trigger_that_is_held_counts(tell: Tell) -> None:
    """While history is loaded all are held, and released together, contraction after its causes."""
    story = begin(tell)
    story.backfill("2026-01-02 10:00", "begin")
    assert leaves(story, "2026-01-10 10:00") == ["held champion_left"]
    assert mentions(story, "2026-01-10 11:00") == ["held competitor_mention", "held contraction_risk"]
    assert {one.held_because for one in story.told if one.record == "held"} == {("backfill",)}
    assert story.backfill("2026-01-11 10:00", "end") == []
    assert story.happens("2026-01-11 11:00", "session.started") == [
        "released champion_left",
        "released competitor_mention",
        "released contraction_risk",
    ]


def test_18_held_counts_from_the_day_it_was_held(tell: Tell) -> None:
    """Held on January 10 and released on February 12: a drop of February 12 is alone."""
    story = begin(tell)
    story.backfill("2026-01-02 10:00", "begin")
    drops(story, "2026-01-10 10:00", "u1")
    story.tick("2026-02-12 09:00", live=False)
    story.backfill("2026-02-12 10:00", "end")
    assert mentions(story, "2026-02-12 11:00") == ["fired competitor_mention", "released nps_drop:u1"]


def test_4_a_contraction_ends_on_the_value_of_the_day_that_has_ended(tell: Tell) -> None:
    """On February 1 the mention of January 2 is in no window any more: the midnight that ends that day ends both."""
    story = begin(tell)
    mentions(story, "2026-01-02 10:00")
    assert drops(story, "2026-01-20 10:00", "u1") == ["fired nps_drop:u1", "fired contraction_risk"]
    assert story.tick("2026-02-01 00:00") == []
    assert story.tick("2026-02-02 00:00") == ["resolved competitor_mention", "resolved contraction_risk"]


def test_32_churn_ends_all_and_nothing_fires(tell: Tell) -> None:
    """Champion, mention and contraction end with the status; a mention of a churned account is nothing yet."""
    story = begin(tell)
    leaves(story, "2026-01-10 10:00")
    mentions(story, "2026-01-11 10:00")
    assert story.facts("2026-01-12 10:00", status="churned") == [
        "resolved champion_left",
        "resolved competitor_mention",
        "resolved contraction_risk",
    ]
    assert leaves(story, "2026-01-12 11:00") == []
    assert story.facts("2026-01-12 12:00", status="active") == ["fired competitor_mention"]


def held_for(tell: Tell, *, hold: bool = True) -> Story:
    """Begin with seats, and with what contracts."""
    changes = only("contraction_risk", "seat_saturation", *RISKS) | {"holds.contraction_risk": hold}
    story = begin_with(tell, changes, seats=1)
    leaves(story, "2026-01-10 10:00")
    return story


def test_18_a_contraction_holds_expansion(tell: Tell) -> None:
    """Held with that reason alone."""
    story = held_for(tell)
    mentions(story, "2026-01-11 10:00")
    assert story.active("2026-01-11 11:00", "u1") == ["held seat_saturation:active"]
    assert story.told[-1].held_because == ("contraction_risk",)
    assert story.explain().held_because == ("contraction_risk",)


def test_33_the_gate_answers_after_the_contraction(tell: Tell) -> None:
    """The session that mentions a competitor fires the risk, the contraction, and is held by it."""
    story = held_for(tell)
    story.tick("2026-01-11 09:00")
    assert story.happens("2026-01-11 10:00", "session.started", user="u1", mentions_competitor=True) == [
        "fired competitor_mention",
        "fired contraction_risk",
        "held seat_saturation:active",
    ]


def test_62_what_has_fired_is_not_held_again(tell: Tell) -> None:
    """Seats fired first; the contraction is a warning in the gate's answer."""
    story = held_for(tell)
    assert story.active("2026-01-11 09:00", "u1") == ["fired seat_saturation:active"]
    assert mentions(story, "2026-01-11 10:00") == ["fired competitor_mention", "fired contraction_risk"]
    assert story.explain().states["seat_saturation", "active", None] == "fired"
    assert story.explain().held_because == ("contraction_risk",)


def test_18_without_the_hold_a_contraction_holds_nothing(tell: Tell) -> None:
    """`holds.contraction_risk` off."""
    story = held_for(tell, hold=False)
    mentions(story, "2026-01-11 10:00")
    assert story.active("2026-01-11 11:00", "u1") == ["fired seat_saturation:active"]


def test_34_expansion_is_released_when_the_contraction_has_ended(tell: Tell) -> None:
    """The champion's departure counts no more on February 9; when that day has ended, endings come before releases."""
    story = held_for(tell)
    mentions(story, "2026-01-11 10:00")
    story.tick("2026-02-08 00:00")
    assert story.active("2026-02-08 10:00", "u1") == ["held seat_saturation:active"]
    assert story.tick("2026-02-09 00:00") == ["resolved champion_left"]
    assert story.tick("2026-02-10 00:00") == ["resolved contraction_risk", "released seat_saturation:active"]


@pytest.mark.parametrize(
    ("renews_on", "fires"),
    [("2026-04-10", True), ("2026-04-11", False), ("2026-01-11", True), ("2026-01-10", False), (None, False)],
)
def test_58_renewal_at_risk_from_1_to_90_days_before(tell: Tell, renews_on: str | None, *, fires: bool) -> None:
    """Health of 74.99 on January 10."""
    story = begin_with(tell, AT_RISK, renews_on=renews_on)
    assert story.facts("2026-01-10 10:00", health_score=74.99) == ["fired renewal_at_risk"] * fires


@pytest.mark.parametrize(("health", "fires"), [(74.99, True), (75, False)])
def test_58_health_below_75_is_a_risk(tell: Tell, health: float, *, fires: bool) -> None:
    """The comparison is `<`."""
    story = begin_with(tell, AT_RISK, renews_on="2026-03-01")
    assert story.facts("2026-01-10 10:00", health_score=health) == ["fired renewal_at_risk"] * fires
    if fires:
        assert (story.told[-1].value, story.told[-1].threshold, story.told[-1].comparison) == (74.99, 75, "<")


def test_4_a_renewal_at_risk_ends_at_80(tell: Tell) -> None:
    """79.99 is within the margin; 80 ends it; 74 fires it again."""
    story = begin_with(tell, AT_RISK, renews_on="2026-03-01")
    story.facts("2026-01-10 10:00", health_score=50)
    story.facts("2026-01-10 11:00", health_score=79.99)
    assert story.tick("2026-01-11 00:00") == []
    story.facts("2026-01-11 11:00", health_score=80)
    assert story.tick("2026-01-12 00:00") == ["resolved renewal_at_risk"]
    assert story.facts("2026-01-12 11:00", health_score=74) == ["fired renewal_at_risk"]


def test_58_one_risk_of_the_five_is_enough_whatever_health_is(tell: Tell) -> None:
    """Health of 100, and a champion who leaves: the value is 0, at that record."""
    story = begin_with(tell, AT_RISK, renews_on="2026-03-01", health_score=100)
    assert leaves(story, "2026-01-10 10:00") == ["fired champion_left", "fired renewal_at_risk"]
    assert story.told[-1].value == 0
    assert story.tick("2026-02-09 00:00") == ["resolved champion_left"]
    assert story.tick("2026-02-10 00:00") == ["resolved renewal_at_risk"]


def test_58_the_contraction_score_asked_for_is_the_playbooks(tell: Tell) -> None:
    """Two risks where two are asked."""
    changes = only("renewal_at_risk", *RISKS) | {"rules.renewal_at_risk.contraction_score": 2}
    story = begin_with(tell, changes, renews_on="2026-03-01", health_score=100)
    assert leaves(story, "2026-01-10 10:00") == ["fired champion_left"]
    assert mentions(story, "2026-01-11 10:00") == ["fired competitor_mention", "fired renewal_at_risk"]


def test_31_a_completed_renewal_ends_it_for_the_date_in_force(tell: Tell) -> None:
    """At the change of day that follows; and it is silent for 120 days."""
    story = begin_with(tell, AT_RISK, renews_on="2026-03-01", health_score=10)
    assert [str(one) for one in story.told] == ["fired renewal_at_risk"]
    assert story.happens("2026-01-10 10:00", "renewal.completed") == []
    assert story.tick("2026-01-11 00:00") == ["resolved renewal_at_risk"]


def test_58_without_health_and_contraction_there_is_no_value(tell: Tell) -> None:
    """Nothing is known of health; a champion who leaves is a contraction."""
    story = tell(AT_RISK)
    assert story.facts("2026-01-10 10:00", renews_on="2026-03-01") == []
    assert story.explain().health is None
    assert leaves(story, "2026-01-10 11:00") == ["fired champion_left", "fired renewal_at_risk"]
