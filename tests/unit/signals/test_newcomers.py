"""Who is given a seat and was never heard of is no reason to look at the rules, unless seats run out."""

import pytest

from services.signals.core import partition
from services.signals.core.account import Account
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, only, playbook

DEPARTMENTS = "department_expansion", "department_adjacent"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return where the causes are noted for which the rules are looked at."""
    seen: list[str] = []
    look = partition.look

    def noted(account: Account, *given: object, **named: object) -> None:
        seen.append(account.head.account_id)
        look(account, *given, **named)  # type: ignore[arg-type]  # they are handed on as they are

    monkeypatch.setattr(partition, "look", noted)
    return seen


def begin(*rules: str) -> Story:
    """Return an account of ten seats in whose sales somebody has one."""
    story = Story(EngineSubject([playbook(WIDE_OPEN | only(*rules))]))
    story.facts("2026-03-02 09:00", seats=10, onboarded_at="2025-06-01")
    story.happens("2026-03-02 09:01", "user.provisioned", user="ann", department="Sales")
    return story


def test_nobody_looks_until_the_seats_run_out(looks: list[str]) -> None:
    """The one who takes the last of them fires."""
    story = begin("seat_saturation")
    begun, said = len(looks), list[str]()
    for number in range(7):
        said += story.happens("2026-03-02 10:00", "user.provisioned", user=f"u{number}", department="Sales")
    assert (len(looks) - begun, said) == (0, [])
    for number in range(7, 9):
        said += story.happens("2026-03-02 11:00", "user.provisioned", user=f"u{number}", department="Sales")
    assert len(looks) > begun
    assert [one.split()[1] for one in said] == ["seat_saturation:assigned"]


def test_one_who_is_known_or_of_a_department_without_seats_is_looked_at(looks: list[str]) -> None:
    """They may bring acts along that make a department busy; nobody named is no newcomer."""
    story = begin(*DEPARTMENTS)
    story.happens("2026-03-02 10:00", "session.started", user="bob")
    for when, user, department in (
        ("2026-03-02 10:01", "bob", "Sales"),
        ("2026-03-02 10:02", "eve", "Finance"),
        ("2026-03-02 10:03", None, "Sales"),
    ):
        begun = len(looks)
        story.happens(when, "user.provisioned", user=user, department=department)
        assert len(looks) == begun + 1, user


def test_a_seat_that_a_newcomer_takes_is_counted_where_a_department_is_watched() -> None:
    """One of two who acts is half of the department; both are all of it."""
    story = begin(*DEPARTMENTS)
    story.happens("2026-03-02 10:00", "user.provisioned", user="bob", department="Sales")
    assert story.happens("2026-03-02 11:00", "session.started", user="ann") == []
    said = story.happens("2026-03-02 12:00", "session.started", user="bob")
    assert {one.split()[1].partition(":")[0] for one in said} == {"department_adjacent"}


def test_an_account_that_has_left_is_looked_at(looks: list[str]) -> None:
    """A churned account stays without triggers whoever joins it."""
    story = begin("seat_saturation")
    story.facts("2026-03-02 10:00", status="churned")
    begun = len(looks)
    assert story.happens("2026-03-02 10:01", "user.provisioned", user="bob", department="Sales") == []
    assert len(looks) == begun + 1
