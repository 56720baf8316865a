"""Definitions 61 and 78: the names of levels, and what is told when its day has long gone by."""

from tests.oracle.beginnings import Tell, begin, gauge
from tests.oracle.rules import ORDER, RULES
from tests.oracle.writing import only


def test_33_the_oracle_knows_every_rule_of_the_playbook_in_order() -> None:
    """Nothing is left out of the order."""
    assert RULES == ORDER


def test_33_the_engine_knows_the_same_rules_in_the_same_order() -> None:
    """Risk and adoption, contraction, renewals, expansion, compound."""
    from services.signals.core.rules import RULES as ENGINE_RULES  # noqa: PLC0415 - only this case looks inside

    assert tuple(row.name for row in ENGINE_RULES) == RULES


def test_61_the_levels_of_the_ceiling_have_their_names(tell: Tell) -> None:
    """From the lowest to the highest, on one metric."""
    story = begin(tell, limits={"storage_gb": 100})
    told = [gauge(story, f"2026-01-02 1{number}:00", level) for number, level in enumerate((70, 81, 85, 95))]
    levels = ("nurture", "outreach", "owner", "executive")
    assert told == [[f"fired usage_ceiling:storage_gb@{level}"] for level in levels]
    assert [one.level for one in story.told] == list(levels)


def test_78_a_dead_letter_that_is_replayed_fires_nothing_for_days_gone_by(tell: Tell) -> None:
    """Three blocks of January 2 would have fired then; told on the 8th they fire on the 8th, on the 20th never."""
    story = begin(tell, only("feature_gap"), plan="Starter")
    story.tick("2026-01-08 09:00")
    lines = [story.line(f"2026-01-02 1{number}:00", "feature.blocked", feature="sso") for number in range(3)]
    assert story.fold(*lines) == ["fired feature_gap:sso"]
    assert story.told[-1].occurred_at == story.told[-1].occurred_at // 86_400_000 * 86_400_000 + 9 * 3_600_000
    story.tick("2026-01-20 09:00")
    lines = [story.line(f"2026-01-03 1{number}:00", "feature.blocked", feature="roles") for number in range(3)]
    assert story.fold(*lines) == []
