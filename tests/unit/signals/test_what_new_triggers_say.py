"""What four of the triggers carry and say: evidence, play, owner, due date, worth, and the line of the alert."""

from pathlib import Path

import pytest

from services.notify.core.card import Subject, Told, make_card
from shared.kernel.topics import TRIGGERS
from shared.kernel.triggers import EstimatedAcv, Trigger, decode_trigger
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, control, instant, playbook

OPEN: dict[str, object] = WIDE_OPEN | {
    f"gate.{segment}": WIDE_OPEN["gate.smb"] for segment in ("mid_market", "enterprise")
}
FACTS: dict[str, object] = {"name": "Acme", "segment": "Mid-Market", "plan": "Growth", "mrr": 3_000, "seats": 50}
PAGE = Path("docs/triggers.md")
FRIDAY = "2026-03-06 10:00"
DAY_MS = 86_400_000


def told(line_of: str) -> Trigger:
    """Return the trigger of a rule that one line makes fire, on a Friday."""
    subject = EngineSubject([playbook(OPEN)])
    story = Story(subject)
    story.ready("2026-01-01 09:00", employees=100, health_score=90, **FACTS)
    story.active("2026-01-02 10:00", *"abcde")
    story.tick("2026-03-06 00:00")
    story.happens("2026-03-06 08:00", "feature.used", feature="dashboards")
    story.active("2026-03-06 09:00", *["a"] * 20, *"bcde")
    lines = {
        "headcount_growth": story.line(FRIDAY, "account.updated", name="it", employees=144),
        "power_user": control("tick", "2026-03-07 00:00"),
        "contract_milestone": story.line(FRIDAY, "account.updated", name="it", renews_on="2026-04-20"),
        "qbr_outcome": story.line(FRIDAY, "qbr.held", name="it", unmet_needs=["custom roles", "a pony"]),
    }
    subject.engine.fold(len(subject.log), lines[line_of], 1)
    triggers = [decode_trigger(one.value) for one in subject.engine.take_outputs() if one.topic == TRIGGERS]
    (trigger,) = [one for one in triggers if one.rule == line_of]
    return trigger


def test_headcount_growth() -> None:
    """Employees, the lowest, and when it was given; seats that the growth may need, a tenth of fifty at least."""
    trigger = told("headcount_growth")
    assert (trigger.record, trigger.category, trigger.scope, trigger.window_days) == (
        "fired",
        "organisation",
        None,
        365,
    )
    assert (trigger.evidence.value, trigger.evidence.threshold, trigger.evidence.unit) == (144, 120, "percent")
    assert trigger.evidence.numbers == {
        "employees": 144,
        "lowest": 100,
        "lowest_given_on": "2026-01-01",
        "days": 365,
    }
    assert (trigger.evidence.event_ids, trigger.evidence.occurred_at) == (("app/it",), (instant(FRIDAY),))
    assert (trigger.recommendation.play, trigger.recommendation.owner_role) == ("growth_alignment", "csm")
    assert trigger.recommendation.response_due == instant(FRIDAY) + 5 * DAY_MS
    assert trigger.estimated_acv is not None
    assert trigger.estimated_acv.basis == "seats: 5 more"


def test_power_user() -> None:
    """Who, how much, and the mean of how many; a change of day decided, so there is no event to name."""
    trigger = told("power_user")
    assert (trigger.record, trigger.category, trigger.scope, trigger.scope_type) == ("fired", "usage", None, None)
    assert (trigger.decided_by, trigger.received_at, trigger.window_days) == ("day/2026-03-07", None, 30)
    assert trigger.evidence.numbers["users"] == ["a"]
    assert trigger.evidence.event_ids == ()
    assert (trigger.recommendation.play, trigger.recommendation.owner_role) == ("department_expansion", "csm")
    assert trigger.recommendation.response_due == instant("2026-03-12")


def test_contract_milestone() -> None:
    """The date, the days to it and health; an executive's affair, so the account executive owns it; 10 % of ARR."""
    trigger = told("contract_milestone")
    assert (trigger.evidence.value, trigger.evidence.threshold, trigger.evidence.unit) == (90, 75, "points")
    assert trigger.evidence.numbers == {"renews_on": "2026-04-20", "days_to_renewal": 45, "health": 90}
    assert (trigger.recommendation.play, trigger.recommendation.owner_role) == ("strategic_review", "ae")
    assert trigger.estimated_acv == EstimatedAcv(3_600, "USD", "guess: 10 % of ARR")


def test_qbr_outcome() -> None:
    """The needs that can be met; a solution architect and a proposal in five business days, the weekend left out."""
    trigger = told("qbr_outcome")
    assert (trigger.category, trigger.scope, trigger.level) == ("buying", None, None)
    assert trigger.evidence.numbers == {"needs": ["Custom roles"], "held_on": "2026-03-06"}
    assert (trigger.recommendation.play, trigger.recommendation.response) == (
        "custom_proposal",
        "SA and custom proposal",
    )
    assert trigger.recommendation.response_due == instant("2026-03-13 10:00")


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (
            "headcount_growth",
            (
                "Acme: The company is growing – 144 employees; the lowest of 365 days is 100, given on 2026-01-01 "
                "= 144 % (≥ 120 %)"
            ),
        ),
        (
            "power_user",
            (
                "Acme: A power user has emerged – 20 acts in 30 days by a; the mean of 5 active users is 4.8 "
                "= 416.67 % (≥ 200 %)"
            ),
        ),
        (
            "contract_milestone",
            "Acme: Renewal in sight, and healthy – renewal on 2026-04-20, in 45 days, with health 90 (≥ 75)",
        ),
        (
            "qbr_outcome",
            (
                "Acme: A business review named a need we can meet – the business review of 2026-03-06 named what is on "
                "the roadmap: Custom roles (≥ 1)"
            ),
        ),
    ],
)
def test_the_alert_says_it_in_one_line(rule: str, line: str) -> None:
    """What a CSM reads on a phone."""
    trigger = told(rule)
    card = make_card(Subject((Told(trigger, 0),), None, None, ""), (), trigger.occurred_at)
    assert card.line == line
    assert f"| `{rule}` | {trigger.evidence.summary} |" in PAGE.read_text(), "the documents say the same"
