"""A control record of all accounts stops in between, and the worker may write, let go, or die there."""

import pytest
from msgspec.structs import replace

from shared.kernel.errors import InvariantError
from shared.kernel.topics import SNAPSHOTS, TRIGGERS
from tests.oracle.writing import WIDE_OPEN, control, event, playbook
from tests.support.signals.company import without_play
from tests.support.signals.letting import EVERYTHING, LATER_MS, NAMES, OPEN, Kept, session, written


def test_a_tick_stops_between_accounts_and_its_record_is_not_folded_until_all_are_through() -> None:
    """What is written in between says so; nothing is shown meanwhile, as the accounts are of different days."""
    kept = Kept(most_swept=2)
    kept.fold(*map(session, NAMES))
    kept.write()
    kept.engine.take_snapshots(LATER_MS)
    before, tick = kept.engine.ticked_at, control("tick", "2026-03-03 00:00")
    kept.fold(tick)
    assert (kept.engine.offset, kept.engine.ticked_at) == (kept.offset - 1, before)
    assert kept.engine.take_snapshots(LATER_MS) == []
    kept.write()
    assert (written(kept).stamp, written(kept).ticked_at) == ((0, kept.offset - 1), before)
    kept.engine.let_go(EVERYTHING)
    kept.engine.fold(kept.offset, tick, 0)
    assert (kept.engine.offset, kept.engine.ticked_at > before) == (kept.offset, True)
    days = {account.head.account_id: account.head.today for account in kept.engine.state.shelf.each()}
    assert len(set(days.values())) == 1
    assert len(kept.engine.take_snapshots(2 * LATER_MS)) == len(NAMES)


def test_an_account_whose_line_fails_after_a_tick_that_was_written_in_between_is_folded_again_with_the_tick() -> None:
    """It was not among those that were written."""
    kept = Kept(most_swept=1, judged_by=without_play(OPEN, "qbr_outcome"))
    kept.fold(*map(session, ("a", "b")))
    kept.write()
    tick = control("tick", "2026-03-03 00:00")
    kept.fold(tick)
    kept.write()
    while kept.engine.offset < kept.offset:
        kept.engine.fold(kept.offset, tick, 0)
    days = {name: account.head.today for name, account in kept.engine.state.accounts.items()}
    needs: dict[str, object] = {"unmet_needs": ["offline mode"]}
    kept.fold(*(event("qbr.held", name, "2026-03-03 13:00", name, properties=needs) for name in ("a", "b")))
    assert kept.engine.take_counts()["rule_failures", "qbr_outcome"] == 2
    assert {name: account.head.today for name, account in kept.engine.state.accounts.items()} == days


def test_a_tick_stops_also_at_accounts_that_are_of_its_day_already() -> None:
    """Each of them is loaded to see that: no more in one call than may be."""
    kept = Kept(most_swept=2)
    names = [f"a{number}" for number in range(5)]
    kept.fold(*(event("session.started", name, "2026-03-03 01:00", name, user="u") for name in names))
    kept.write()
    kept.engine.let_go(EVERYTHING)
    tick = control("tick", "2026-03-03 00:00")
    kept.fold(tick)
    loaded = [len(kept.there())]
    while kept.engine.offset < kept.offset:
        kept.engine.let_go(EVERYTHING)
        kept.engine.fold(kept.offset, tick, 0)
        loaded.append(len(kept.there()))
    assert loaded == [2, 2, 1]
    assert (kept.engine.swept, kept.engine.take_counts()["loaded",]) == (5, 5)


def test_what_was_judged_before_the_worker_died_is_passed_a_few_at_a_time() -> None:
    """Its pages say that the playbook was folded."""
    kept = Kept(most_swept=1)
    kept.fold(*map(session, NAMES))
    other = replace(OPEN, version="other")
    judged = control("playbook", "2026-03-02 12:00", version="other", digest=other.digest)
    kept.engine.add_playbook("other", other)
    kept.fold(judged)
    while kept.engine.state.terms.playbook.version != "other":
        kept.engine.fold(kept.offset, judged, 0)
        if len(kept.engine.state.dirty) == len(NAMES):
            kept.write()
            kept.begin_anew(most_swept=1)
            kept.engine.add_playbook("other", other)
            assert kept.engine.offset == kept.offset - 1
    assert kept.engine.swept == len(NAMES)
    assert {account.offset for account in kept.engine.state.accounts.values()} == {kept.offset}


def test_rules_that_fail_are_counted_as_they_do_not_only_when_all_accounts_are_through() -> None:
    """A worker that dies in between passes over those that it has written."""
    kept = Kept(most_swept=1)
    facts: dict[str, object] = {"seats": 1, "renews_on": "2026-03-03"}
    kept.fold(*(event("account.updated", name, "2026-03-02 09:00", "f", properties=facts) for name in NAMES))
    kept.fold(*map(session, NAMES))
    broken = replace(without_play(OPEN, "seat_saturation"), version="broken")
    kept.engine.add_playbook("broken", broken)
    judged = control("playbook", "2026-03-02 12:00", version="broken", digest="")
    kept.fold(judged)
    while kept.engine.offset < kept.offset:
        kept.engine.fold(kept.offset, judged, 0)
    kept.engine.take_counts()
    kept.fold(control("tick", "2026-03-03 00:00"))
    assert kept.engine.offset < kept.offset
    assert kept.engine.take_counts()["rule_failures", "seat_saturation"] > 0


def test_nothing_else_is_folded_before_a_record_that_is_not_through() -> None:
    """Its accounts would be stamped with another record."""
    kept = Kept(most_swept=1)
    kept.fold(*map(session, NAMES), control("tick", "2026-03-03 00:00"))
    with pytest.raises(InvariantError, match="record 3 is not through, and 4 was given"):
        kept.fold(session("a", 2))


def test_a_playbook_whose_body_is_waited_for_stops_between_accounts_too() -> None:
    """They are judged by the one before until it is their turn; what it makes true is told at the next midnight."""
    kept = Kept(most_swept=1)
    kept.fold(*(event("account.updated", name, "2026-03-02 09:00", "f", properties={"seats": 2}) for name in NAMES))
    kept.fold(*map(session, NAMES))
    other = replace(playbook(WIDE_OPEN | {"rules.seat_saturation.active_percent": 50}), version="other")
    judged = control("playbook", "2026-03-02 12:00", version="other", digest="")
    kept.fold(judged)
    assert kept.engine.needs_playbook() == "other"
    kept.engine.add_playbook("other", other)
    calls = 1
    while kept.engine.offset < kept.offset:
        assert kept.engine.state.terms.playbook.version != "other"
        kept.write()
        assert written(kept).playbook_version == ""
        kept.engine.fold(kept.offset, judged, 0)
        calls += 1
    assert calls == len(NAMES) + 1
    assert kept.engine.state.terms.playbook.version == "other"
    assert not [one for one in kept.engine.take_outputs() if one.topic is TRIGGERS]
    assert [one.topic for one in kept.engine.take_snapshots(LATER_MS)] == [SNAPSHOTS] * len(NAMES)


def test_a_control_that_shares_its_record_is_folded_at_once() -> None:
    """A part of a record cannot be folded anew."""
    kept = Kept(most_swept=1)
    kept.fold(*map(session, NAMES))
    kept.fold(control("tick", "2026-03-03 00:00") + b"\n" + control("tick", "2026-03-04 00:00"))
    assert kept.engine.offset == kept.offset
    assert {account.head.today for account in kept.engine.state.accounts.values()} == {20_516}
