"""Accounts are let go from memory once they are written, and controls of all accounts stop in between."""

from msgspec.structs import replace

from services.signals.core.engine import Engine
from services.signals.core.meta import Meta
from shared.kernel.playbook import Playbook
from shared.kernel.snapshots import decode_snapshot
from shared.kernel.topics import SNAPSHOTS, TRIGGERS
from tests.oracle.adapters import Pages
from tests.oracle.writing import WIDE_OPEN, control, event, playbook
from tests.support.signals.company import without_play

OPEN = playbook(WIDE_OPEN)
EVERYTHING = 1 << 60
NAMES = ("a", "b", "c")
LATER_MS = 1_900_000_000_000


class Kept:
    """An engine over pages that are written when asked for."""

    def __init__(self, most_swept: int | None = None, judged_by: Playbook | None = None) -> None:
        self.store, self.offset = Pages(), -1
        self.engine = Engine(0, 1, "log-1", adopt=False, playbook=judged_by or OPEN, pages=self.store)
        self.engine.most_swept = most_swept

    def fold(self, *lines: bytes) -> None:
        """Fold records, each in one call."""
        for line in lines:
            self.offset += 1
            self.engine.fold(self.offset, line, 0)

    def write(self) -> None:
        """Write what has changed."""
        for group in self.engine.take_dirty():
            self.store.apply(group)

    def there(self) -> list[str]:
        """Return the names of the accounts in memory, the one first that goes first."""
        return list(self.engine.state.accounts)


def session(name: str, number: int = 1) -> bytes:
    """Return a session of a user of an account."""
    return event("session.started", name, "2026-03-02 10:00", f"{name}{number}", user=f"u{number}")


def written(kept: Kept) -> Meta:
    """Return the partition's page as it is stored."""
    meta = kept.engine.state.shelf.meta()
    assert meta is not None
    return meta


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
    assert kept.engine.unflushed_weight == kept.engine.state.accounts["b"].weight > 0
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
    assert len(kept.engine.take_snapshots(LATER_MS)) == len(NAMES)


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
