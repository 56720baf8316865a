"""An account of many users spreads them over pages; nobody is lost, and erased people stay forgotten."""

from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, control, event, playbook

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


def test_repeats_are_known_after_a_restart_whatever_the_number_of_ids() -> None:
    """127, 128 and 129 ids were flushed, in full and open segments; each is a duplicate when it comes again."""
    for number in (127, 128, 129, 300):
        engine = EngineSubject([OPEN])
        lines = [event("session.started", "acme", HOUR, f"e{n}", user="u") for n in range(number)]
        for start in range(0, number, 64):
            engine.fold(b"\n".join(lines[start : start + 64]))
            engine.flush()
        engine.restart()
        engine.fold(b"\n".join(lines))
        assert engine.counts["duplicates",] == number


def test_a_seat_given_again_survives_a_late_departure() -> None:
    """Given at 10:00 and 14:00; a departure of 12:00 arrives last: the seat is that of 14:00."""
    story = Story(EngineSubject([OPEN]))
    story.facts("2026-03-01 10:00", seats=1)
    story.happens("2026-03-01 10:00", "user.provisioned", user="u1")
    story.happens("2026-03-01 14:00", "user.provisioned", user="u1")
    story.happens("2026-03-01 12:00", "user.deactivated", user="u1")
    assert story.tick("2026-03-02 00:00") == []
    assert story.explain().active == ("seat_saturation",)


def test_ids_of_the_last_hour_are_kept_and_older_ones_forgotten_segment_by_segment() -> None:
    """200 ids at 10:00, 200 at 10:50: at 11:10 the first lot counts again, the second is still known."""
    engine = EngineSubject([OPEN])

    def sessions(lot: str, at: str) -> bytes:
        return b"\n".join(event("session.started", "acme", at, f"{lot}{n}", user="u") for n in range(200))

    for lot, at in (("a", "2026-03-02 10:00"), ("b", "2026-03-02 10:50")):
        engine.fold(sessions(lot, at))
        engine.flush()
    engine.fold(control("tick", "2026-03-02 11:10"))
    engine.fold(event("session.started", "acme", "2026-03-02 11:10", "c", user="u"))
    engine.flush()
    engine.restart()
    engine.fold(sessions("b", "2026-03-02 10:50"))
    assert engine.counts["duplicates",] == 200
    engine.fold(sessions("a", "2026-03-02 10:00"))
    assert engine.counts["duplicates",] == 200


def test_an_id_seen_anew_after_the_hour_is_a_first_again() -> None:
    """Three times the same id, 40 minutes apart: the second is a repeat, the third counts, the fourth repeats it."""
    engine = EngineSubject([OPEN])
    line = event("session.started", "acme", "2026-03-02 10:00", "same", user="u")
    for minute, repeats in ((0, 0), (40, 1), (80, 1), (120, 2)):
        engine.fold(control("tick", f"2026-03-02 {10 + minute // 60}:{minute % 60:02d}"))
        engine.fold(event("session.started", "acme", "2026-03-02 10:00", f"other{minute}", user="u"))
        engine.fold(line)
        assert engine.counts["duplicates",] == repeats
        if minute == 80:
            engine.flush()
            engine.restart()
