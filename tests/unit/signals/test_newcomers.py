"""Who is given a seat and was never heard of is no reason to look at the rules, unless seats run out."""

from typing import Any

from services.signals.core.activity import ACTIVITY
from services.signals.core.fold import HANDLERS
from shared.kernel.clock import DAY_MS
from shared.kernel.codec import decode_line
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, only, playbook

DEPARTMENTS = "department_expansion", "department_adjacent"


def begin(*rules: str) -> tuple[EngineSubject, Story]:
    """Return an account of ten seats in whose sales somebody has one."""
    subject = EngineSubject([playbook(WIDE_OPEN | only(*rules))])
    story = Story(subject)
    story.facts("2026-03-02 09:00", seats=10, onboarded_at="2025-06-01")
    story.happens("2026-03-02 09:01", "user.provisioned", user="ann", department="Sales")
    return subject, story


def is_looked_at(subject: EngineSubject, line: bytes) -> bool:
    """Do what the fold does with an event; tell whether the rules would be looked at."""
    told: Any = decode_line(line)
    account, terms, at_ms = subject.engine.state.shelf.accounts["acme"], subject.engine.state.terms, told.occurred_at
    handler = ACTIVITY.get(type(told))
    if handler is None:
        return HANDLERS[type(told)](account, told, at_ms, terms) or account.unsettled
    return handler(account, told, at_ms, at_ms // DAY_MS, terms) or account.unsettled


def test_nobody_looks_until_the_seats_run_out() -> None:
    """The one who takes the last that the rule leaves is looked at, and fires."""
    subject, story = begin("seat_saturation")
    newcomers = [
        story.line("2026-03-02 10:00", "user.provisioned", user=f"u{number}", department="Sales") for number in range(8)
    ]
    assert [is_looked_at(subject, line) for line in newcomers] == [False] * 7 + [True]
    _, story = begin("seat_saturation")
    assert [[one.split()[1] for one in story.fold(line)] for line in newcomers] == [
        *[[]] * 7,
        ["seat_saturation:assigned"],
    ]


def test_one_who_is_known_or_of_a_department_without_seats_is_looked_at() -> None:
    """They may bring acts along that make a department busy; nobody named is no newcomer."""
    subject, story = begin(*DEPARTMENTS)
    story.happens("2026-03-02 10:00", "session.started", user="bob")
    for when, user, department, looks in (
        ("2026-03-02 10:01", "bob", "Sales", True),
        ("2026-03-02 10:02", "eve", "Finance", True),
        ("2026-03-02 10:03", None, "Sales", True),
        ("2026-03-02 10:04", "joe", "Finance", False),
    ):
        line = story.line(when, "user.provisioned", user=user, department=department)
        assert is_looked_at(subject, line) is looks, user


def test_a_seat_that_a_newcomer_takes_is_counted_where_a_department_is_watched() -> None:
    """One of two who acts is half of the department, and nobody looks; both are all of it."""
    subject, story = begin(*DEPARTMENTS)
    story.happens("2026-03-02 10:00", "user.provisioned", user="bob", department="Sales")
    assert not is_looked_at(subject, story.line("2026-03-02 11:00", "session.started", user="ann"))
    said = story.happens("2026-03-02 12:00", "session.started", user="bob")
    assert {one.split()[1].partition(":")[0] for one in said} == {"department_adjacent"}


def test_an_account_that_has_left_is_looked_at() -> None:
    """A churned account stays without triggers whoever joins it."""
    subject, story = begin("seat_saturation")
    story.facts("2026-03-02 10:00", status="churned")
    assert story.happens("2026-03-02 10:01", "user.provisioned", user="bob", department="Sales") == []
    assert is_looked_at(subject, story.line("2026-03-02 10:02", "user.provisioned", user="eve", department="Sales"))
