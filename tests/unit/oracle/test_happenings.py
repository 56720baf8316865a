"""Definitions 14, 16, 32, 60, 63: the one-offs besides QBRs, and what counts as one of each."""

import pytest

from shared.kernel.ids import trigger_id
from tests.oracle.beginnings import Tell, begin
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, only, playbook

ONE_OFFS = (
    "champion_left",
    "outcome_achieved",
    "champion_promoted",
    "executive_interest",
    "organisational_change",
    "renewed_advocate",
)
COUNTS: list[tuple[str, str, dict[str, object]]] = [
    ("outcome_achieved", "outcome.achieved", {"outcome": "saved", "primary": True}),
    ("champion_promoted", "champion.changed", {"change": "promoted"}),
    ("champion_promoted", "champion.changed", {"change": "moved"}),
    ("champion_left", "champion.changed", {"change": "left", "person": "Ada"}),
    ("champion_left", "champion.changed", {"change": "moved_away"}),
    ("executive_interest", "capability.requested", {"feature": "sso", "by_executive": True}),
    ("executive_interest", "stakeholder.added", {"role": "executive"}),
    ("organisational_change", "company.news", {"news": "funding"}),
    ("organisational_change", "company.news", {"news": "initiative"}),
    ("organisational_change", "company.news", {"news": "leadership"}),
]
COUNTS_NOT: list[tuple[str, dict[str, object]]] = [
    ("outcome.achieved", {"outcome": "saved"}),
    ("outcome.achieved", {"outcome": "saved", "primary": False}),
    ("capability.requested", {"feature": "sso"}),
    ("stakeholder.added", {"role": "buyer"}),
    ("stakeholder.added", {"role": "user"}),
]


def on(tell: Tell, *rules: str, **facts: object) -> Story:
    """Begin with an open gate and some of the one-offs on, all when none is named."""
    return begin(tell, only(*(rules or ONE_OFFS)), **facts)


def advocate(story: Story, when: str, score: float, user: str | None = None) -> list[str]:
    """Answer an NPS survey."""
    return story.happens(when, "survey.answered", user=user, survey="nps", score=score)


@pytest.mark.parametrize(("rule", "kind", "properties"), COUNTS)
def test_16_what_counts_fires_once_and_stands_30_days(
    tell: Tell, rule: str, kind: str, properties: dict[str, object]
) -> None:
    """Scope null, one against one; of January 2, resolved when February begins, and told again for each."""
    story = on(tell)
    assert story.happens("2026-01-02 10:00", kind, name="one", **properties) == [f"fired {rule}"]
    told = story.told[-1]
    assert (told.value, told.threshold, told.comparison, told.scope) == (1, 1, ">=", None)
    assert told.trigger_id == trigger_id("acme", rule, None, None, "app/one")
    assert story.happens("2026-01-03 10:00", kind, **properties) == [f"fired {rule}"]
    assert story.tick("2026-01-31 00:00") == []
    assert story.tick("2026-02-01 00:00") == [f"resolved {rule}"]
    assert story.tick("2026-02-02 00:00") == [f"resolved {rule}"]


@pytest.mark.parametrize(("kind", "properties"), COUNTS_NOT)
def test_16_what_does_not_count_fires_nothing(tell: Tell, kind: str, properties: dict[str, object]) -> None:
    """An outcome that is not primary, a request by nobody in charge, and other stakeholders."""
    story = on(tell)
    assert story.happens("2026-01-02 10:00", kind, **properties) == []


def test_16_only_the_news_that_the_playbook_lists(tell: Tell) -> None:
    """A company that cares for funding alone."""
    story = begin(tell, only("organisational_change") | {"rules.organisational_change.news": ["funding"]})
    assert story.happens("2026-01-02 10:00", "company.news", news="leadership") == []
    assert story.happens("2026-01-02 10:00", "company.news", news="funding") == ["fired organisational_change"]


def test_16_one_that_arrives_when_it_would_be_over_does_not_fire(tell: Tell) -> None:
    """On January 31 an outcome of the 1st is 30 days old; that of the 2nd still stands for a day."""
    story = on(tell)
    story.tick("2026-01-31 08:00")
    assert story.happens("2026-01-01 23:59", "outcome.achieved", outcome="o", primary=True) == []
    assert story.happens("2026-01-02 00:00", "outcome.achieved", outcome="o", primary=True) == [
        "fired outcome_achieved"
    ]
    assert story.tick("2026-02-01 00:00") == ["resolved outcome_achieved"]


@pytest.mark.parametrize(("score", "fires"), [(9, True), (8.9, False), (10, True), (0, False)])
def test_16_a_renewal_by_an_advocate(tell: Tell, score: float, *, fires: bool) -> None:
    """The latest NPS of the account, whoever gave it, at least nine."""
    story = on(tell)
    advocate(story, "2026-01-02 10:00", score, "ada")
    assert story.happens("2026-01-03 10:00", "renewal.completed") == (["fired renewed_advocate"] if fires else [])


