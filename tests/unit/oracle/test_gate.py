"""Definitions 14, 17, 25, 28, 29: the gate, readiness and confidence."""

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.story import Story

CORE = ("dashboards", "reports", "alerts", "imports", "integrations", "automation", "segments")
NPS_9 = {"survey": "nps", "score": 9}


def adopt(story: Story, features: int, users: tuple[str, ...] = ("u1",)) -> None:
    """Use so many core features on three days of May."""
    for feature in CORE[:features]:
        for day in (20, 21, 22):
            for user in users:
                story.happens(f"2026-05-{day} 10:00", "feature.used", user=user, feature=feature)


def readied(tell: Tell, segment: str, changes: dict[str, object] | None = None) -> Story:
    """Tell the story of an account of a segment that passes every criterion on 2026-05-25."""
    story = tell(changes, gate=True)
    story.facts(
        "2026-03-01 09:00", segment=segment, seats=4, onboarded_at="2026-03-01", exec_sponsor="Ada", health_score=90
    )
    for number in range(1, 5):
        department = "Sales" if number % 2 else "Finance"
        story.happens("2026-03-01 10:00", "user.provisioned", user=f"u{number}", department=department)
    story.happens("2026-04-20 10:00", "ticket.opened", ticket_id="t1")
    story.happens("2026-05-02 10:00", "qbr.held")
    adopt(story, 7, ("u1", "u2"))
    story.active("2026-05-23 10:00", "u1", "u2", "u3", "u4")
    story.happens("2026-05-24 10:00", "survey.answered", **NPS_9)
    story.tick("2026-05-25 00:00")
    return story


@pytest.mark.parametrize(("segment", "criteria"), [("SMB", 6), ("Mid-Market", 7), ("Enterprise", 9)])
def test_28_an_account_that_meets_every_criterion_is_open(tell: Tell, segment: str, criteria: int) -> None:
    """Readiness 100, confidence 1, nothing holds; Enterprise has nine criteria."""
    known = readied(tell, segment).explain()
    assert (known.open, known.readiness, known.confidence, known.held_because) == (True, 100, 1, ())
    assert len(known.met) == criteria
    assert set(known.met.values()) == {True}


@pytest.mark.parametrize(("segment", "days"), [("smb", 30), ("mid_market", 45), ("enterprise", 60)])
def test_days_since_onboarding_must_be_passed(tell: Tell, segment: str, days: int) -> None:
    """Exactly the required days is not enough: attainment 0.99, never 1."""
    story = readied(tell, segment)
    onboarded = {30: "2026-04-25", 45: "2026-04-10", 60: "2026-03-26"}[days]
    story.facts("2026-05-25 10:00", onboarded_at=onboarded)
    story.tick("2026-05-25 10:01")
    known = story.explain()
    assert known.met["days_since_onboarding"] is False
    assert known.attainments["days_since_onboarding"] == pytest.approx(0.99)
    assert known.readiness < 100
    story.tick("2026-05-26 00:00")
    assert story.explain().met["days_since_onboarding"] is True


@pytest.mark.parametrize(
    ("now", "before", "trend"),
    [
        (0, 0, "declining"),
        (1, 2, "declining"),
        (1, 1, "stable"),
        (11, 10, "stable"),
        (12, 10, "growing"),
        (1, 0, "growing"),
    ],
)
def test_17_the_ticket_trend(tell: Tell, now: int, before: int, trend: str) -> None:
    """Windows of 30 days: Apr 26 to May 25, and Mar 27 to Apr 25. SMB takes stable, Mid-Market does not."""
    met = {}
    for segment in ("smb", "mid_market"):
        story = tell(gate=True)
        story.facts("2026-03-01 09:00", segment=segment)
        for number in range(before):
            day = "2026-03-27" if number % 2 else "2026-04-25"
            story.happens(f"{day} 10:00", "ticket.opened", ticket_id=f"b{number}")
        story.happens("2026-03-26 23:59", "ticket.opened", ticket_id="outside")
        for number in range(now):
            day = "2026-04-26" if number % 2 else "2026-05-25"
            story.happens(f"{day} 10:00", "ticket.opened", ticket_id=f"n{number}")
        story.tick("2026-05-25 12:00")
        story.happens("2026-05-25 12:00", "session.started", user="u1")
        met[segment] = story.explain().met["ticket_trend"]
    assert met == {"smb": trend != "growing", "mid_market": trend == "declining"}


def test_14_sentiment_is_the_latest_nps_however_old(tell: Tell) -> None:
    """An NPS of a year ago goes before good CSAT; the latest by event time counts, not by arrival."""
    story = tell(gate=True)
    story.facts("2026-05-01 09:00", segment="smb")
    story.happens("2026-05-02 10:00", "survey.answered", survey="csat", score=5)
    assert story.explain().met["sentiment"] is True
    story.happens("2025-06-02 10:00", "survey.answered", survey="nps", score=6)
    assert story.explain().met["sentiment"] is False
    story.happens("2025-07-02 10:00", "survey.answered", survey="nps", score=7)
    assert story.explain().met["sentiment"] is True
    story.happens("2025-06-30 10:00", "survey.answered", survey="nps", score=0)
    assert story.explain().met["sentiment"] is True


@pytest.mark.parametrize(("good", "met"), [(4, True), (3, False)])
def test_14_csat_counts_as_ten_times_its_good_share(tell: Tell, good: int, met: bool) -> None:
    """Mid-Market wants 8: four of five answers at 4 or 5 are 80 %, three are not; an answer of 90 days ago is out."""
    story = tell(gate=True)
    story.facts("2026-05-01 09:00", segment="Mid-Market")
    story.happens("2026-02-24 10:00", "survey.answered", survey="csat", score=1)
    for number in range(5):
        story.happens("2026-02-25 10:00", "survey.answered", survey="csat", score=4 if number < good else 3)
    story.tick("2026-05-25 00:00")
    assert story.explain().met["sentiment"] is met


