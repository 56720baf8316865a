"""Accounts are let go from memory once they are written, and loaded by what happens to them."""

from shared.kernel.snapshots import decode_snapshot
from tests.oracle.writing import event
from tests.support.signals.letting import EVERYTHING, LATER_MS, NAMES, Kept, session


def test_the_account_written_longest_ago_goes_first() -> None:
    """As many as are asked for, and no more."""
    kept = Kept()
    kept.fold(*map(session, NAMES))
    kept.write()
    kept.fold(session("a", 2))
    kept.write()
    assert kept.there() == ["b", "c", "a"]
    kept.engine.let_go(1)
    assert kept.there() == ["c", "a"]
    kept.engine.let_go(0)
    assert kept.there() == ["c", "a"]
    kept.engine.let_go(EVERYTHING)
    assert (kept.there(), kept.engine.weight) == ([], 0)
    assert kept.engine.take_counts()["let_go",] == 3


def test_what_is_not_written_stays() -> None:
    """Its pages are of before."""
    kept = Kept()
    kept.fold(*map(session, NAMES))
    kept.write()
    kept.fold(session("b", 2))
    kept.engine.let_go(EVERYTHING)
    assert kept.there() == ["b"]


def test_what_was_let_go_is_loaded_by_its_next_event_even_before_its_pages_are_stored() -> None:
    """A flush is under way: the pages are with the engine still. An id that was seen is known."""
    kept = Kept()
    kept.fold(session("a"))
    groups = kept.engine.take_dirty()
    kept.engine.let_go(EVERYTHING)
    kept.fold(session("a"), session("a", 2))
    assert kept.engine.take_counts()["duplicates",] == 1
    account = kept.engine.state.accounts["a"]
    assert sorted(account.users[0].users) == ["u1", "u2"]
    assert groups


def test_an_account_weighs_what_its_pages_and_users_do() -> None:
    """So what it takes is known after each flush, and when it is loaded."""
    kept = Kept()
    kept.fold(session("a"))
    light = kept.engine.weight
    kept.write()
    written = kept.engine.weight
    kept.fold(*(session("a", number) for number in range(2, 40)))
    kept.write()
    heavy = kept.engine.weight
    assert light < written < heavy - 38 * 200
    kept.engine.let_go(EVERYTHING)
    kept.fold(session("a", 41))
    assert kept.engine.weight == heavy


def test_who_had_changed_when_it_was_let_go_is_shown_before_those_that_have_not() -> None:
    """And who had not is shown, too."""
    kept = Kept()
    kept.fold(event("account.updated", "b", "2026-03-02 09:00", "f", properties={"seats": 1}))
    kept.engine.take_snapshots(LATER_MS)
    kept.fold(session("a"), session("c"), session("b"))
    kept.write()
    kept.engine.let_go(EVERYTHING)
    shown = [decode_snapshot(one.value or b"") for one in kept.engine.take_snapshots(LATER_MS)]
    assert [snapshot.account_id for snapshot in shown] == ["b", "a", "c"]
    assert shown[0].active_triggers == ("seat_saturation",)
    assert kept.engine.take_snapshots(LATER_MS) == []


def test_who_was_shown_before_it_was_let_go_is_shown_no_sooner_for_it() -> None:
    """When it was is kept as long as it matters."""
    kept = Kept()
    kept.fold(session("a"))
    assert len(kept.engine.take_snapshots(LATER_MS)) == 1
    kept.write()
    kept.engine.let_go(EVERYTHING)
    kept.fold(session("a", 2))
    assert kept.engine.take_snapshots(LATER_MS + 1_000) == []
    kept.write()
    kept.engine.let_go(EVERYTHING)
    assert kept.engine.take_snapshots(LATER_MS + 2_000) == []
    assert len(kept.engine.take_snapshots(LATER_MS + 30_000)) == 1


def test_when_accounts_were_shown_is_forgotten_once_it_matters_no_more() -> None:
    """However many there were."""
    kept = Kept()
    many = 1_001
    kept.engine.state.shelf.shown.update((f"a{number}", (LATER_MS + number, None)) for number in range(many))
    kept.fold(session("b"))
    kept.engine.take_snapshots(LATER_MS + 30_500)
    assert len(kept.engine.state.shelf.shown) == many - 501
