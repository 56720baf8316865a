"""Definitions 30, 31, 32: what holds an open gate: a renewal that is near, and the account's status."""

import pytest

from tests.oracle.beginnings import Tell


@pytest.mark.parametrize(
    ("today", "quiet"), [("2026-05-31", False), ("2026-06-01", True), ("2026-06-30", True), ("2026-07-01", False)]
)
def test_30_quiet_from_30_days_before_renewal_to_the_day_before(tell: Tell, today: str, quiet: bool) -> None:
    """renews_on July 1: June 1 is 30 days before, the day itself belongs to the new term."""
    story = tell()
    story.facts("2026-05-01 09:00", renews_on="2026-07-01")
    story.tick(f"{today} 00:00")
    story.happens(f"{today} 01:00", "feature.used", feature="dashboards")
    known = story.explain()
    assert known.open is True
    assert known.held_because == (("renewal_quiet",) if quiet else ())


def test_31_a_completed_renewal_ends_the_quiet_and_releases(tell: Tell) -> None:
    """Held for the quiet; the renewal releases at its own record."""
    story = tell()
    story.ready("2026-06-10 09:00", renews_on="2026-07-01", limits={"storage_gb": 10})
    assert story.happens("2026-06-11 09:00", "usage.reported", metric="storage_gb", level=9) == [
        "held usage_ceiling:storage_gb@owner"
    ]
    assert story.told[-1].held_because == ("renewal_quiet",)
    assert story.happens("2026-06-12 09:00", "renewal.completed", term_months=12) == [
        "released usage_ceiling:storage_gb@owner"
    ]


def test_32_suspended_holds_and_active_releases(tell: Tell) -> None:
    """The account's status decides."""
    story = tell()
    story.ready("2026-06-10 09:00", status="suspended", seats=1)
    assert story.active("2026-06-10 10:00", "u1") == ["held seat_saturation:active"]
    assert story.told[-1].held_because == ("suspended",)
    assert story.facts("2026-06-10 11:00", status="active") == ["released seat_saturation:active"]


def test_a_playbook_may_let_suspended_accounts_expand(tell: Tell) -> None:
    """`holds.suspended: false`."""
    story = tell({"holds.suspended": False})
    story.ready("2026-06-10 09:00", status="suspended", seats=1)
    assert story.active("2026-06-10 10:00", "u1") == ["fired seat_saturation:active"]


def test_32_churned_ends_everything_at_once_and_fires_nothing_until_it_is_active_again(tell: Tell) -> None:
    """The one exception to definition 4; what stands when it is active again fires anew at that record."""
    story = tell()
    story.ready("2026-06-10 09:00", seats=2)
    assert story.active("2026-06-10 10:00", "u1", "u2") == ["fired seat_saturation:active"]
    assert story.facts("2026-06-10 11:00", status="churned") == ["resolved seat_saturation:active"]
    assert "churned" in story.explain().held_because
    assert story.active("2026-06-10 12:00", "u1", "u2") == []
    assert story.tick("2026-06-12 00:00") == []
    assert story.facts("2026-06-12 10:00", status="active") == ["fired seat_saturation:active"]
    assert story.told[-1].trigger_id != story.told[0].trigger_id


def test_32_a_late_older_status_does_not_churn(tell: Tell) -> None:
    """The fact in force decides, not the one that arrived last."""
    story = tell()
    story.ready("2026-06-10 09:00", seats=1, status="active")
    story.active("2026-06-10 10:00", "u1")
    assert story.facts("2026-06-09 11:00", status="churned") == []
