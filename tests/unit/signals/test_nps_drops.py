"""`nps_drop` in the engine: whose answers are compared, in which order, and what an erasure leaves of them."""

import pytest

from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, only, playbook

ONE = playbook(WIDE_OPEN | only("nps_drop"))
FIRED, OVER = "fired nps_drop:ann", "resolved nps_drop:ann"


def begin() -> Story:
    """Begin an account on January 1."""
    story = Story(EngineSubject([ONE]))
    story.ready("2026-01-01 09:00")
    return story


def nps(story: Story, when: str, score: float, user: str | None = "ann", name: str | None = None) -> list[str]:
    """Let somebody answer."""
    return story.happens(when, "survey.answered", user=user, name=name, survey="nps", score=score)


@pytest.mark.parametrize(
    ("before", "latest", "fires"), [(7, 6, True), (7, 7, False), (6, 6, False), (6.9, 6, False), (10, 0, True)]
)
def test_a_score_of_7_that_becomes_6_is_a_drop(before: float, latest: float, fires: bool) -> None:
    """Both bounds belong to it."""
    story = begin()
    assert nps(story, "2026-01-02 10:00", before) == []
    assert nps(story, "2026-01-03 10:00", latest) == ([FIRED] if fires else [])


def test_it_ends_at_the_change_of_day_after_a_better_answer() -> None:
    """A third answer makes the second the one before."""
    story = begin()
    nps(story, "2026-01-02 10:00", 9)
    assert nps(story, "2026-01-03 10:00", 4) == [FIRED]
    assert story.told[-1].value == 1
    assert nps(story, "2026-01-03 11:00", 5) == []
    assert story.tick("2026-01-04 00:00") == [OVER]
    assert story.told[-1].value == 0


def test_people_are_compared_with_themselves_and_the_unnamed_with_each_other() -> None:
    """Ann 9, Bob 3: nobody dropped; two answers without a user are one person's."""
    story = begin()
    assert nps(story, "2026-01-02 10:00", 9) == []
    assert nps(story, "2026-01-02 11:00", 3, "bob") == []
    assert nps(story, "2026-01-02 12:00", 8, None) == []
    assert nps(story, "2026-01-02 13:00", 2, None) == ["fired nps_drop"]
    assert nps(story, "2026-01-02 14:00", 2) == [FIRED]
    assert nps(story, "2026-01-02 15:00", 9, None) == []
    assert story.tick("2026-01-03 00:00") == ["resolved nps_drop"]


def test_the_order_of_arrival_does_not_matter_and_at_one_instant_the_id_decides() -> None:
    """4 of the 3rd, then 9 of the 2nd; then 9 and 4 at the same minute, the greater id is the later."""
    story = begin()
    assert nps(story, "2026-01-03 10:00", 4) == []
    assert nps(story, "2026-01-02 10:00", 9) == [FIRED]
    assert nps(story, "2026-01-01 10:00", 2) == []
    assert nps(story, "2026-01-04 10:00", 4, "bob", "z") == []
    assert nps(story, "2026-01-04 10:00", 9, "bob", "a") == ["fired nps_drop:bob"]


def test_a_departure_changes_nothing_and_csat_is_another_survey() -> None:
    """The person has left; the answers stand."""
    story = begin()
    nps(story, "2026-01-02 10:00", 9)
    story.happens("2026-01-02 11:00", "user.deactivated", user="ann")
    assert story.happens("2026-01-02 12:00", "survey.answered", user="ann", survey="csat", score=1) == []
    assert nps(story, "2026-01-03 10:00", 4) == [FIRED]
    story.happens("2026-01-03 11:00", "user.deactivated", user="ann")
    assert story.tick("2026-01-04 00:00") == []


def test_an_erasure_ends_it_at_once_under_the_name_erased() -> None:
    """With the same id; what had been answered before is nobody's, and what comes after is a new person's."""
    story = begin()
    nps(story, "2026-01-02 10:00", 9)
    nps(story, "2026-01-03 10:00", 4)
    fired = story.told[-1].trigger_id
    assert story.happens("2026-01-04 10:00", "user.erased", user="ann") == ["resolved nps_drop:erased"]
    assert (story.told[-1].trigger_id, story.told[-1].value) == (fired, None)
    assert nps(story, "2026-01-03 11:00", 2) == []
    assert nps(story, "2026-01-04 10:00", 8) == []
    assert nps(story, "2026-01-05 10:00", 3) == [FIRED]


def test_a_late_erasure_leaves_what_was_answered_after_it() -> None:
    """9, 8 and 4; an erasure between the last two leaves one answer, one between the first two leaves both."""
    story = begin()
    for day, score in ((2, 9), (4, 8), (6, 4)):
        nps(story, f"2026-01-0{day} 10:00", score)
        nps(story, f"2026-01-0{day} 10:00", score, "bob")
    assert story.happens("2026-01-03 10:00", "user.erased", user="ann") == ["resolved nps_drop:erased", FIRED]
    assert story.happens("2026-01-05 10:00", "user.erased", user="bob") == ["resolved nps_drop:erased"]


def test_drops_survive_a_restart_and_their_evidence_names_nobody() -> None:
    """The scope says who; the numbers are the scores."""
    story = begin()
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    for user in ("ann", None):
        nps(story, "2026-01-02 10:00", 9, user)
        nps(story, "2026-01-03 10:00", 4, user)
    subject.flush()
    subject.restart()
    nps(story, "2026-01-03 11:00", 3, "bob")
    shown = [row for row in subject.snapshots["acme"].rules if row.rule == "nps_drop"]
    assert [(row.scope, row.evidence.summary) for row in shown] == [
        (None, "NPS 4 after 9 by people who are not named (≥ 1)"),
        ("ann", "NPS 4 after 9 by one person (≥ 1)"),
    ]
