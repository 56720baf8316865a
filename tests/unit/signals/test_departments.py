"""`department_expansion` and `department_adjacent` in the engine: new departments, busy ones, users who move."""

import pytest

from services.signals.core import departments
from shared.kernel.playbook import Playbook
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, control, event, only, playbook

NEW = playbook(WIDE_OPEN | only("department_expansion"))
ADJACENT = playbook(
    WIDE_OPEN
    | only("department_adjacent")
    | {"rules.department_adjacent.adjacent": {"Sales": ["Marketing", "Success"], "Ops": ["Marketing"]}}
)
FIRED, OVER = ["fired department_expansion:Finance"], ["resolved department_expansion:Finance"]


def begin(judged_by: Playbook = NEW, **facts: object) -> Story:
    """Begin an account that was onboarded on January 1."""
    story = Story(EngineSubject([judged_by]))
    story.ready("2026-01-01 09:00", **({"onboarded_at": "2026-01-01"} | facts))
    return story


def join(story: Story, when: str, department: str | None, *users: str) -> list[str]:
    """Give seats in a department."""
    properties = {} if department is None else {"department": department}
    return story.fold(*(story.line(when, "user.provisioned", user=user, **properties) for user in users))


def summary(story: Story, rule: str) -> str:
    """Return what the latest snapshot says."""
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    (value,) = [row for row in subject.snapshots["acme"].rules if row.rule == rule]
    return value.evidence.summary


def test_three_active_users_of_a_new_department() -> None:
    """Named for the first time on January 31, the 30th day after onboarding; the third who acts fires it."""
    story = begin()
    assert join(story, "2026-01-31 10:00", "Finance", *"abcd") == []
    assert story.active("2026-02-01 10:00", "a", "b", "other") == []
    assert story.active("2026-02-01 11:00", "b", "c") == FIRED
    assert summary(story, "department_expansion") == (
        "3 users of Finance active in 30 days; the department is there since 2026-01-31 (≥ 3)"
    )


@pytest.mark.parametrize(("day", "fires"), [("2026-01-30", False), ("2026-01-31", True)])
def test_a_department_of_the_first_30_days_is_not_new(day: str, fires: bool) -> None:
    """The first naming counts, on or after the 30th day after onboarding."""
    story = begin()
    join(story, f"{day} 10:00", "Finance", *"abc")
    assert story.active("2026-02-01 10:00", *"abc") == (FIRED if fires else [])


@pytest.mark.parametrize(("day", "fires"), [("2026-05-11", True), ("2026-05-12", False)])
def test_a_department_is_new_for_less_than_90_days(day: str, fires: bool) -> None:
    """Named on February 11: 89 days back on May 11, 90 on May 12."""
    story = begin()
    join(story, "2026-02-11 10:00", "Finance", *"abc")
    story.tick(f"{day} 00:00")
    story.happens(f"{day} 09:00", "feature.used", feature="dashboards")
    assert story.active(f"{day} 10:00", *"abc") == (FIRED if fires else [])


def test_what_stands_ends_when_the_department_is_no_longer_new() -> None:
    """Then there is no value: the day after the last one."""
    story = begin()
    join(story, "2026-02-11 10:00", "Finance", *"abc")
    story.tick("2026-05-11 00:00")
    story.happens("2026-05-11 09:00", "feature.used", feature="dashboards")
    assert story.active("2026-05-11 10:00", *"abc") == FIRED
    assert story.tick("2026-05-12 00:00") == []
    assert story.tick("2026-05-13 00:00") == OVER
    assert story.told[-1].value is None


def test_the_window_is_30_days_and_it_ends_at_two_users() -> None:
    """All three on February 12: in the window until March 13."""
    story = begin()
    join(story, "2026-02-11 10:00", "Finance", *"abc")
    assert story.active("2026-02-12 10:00", *"abc") == FIRED
    assert story.active("2026-02-13 10:00", *"ab") == []
    assert story.tick("2026-03-14 00:00") == []
    assert story.tick("2026-03-15 00:00") == OVER
    assert story.told[-1].value == 2


def test_a_late_naming_makes_the_department_old_and_without_onboarding_there_is_no_value() -> None:
    """Whatever becomes of the user who was named."""
    story = begin()
    join(story, "2026-02-11 10:00", "Finance", *"abc")
    join(story, "2026-01-05 10:00", "Finance", "z")
    story.happens("2026-01-06 10:00", "user.erased", user="z")
    assert story.active("2026-02-12 10:00", *"abc") == []
    story = begin(onboarded_at=None)
    join(story, "2026-02-11 10:00", "Finance", *"abc")
    assert story.active("2026-02-12 10:00", *"abc") == []


def test_users_are_counted_where_the_latest_provisioning_puts_them() -> None:
    """Whichever arrives first; a provisioning that names no department changes nothing."""
    story = begin()
    join(story, "2026-02-11 10:00", "Finance", *"ab")
    story.active("2026-02-12 10:00", *"abc")
    assert join(story, "2026-02-12 11:00", "Finance", "c") == FIRED
    assert join(story, "2026-02-13 10:00", None, "c") == []
    assert join(story, "2026-02-12 10:00", "Legal", "c") == []
    assert story.tick("2026-02-14 00:00") == []
    assert join(story, "2026-02-13 09:00", "Legal", "c") == []
    assert story.tick("2026-02-15 00:00") == OVER
    assert story.told[-1].value == 2