def test_14_16_the_latest_nps_however_old_and_of_anybody(tell: Tell) -> None:
    """Ada's ten of last year goes before Bob's two of the year before; Bob's later two takes it away."""
    story = on(tell)
    advocate(story, "2025-03-02 10:00", 2, "bob")
    advocate(story, "2025-03-03 10:00", 10, "ada")
    assert story.happens("2026-01-03 10:00", "renewal.completed") == ["fired renewed_advocate"]
    advocate(story, "2026-01-04 10:00", 2, "bob")
    advocate(story, "2026-01-03 11:00", 10, "ada")  # told late
    assert story.happens("2026-01-05 10:00", "renewal.completed") == []


def test_16_a_renewal_without_any_nps_is_no_advocates(tell: Tell) -> None:
    """And CSAT is none; an answer that comes after the renewal makes nothing of it."""
    story = on(tell)
    story.happens("2026-01-02 10:00", "survey.answered", survey="csat", score=5)
    assert story.happens("2026-01-03 10:00", "renewal.completed") == []
    assert advocate(story, "2026-01-04 10:00", 10) == []


def test_67_the_score_of_an_erased_advocate_stays(tell: Tell) -> None:
    """The account's latest scores name nobody."""
    story = on(tell)
    advocate(story, "2026-01-02 10:00", 10, "ada")
    story.happens("2026-01-02 11:00", "user.erased", user="ada")
    assert story.happens("2026-01-03 10:00", "renewal.completed") == ["fired renewed_advocate"]


def test_63_a_champion_who_left_is_told_though_the_gate_is_shut(tell: Tell) -> None:
    """Risk is never gated; the promotion, which is expansion, is held and then released."""
    story = tell(only(*ONE_OFFS))
    story.facts("2026-01-01 09:00", status="suspended")
    assert story.happens("2026-01-02 10:00", "champion.changed", change="left") == ["fired champion_left"]
    assert story.happens("2026-01-02 11:00", "champion.changed", change="promoted") == ["held champion_promoted"]
    story.facts("2026-01-03 09:00", status="active")
    assert story.happens("2026-01-03 10:00", "feature.used", feature="dashboards") == ["released champion_promoted"]


def test_63_of_history_risk_is_held_by_backfill_alone(tell: Tell) -> None:
    """Released at the first line after it, in the order of the rules; what has stood its days is resolved."""
    story = tell(only(*ONE_OFFS))
    story.backfill("2026-01-01 00:00", "begin")
    story.ready("2026-01-01 09:00")
    assert story.happens("2026-01-02 10:00", "champion.changed", change="left") == ["held champion_left"]
    assert story.told[-1].held_because == ("backfill",)
    assert story.happens("2026-01-20 10:00", "company.news", news="funding") == ["held organisational_change"]
    assert story.happens("2026-01-20 11:00", "champion.changed", change="moved_away") == ["held champion_left"]
    assert story.tick("2026-02-01 00:00", live=False) == ["resolved champion_left"]
    story.backfill("2026-02-01 00:00", "end")
    assert story.active("2026-02-01 10:00", "u") == ["released champion_left", "released organisational_change"]


def test_32_churn_ends_them_and_they_do_not_fire_anew(tell: Tell) -> None:
    """One-offs do not come back, risk included."""
    story = on(tell)
    story.happens("2026-01-02 10:00", "champion.changed", change="left")
    story.happens("2026-01-02 11:00", "company.news", news="funding")
    assert story.facts("2026-01-03 10:00", status="churned") == [
        "resolved champion_left",
        "resolved organisational_change",
    ]
    assert story.happens("2026-01-03 11:00", "champion.changed", change="left") == []
    assert story.facts("2026-01-04 10:00", status="active") == []


def test_33_one_event_may_be_several_things(tell: Tell) -> None:
    """An executive's request and the buying intent that it completes: in the order of the rules."""
    story = begin(tell, only("executive_interest", "buying_intent"))
    story.happens("2026-01-02 10:00", "pricing.viewed", user="ada")
    assert story.happens("2026-01-02 11:00", "capability.requested", feature="sso", by_executive=True) == [
        "fired executive_interest",
        "fired buying_intent",
    ]


def test_66_the_days_and_the_nps_are_those_of_the_playbook_in_force(tell: Tell) -> None:
    """A second playbook asks for a ten and stands three days; what is open keeps its own."""
    changes = only("renewed_advocate")
    later = playbook(
        WIDE_OPEN
        | changes
        | {"version": "second", "rules.renewed_advocate.nps": 10, "rules.renewed_advocate.stands_days": 3}
    )
    story = tell(changes, later)
    story.ready("2026-01-01 09:00")
    advocate(story, "2026-01-02 10:00", 9)
    assert story.happens("2026-01-02 11:00", "renewal.completed") == ["fired renewed_advocate"]
    story.judge_by("2026-01-03 10:00", later)
    assert story.happens("2026-01-03 11:00", "renewal.completed") == []
    advocate(story, "2026-01-03 12:00", 10)
    assert story.happens("2026-01-03 13:00", "renewal.completed") == ["fired renewed_advocate"]
    assert story.tick("2026-01-06 00:00") == ["resolved renewed_advocate"]
    assert story.tick("2026-02-01 00:00") == ["resolved renewed_advocate"]