def test_25_a_core_feature_is_adopted_on_three_days_by_anybody(tell: Tell) -> None:
    """Three uses on two days are not enough; the third day may be another user's, or nobody's."""
    story = tell(gate=True)
    story.facts("2026-05-01 09:00", segment="smb")
    for feature in CORE[:3]:
        story.happens("2026-05-02 10:00", "feature.used", user="u1", feature=feature)
        story.happens("2026-05-02 11:00", "feature.used", user="u1", feature=feature)
        story.happens("2026-05-03 10:00", "feature.used", user="u2", feature=feature)
    assert story.explain().met["core_features"] is False
    for feature in CORE[:3]:
        story.happens("2026-05-31 10:00", "feature.used", feature=feature)
    assert story.explain().met["core_features"] is True
    story.tick("2026-06-01 00:00")
    assert story.explain().met["core_features"] is False


def test_25_two_departments_among_the_users_of_adopted_core_features(tell: Tell) -> None:
    """A user's department is the latest provisioned; a user who has gone gives none."""
    story = readied(tell, "enterprise")
    story.happens("2026-05-25 10:00", "user.provisioned", user="u2", department="Sales")
    assert story.explain().met["core_departments"] is False
    assert story.explain().held_because == ("core_departments",)
    story.happens("2026-05-25 11:00", "user.provisioned", user="u2", department="Finance")
    story.happens("2026-05-25 11:30", "user.provisioned", user="u2")
    assert story.explain().met["core_departments"] is True
    for day in ("2026-05-25 11:40", "2026-05-25 11:50", "2026-05-26 09:00"):  # anew, which adds nobody
        story.happens(day, "feature.used", user="u2", feature=CORE[0])
    assert story.explain().met["core_departments"] is True
    story.happens("2026-05-26 12:00", "user.deactivated", user="u2")
    assert story.explain().met["core_departments"] is False


def test_28_a_missing_sponsor_and_a_missing_qbr_are_known(tell: Tell) -> None:
    """They attain 0, and confidence stays 1."""
    story = readied(tell, "enterprise")
    story.facts("2026-05-25 10:00", exec_sponsor=None)
    known = story.explain()
    assert known.met["exec_sponsor"] is False
    assert (known.readiness, known.confidence, known.held_because) == (88, 1, ("exec_sponsor",))
    story.tick("2026-08-29 00:00")
    assert story.explain().met["qbr_days"] is True
    story.tick("2026-08-30 00:00")
    assert story.explain().met["qbr_days"] is False


def test_28_unknown_blocks_by_default(tell: Tell) -> None:
    """Nothing is known of a new SMB account but that it has no tickets and adopted nothing."""
    story = tell(gate=True)
    story.facts("2026-05-01 09:00", segment="smb")
    known = story.explain()
    assert {name for name, met in known.met.items() if met is None} == {
        "days_since_onboarding",
        "health_score",
        "active_share_percent",
        "sentiment",
    }
    assert known.confidence == pytest.approx(2 / 6, abs=1e-4)
    assert known.readiness == 16
    assert known.open is False
    assert len(known.held_because) == 5


def test_28_unknown_that_is_left_out_is_not_in_the_mean_but_lowers_confidence(tell: Tell) -> None:
    """Sentiment was never asked: five of six known, readiness 100."""
    unknown = {
        "days_since_onboarding": "block",
        "health_score": "block",
        "active_share_percent": "block",
        "sentiment": "leave_out",
    }
    story = tell({"gate.smb.unknown": unknown}, gate=True)
    story.facts("2026-03-01 09:00", segment="smb", seats=1, onboarded_at="2026-03-01", health_score=75)
    adopt(story, 3)
    known = story.explain()
    assert (known.open, known.readiness) == (True, 100)
    assert known.confidence == pytest.approx(5 / 6, abs=1e-4)


@pytest.mark.parametrize(
    ("facts", "segment"),
    [
        ({}, "smb"),
        ({"mrr": 2083.333333}, "smb"),
        ({"mrr": "2083.333334"}, "mid_market"),
        ({"mrr": 8333.333333}, "mid_market"),
        ({"mrr": 8333.333334}, "enterprise"),
        ({"mrr": 9000, "segment": "smb"}, "smb"),
        ({"mrr": 9000, "segment": " mid-market "}, "mid_market"),
        ({"mrr": 9000, "segment": "Galactic"}, "enterprise"),
    ],
)
def test_29_the_segment_is_given_or_placed_by_contract_value(
    tell: Tell, facts: dict[str, object], segment: str
) -> None:
    """ACV is 12 x MRR: below 25,000 SMB, below 100,000 Mid-Market; an unknown name counts as not given."""
    story = tell(gate=True)
    story.facts("2026-05-01 09:00", **facts)
    assert story.explain().segment == segment


def test_25_the_window_of_adoption_may_be_long(tell: Tell) -> None:
    """Two days of use, 59 days apart, within the longest window of 60; a late third one lies before it."""
    changes = {"measures.adopted_days": 2, "measures.adopted_window_days": 60, "gate.smb.core_features": 1}
    story = tell(changes, gate=True)
    story.facts("2026-01-01 09:00", segment="smb")
    story.happens("2026-01-10 10:00", "feature.used", feature="dashboards")
    story.happens("2026-03-10 10:00", "feature.used", feature="dashboards")
    assert story.explain().met["core_features"] is True
    story.happens("2026-01-09 10:00", "feature.used", feature="dashboards")
    story.tick("2026-03-11 00:00")
    assert story.explain().met["core_features"] is False