def test_a_departed_user_who_acts_again_still_has_the_department_and_an_erased_one_has_none() -> None:
    """Departure takes the activity of before away."""
    story = begin()
    join(story, "2026-02-11 10:00", "Finance", *"abc")
    story.active("2026-02-12 10:00", *"ab")
    story.happens("2026-02-12 11:00", "user.deactivated", user="c")
    assert story.active("2026-02-12 12:00", "c") == FIRED
    story.happens("2026-02-13 09:00", "user.erased", user="c")
    assert story.active("2026-02-13 10:00", "c") == []
    assert story.tick("2026-02-14 00:00") == OVER


def test_a_busy_department_and_a_neighbour_without_users() -> None:
    """Four of five users of Sales: 80 % is reached at the fourth."""
    story = begin(ADJACENT)
    join(story, "2026-02-01 10:00", "Sales", *"abcde")
    assert story.active("2026-02-02 10:00", *"abc") == []
    fired = ["fired department_adjacent:Marketing", "fired department_adjacent:Success"]
    assert story.active("2026-02-02 11:00", "d") == fired
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    shown = [row for row in subject.snapshots["acme"].rules if row.rule == "department_adjacent"]
    assert [row.evidence.summary for row in shown] == [
        f"4 of 5 users of Sales active in 30 days; nobody of {name} has a seat = 80 % (≥ 80 %)"
        for name in ("Marketing", "Success")
    ]


def test_the_neighbour_ends_it_by_having_a_user() -> None:
    """Assigned, not merely named: a neighbour whose only user has left has none."""
    story = begin(ADJACENT)
    join(story, "2026-02-01 10:00", "Sales", "a")
    join(story, "2026-02-01 10:00", "Success", "s")
    join(story, "2026-02-01 10:00", "Marketing", "m")
    story.happens("2026-02-01 11:00", "user.deactivated", user="m")
    assert story.active("2026-02-02 11:00", "a") == ["fired department_adjacent:Marketing"]
    join(story, "2026-02-03 10:00", "Marketing", "m")
    assert story.tick("2026-02-04 00:00") == ["resolved department_adjacent:Marketing"]


def test_the_greatest_share_beside_it_counts() -> None:
    """Ops has one of two, Sales one of one: Marketing's value is that of Sales; without Sales that of Ops."""
    story = begin(ADJACENT)
    join(story, "2026-02-01 10:00", "Ops", "o", "p")
    join(story, "2026-02-01 10:00", "Sales", "a")
    assert story.active("2026-02-02 11:00", "o") == []
    assert len(story.active("2026-02-02 12:00", "a")) == 2
    assert story.told[-1].value == 100
    story.happens("2026-02-02 13:00", "user.deactivated", user="a")
    assert story.tick("2026-02-03 00:00") == [
        "resolved department_adjacent:Marketing",
        "resolved department_adjacent:Success",
    ]
    assert [one.value for one in story.told[-2:]] == [50, None]


def test_seats_given_or_taken_move_the_share() -> None:
    """Three of four is 75 %; when the fourth leaves it is all."""
    story = begin(ADJACENT)
    join(story, "2026-02-01 10:00", "Sales", *"abcd")
    assert story.active("2026-02-02 11:00", *"abc") == []
    assert len(story.happens("2026-02-02 12:00", "user.deactivated", user="d")) == 2


def test_departments_of_a_thousand_users_are_exact_through_restarts() -> None:
    """Users move, leave and are erased, in several pages; the counts rebuilt are those that were moved along."""
    subject = EngineSubject([ADJACENT])
    story = Story(subject)
    story.ready("2026-01-01 09:00", onboarded_at="2025-01-01")
    names = ("Sales", "Ops", "Legal")
    for day in range(1, 29):
        lines = [control("tick", f"2026-02-{day:02d} 00:00")]
        for number in range(40):
            user, at = f"u{(day * 37 + number * 11) % 700}", f"2026-02-{day:02d} {number % 20:02d}:00"
            kind = ("user.provisioned", "session.started", "user.deactivated", "user.erased", "session.started")[
                (day + number) % 5
            ]
            properties: dict[str, object] = {"department": names[(day * number) % 3]} if "prov" in kind else {}
            lines.append(event(kind, "acme", at, f"e{day}-{number}", user=user, properties=properties))
        story.fold(*lines)
        moved = subject.engine.state.shelf.accounts["acme"].people
        subject.flush()
        subject.restart()
        subject.fold(event("qbr.held", "acme", f"2026-02-{day:02d} 23:00", f"q{day}"))
        rebuilt = subject.engine.state.shelf.accounts["acme"].people
        assert rebuilt.assigned_in == moved.assigned_in
        assert {name: seen.cells for name, seen in rebuilt.active_in.items()} == {
            name: seen.cells for name, seen in moved.active_in.items()
        }
        assert (rebuilt.seated.cells, rebuilt.idle.cells) == (moved.seated.cells, moved.idle.cells)
    assert len(subject.engine.state.shelf.accounts["acme"].users) > 1
    assert rebuilt.assigned_in.keys() == set(names)


def test_names_of_departments_are_kept_up_to_a_bound() -> None:
    """A thousand are; of those the earliest day still moves."""
    story = begin()
    lines = [
        story.line("2026-02-01 10:00", "user.provisioned", user="u", department=f"d{number}")
        for number in range(departments.MOST + 1)
    ]
    story.fold(*lines)
    story.happens("2026-01-10 10:00", "user.provisioned", user="u", department="d0")
    subject = story.subject
    assert isinstance(subject, EngineSubject)
    known = subject.engine.state.shelf.accounts["acme"].days.people.departments
    assert len(known) == departments.MOST
    assert known["d0"] < known["d1"]
