"""What a trigger recommends: play, owner, due date, and what it may be worth (playbook sections 6 and 8)."""

import pytest

from shared.kernel.topics import TRIGGERS
from shared.kernel.triggers import EstimatedAcv, Recommendation, decode_trigger
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, instant, playbook

FRIDAY = "2026-03-06 10:00"
USAGE: dict[str, object] = {"plays.tier_migration.deal": "usage"}
OPEN: dict[str, object] = WIDE_OPEN | {
    f"gate.{segment}": WIDE_OPEN["gate.smb"] for segment in ("mid_market", "enterprise")
}


def decided(
    facts: dict[str, object], quantity: int = 9_600, changes: dict[str, object] | None = None, metric: str = "api_calls"
) -> tuple[Recommendation, EstimatedAcv | None]:
    """Return what the ceiling's trigger of an account with these facts recommends."""
    subject = EngineSubject([playbook(OPEN | (changes or {}))])
    story = Story(subject)
    story.ready("2026-03-06 09:00", **facts)
    line = story.line(FRIDAY, "usage.recorded", metric=metric, quantity=quantity)
    subject.engine.fold(len(subject.log), line, 1)
    outputs = [output for output in subject.engine.take_outputs() if output.topic == TRIGGERS]
    trigger = decode_trigger(outputs[-1].value)
    return trigger.recommendation, trigger.estimated_acv


def test_the_snapshot_shows_the_greatest_worth_of_what_is_open() -> None:
    """What is projected for a metric; then the seats of a full house, ten at 15 for a year."""
    subject = EngineSubject([playbook(OPEN | USAGE)])
    story = Story(subject)
    story.ready("2026-03-06 09:00", plan="Starter", mrr=1000)
    story.happens(FRIDAY, "usage.recorded", metric="api_calls", quantity=9_600)
    projected = EstimatedAcv(950.4, "USD", "usage: api_calls projected to the period's end")
    assert subject.snapshots["acme"].estimated_expansion_acv == projected
    story.facts("2026-03-06 11:00", seats=100)
    story.fold(*(story.line("2026-03-06 12:00", "session.started", user=f"u{n}") for n in range(91)))
    assert subject.snapshots["acme"].estimated_expansion_acv == EstimatedAcv(2520, "USD", "seats: 14 more")


STARTER = {"plan": "Starter", "segment": "Mid-Market", "currency": "EUR"}


def test_a_tier_is_worth_a_year_of_the_difference_of_prices() -> None:
    """Starter 200, Growth 1,200: 12 x 1,000 in the currency of the prices; below 25,000 the CSM owns it."""
    advice, worth = decided(STARTER)
    assert worth == EstimatedAcv(12_000, "USD", "tier: Starter to Growth")
    assert (advice.play, advice.owner_role, advice.motion) == ("tier_migration", "csm", "cs_led")
    assert advice.response == "Bring in an executive now."


def test_above_the_line_the_account_executive_owns_the_tier() -> None:
    """Growth 1,200, Scale 6,000: 57,600."""
    advice, worth = decided(STARTER | {"plan": "Growth"}, 99_000)
    assert worth is not None
    assert worth.amount == 57_600
    assert advice.owner_role == "ae"


def test_the_smallest_segment_goes_to_the_pool() -> None:
    """Whatever the amount."""
    advice, _ = decided(STARTER | {"segment": "SMB"})
    assert advice.owner_role == "pool"


def test_without_a_next_plan_a_share_of_arr_is_guessed() -> None:
    """Scale is the last plan: 10 % of 12 x 1,000.50, Enterprise 20 %, and nothing without MRR."""
    facts = STARTER | {"plan": "Scale", "mrr": "1000.5"}
    assert decided(facts, 1_990_000)[1] == EstimatedAcv(1200.6, "EUR", "guess: 10 % of ARR")
    assert decided(facts | {"segment": "Enterprise"}, 1_990_000)[1] == EstimatedAcv(2401.2, "EUR", "guess: 20 % of ARR")
    assert decided(STARTER | {"plan": "Scale"}, 1_990_000)[1] is None


