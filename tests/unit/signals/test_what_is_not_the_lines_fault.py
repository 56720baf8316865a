"""What breaks around a line is not the line's fault, and what a line asks for has bounds."""

from itertools import count

import pytest
from msgspec.structs import replace

from services.signals.core.engine import Engine
from shared.kernel.clock import parse_instant
from shared.kernel.errors import InvariantError
from shared.kernel.playbook import Playbook
from shared.kernel.topics import DEAD_LETTERS, EVENTS
from tests.oracle.adapters import Pages
from tests.oracle.writing import WIDE_OPEN, control, playbook
from tests.oracle.writing import event as written
from tests.unit.signals.test_poisoned_lines import without_days, without_play

NUMBERS = count()


def event(when: str, kind: str, account: str, user: str | None = None, **properties: object) -> bytes:
    """Return the line of an event with an id of its own."""
    return written(kind, account, when, f"e{next(NUMBERS)}", user=user, properties=properties)


class BrokenPages(Pages):
    """A store whose disk has failed for accounts."""

    def get(self, key: bytes) -> bytes | None:
        """Return the meta page, and fail for everything else."""
        if key == b"m":
            return None
        raise InvariantError("the disk is gone")


def engine(first: Playbook, pages: Pages | None = None) -> Engine:
    """Return an engine of a log with one partition."""
    return Engine(0, 1, "log-1", False, first, pages or Pages())


def test_a_broken_store_ends_the_worker_and_buries_no_event() -> None:
    """The event was answered, so it must be counted once there is a disk again."""
    broken = engine(playbook(WIDE_OPEN), BrokenPages())
    with pytest.raises(InvariantError, match="the disk is gone"):
        broken.fold(0, event("2026-03-02 10:00", "session.started", account="a", user="u1"), 0)
    assert broken.take_outputs() == []


def test_a_rule_that_keeps_failing_is_switched_off_once_in_each_partition() -> None:
    """Forty lines fail in one record, and one control record says so, not four."""
    failing = engine(without_play("usage_ceiling"))
    facts = event("2026-03-01 10:00", "account.updated", account="a", limits={"calls": 10}, onboarded_at="2025-01-01")
    uses = [
        event("2026-03-02 10:00", "usage.recorded", account="a", user="u1", metric="calls", quantity=9)
        for _ in range(40)
    ]
    failing.fold(0, b"\n".join([facts, *uses]), 0)
    outputs = failing.take_outputs()
    assert sum(output.topic is DEAD_LETTERS for output in outputs) == 40
    assert sum(output.topic is EVENTS for output in outputs) == 1


def test_a_rule_that_fails_at_the_change_of_day_of_many_accounts_is_switched_off() -> None:
    """There is no line to blame, but the failures count."""
    failing = engine(without_days("default-1"))
    failing.fold(0, control("tick", "2026-03-01 10:00"), 0)
    lines = [event("2026-03-01 11:00", "session.started", account=f"a{n}", user="u1") for n in range(12)]
    failing.fold(1, b"\n".join(lines), 0)
    failing.take_outputs()
    failing.fold(2, control("tick", "2026-03-02 00:00"), 0)
    switched = [output for output in failing.take_outputs() if output.topic is EVENTS]
    assert len(switched) == 1
    assert b"power_user" in switched[0].value


def test_a_jump_of_decades_takes_no_longer_than_the_horizon() -> None:
    """Only the last days are stepped; the account's day is that of the event."""
    jumping = engine(playbook(WIDE_OPEN))
    jumping.fold(0, event("2026-03-02 10:00", "session.started", account="a", user="u1"), 0)
    jumping.fold(1, event("2099-03-02 10:00", "session.started", account="a", user="u1"), 0)
    account = jumping.state.shelf.accounts["a"]
    assert account.head.today == parse_instant("2099-03-02") // 86_400_000
    assert account.active_rule == 1


def test_a_backfill_that_begins_after_a_live_tick_is_refused_and_counted() -> None:
    """Definition 73: nothing is held because of it."""
    live = engine(playbook(WIDE_OPEN))
    live.fold(0, control("tick", "2026-03-02 10:00"), 0)
    live.fold(1, control("backfill", "2026-03-02 10:00", state="begin"), 0)
    assert live.phase == "live"
    assert live.take_counts()["backfill_refused",] == 1


def test_a_ticket_resolved_before_the_horizon_is_forgotten() -> None:
    """One that is still open is not, however old."""
    patient = engine(playbook(WIDE_OPEN))
    opened = [event("2026-01-01 10:00", "ticket.opened", account="a", ticket_id=name) for name in ("t1", "t2")]
    resolved = event("2026-01-02 10:00", "ticket.resolved", account="a", ticket_id="t1")
    patient.fold(0, b"\n".join([*opened, resolved]), 0)
    patient.fold(1, event("2027-06-30 10:00", "session.started", account="a", user="u1"), 0)
    for day in range(1, 17):
        patient.fold(1 + day, event(f"2027-07-{day:02d} 10:00", "session.started", account="a", user="u1"), 0)
    assert set(patient.state.shelf.accounts["a"].days.tickets) == {"t2"}


def test_a_rule_whose_record_cannot_be_made_at_a_change_of_day_stops_nobody() -> None:
    """The contract turns, so each trigger ends and fires anew; both fail, are counted, and all accounts are stepped."""
    failing = engine(playbook(WIDE_OPEN))
    failing.fold(0, control("tick", "2026-03-01 10:00"), 0)
    facts = [event("2026-03-01 11:00", "account.updated", f"a{n}", seats=1, renews_on="2026-03-02") for n in range(3)]
    lines = [event("2026-03-01 12:00", "session.started", f"a{n}", "u1") for n in range(3)]
    failing.fold(1, b"\n".join([*facts, *lines]), 0)
    failing.add_playbook("second", without_play("seat_saturation", "second"))
    failing.fold(2, control("playbook", "2026-03-01 13:00", version="second", digest=""), 0)
    failing.fold(3, control("tick", "2026-03-02 00:00"), 0)
    assert failing.take_counts()["rule_failures", "seat_saturation"] == 6
    assert {account.head.today for account in failing.state.shelf.each()} == {parse_instant("2026-03-02") // 86_400_000}


def test_a_line_that_no_rule_fails_at_but_cannot_be_folded_is_buried_and_blames_no_rule() -> None:
    """A playbook without the bound of good answers, which no validated one is, makes an answer impossible to fold."""
    sound = playbook(WIDE_OPEN)
    failing = engine(replace(sound, measures=replace(sound.measures, csat_positive_score=None)))
    failing.fold(0, event("2026-03-02 10:00", "survey.answered", "a", "u1", survey="csat", score=5), 0)
    assert [output.topic for output in failing.take_outputs()].count(DEAD_LETTERS) == 1
    assert not [key for key in failing.take_counts() if key[0] == "rule_failures"]
