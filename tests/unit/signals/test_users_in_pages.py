"""An account of many users spreads them over pages; nobody is lost, and erased people stay forgotten."""

from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, event, playbook

OPEN = playbook(WIDE_OPEN)
HOUR = "2026-03-02 10:00"


def test_hundreds_of_users_are_counted_exactly_through_restarts() -> None:
    """600 users, every third deactivated, every seventh erased; what some of them did before that arrives late."""
    engine = EngineSubject([OPEN])
    engine.fold(event("account.updated", "acme", HOUR, "f", properties={"seats": 400}))
    for start in range(0, 600, 60):
        lines = []
        for number in range(start, start + 60):
            user = f"u{number}"
            lines.append(event("user.provisioned", "acme", "2026-03-01 10:00", f"p{number}", user=user))
            lines.append(event("session.started", "acme", "2026-03-02 09:00", f"s{number}", user=user))
            if number % 3 == 0:
                lines.append(event("user.deactivated", "acme", "2026-03-02 09:30", f"d{number}", user=user))
            if number % 7 == 0:
                lines.append(event("user.erased", "acme", "2026-03-02 09:40", f"x{number}", user=user))
        engine.fold(b"\n".join(lines))
        if start % 180 == 60:
            engine.flush()
            engine.restart()
    late = [event("session.started", "acme", "2026-03-02 09:20", f"l{n}", user=f"u{n}") for n in range(0, 600, 21)]
    engine.fold(b"\n".join(late))
    back = [event("session.started", "acme", "2026-03-02 09:50", f"b{n}", user=f"u{n}") for n in range(0, 600, 42)]
    engine.fold(b"\n".join(back))
    staying = sum(number % 3 != 0 and number % 7 != 0 for number in range(600))
    numbers: dict[str, object] = {}
    for rule in engine.snapshots["acme"].rules:
        numbers |= rule.evidence.numbers
    assert numbers["assigned_users"] == staying
    assert numbers["active_users"] == staying + len(back)
    engine.flush()
    assert len([key for key in engine.store.pages if key.startswith(b"u\0")]) > 1


def test_an_erased_persons_name_is_in_no_page() -> None:
    """Only a digest stays, so that late activity still does not count."""
    engine = EngineSubject([OPEN])
    story = Story(engine)
    story.facts("2026-03-01 10:00", seats=2)
    story.happens("2026-03-01 10:00", "user.provisioned", user="grace.hopper", department="Navy")
    story.happens("2026-03-01 11:00", "session.started", user="grace.hopper")
    story.happens("2026-03-01 12:00", "user.erased", user="grace.hopper")
    engine.flush()
    engine.restart()
    story.tick("2026-03-01 14:00")
    engine.flush()
    assert not any(b"grace.hopper" in page for page in engine.store.pages.values())
    late = story.happens("2026-03-01 11:30", "session.started", user="grace.hopper")
    assert late == []
    assert story.happens("2026-03-01 15:00", "session.started", user="other") == []