def test_usage_is_worth_the_overage_projected_to_the_periods_end() -> None:
    """9,600 calls in 6 days of 31: 49,600 at the end, 39,600 too many, at 0.002 for 12 months; CS owns usage."""
    advice, worth = decided(STARTER, changes=USAGE)
    assert worth == EstimatedAcv(950.4, "USD", "usage: api_calls projected to the period's end")
    assert advice.owner_role == "csm"


def test_an_annual_plan_projects_one_period() -> None:
    """9,600 calls in 65 days of 365: 53,907.69 at the end; 43,907.69 x 0.002, once."""
    _, worth = decided(STARTER, changes=USAGE | {"plans.Starter.annual": True})
    assert worth is not None
    assert worth.amount == pytest.approx(87.82, abs=0.005)


def test_usage_without_a_unit_price_is_guessed() -> None:
    """`contacts` has a limit of 1,000 and no unit price."""
    _, worth = decided(STARTER | {"mrr": 1000}, 960, USAGE, metric="contacts")
    assert worth == EstimatedAcv(1200, "EUR", "guess: 10 % of ARR")


def test_usage_that_stays_within_the_limit_is_worth_nothing() -> None:
    """7,000 of 10,000 on the last day of the period."""
    subject = EngineSubject([playbook(OPEN | USAGE)])
    story = Story(subject)
    story.ready("2026-03-31 09:00", **STARTER)
    line = story.line("2026-03-31 10:00", "usage.recorded", metric="api_calls", quantity=7_000)
    subject.engine.fold(len(subject.log), line, 1)
    worth = decode_trigger(subject.engine.take_outputs()[-1].value).estimated_acv
    assert worth is not None
    assert worth.amount == 0


@pytest.mark.parametrize(
    ("due_in", "days", "due"),
    [
        ("days", 2, "2026-03-08 10:00"),
        ("business_days", 2, "2026-03-10 10:00"),
        ("business_days", 6, "2026-03-16 10:00"),
    ],
)
def test_business_days_skip_the_weekend(due_in: str, days: int, due: str) -> None:
    """From Friday: two business days are Tuesday."""
    changes: dict[str, object] = {
        "plays.tier_migration.response_due_in": due_in,
        "plays.tier_migration.response_due_days": days,
    }
    advice, _ = decided(STARTER, changes=changes)
    assert advice.response_due == instant(due)


def seats_deal(facts: dict[str, object], users: int) -> EstimatedAcv | None:
    """Return what a full house is worth."""
    subject = EngineSubject([playbook(OPEN)])
    story = Story(subject)
    story.ready("2026-03-06 09:00", **facts)
    lines = [story.line(FRIDAY, "session.started", user=f"u{number}") for number in range(users)]
    subject.engine.fold(len(subject.log), b"\n".join(lines), 1)
    outputs = [output for output in subject.engine.take_outputs() if output.topic == TRIGGERS]
    return decode_trigger(outputs[-1].value).estimated_acv


def test_seats_are_worth_what_brings_the_active_share_back_to_80_percent() -> None:
    """10 of 10 active: 3 more at 15 for 12 months; 91 of 100: 14 more, which is above the tenth."""
    assert seats_deal(STARTER | {"seats": 10}, 10) == EstimatedAcv(540, "USD", "seats: 3 more")
    assert seats_deal(STARTER | {"seats": 100}, 91) == EstimatedAcv(2520, "USD", "seats: 14 more")


def test_seats_of_an_unknown_plan_are_guessed() -> None:
    """There is no price for a seat."""
    assert seats_deal({"seats": 10, "mrr": 100, "plan": "Handmade"}, 10) == EstimatedAcv(
        120, "USD", "guess: 10 % of ARR"
    )
