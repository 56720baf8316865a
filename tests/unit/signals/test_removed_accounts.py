"""A removed account leaves tombstones, whenever the worker dies; what comes later makes a new account."""

import pytest
from msgspec.structs import replace

from services.signals.core import controls
from services.signals.core.shelf import Group
from shared.kernel.controls import AccountRemoved
from shared.kernel.topics import SNAPSHOTS
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.subject import Told
from tests.oracle.writing import WIDE_OPEN, control, event, only, playbook
from tests.support.signals.company import without_play

OPEN = playbook(WIDE_OPEN | only("seat_saturation", "qbr_outcome", "usage_ceiling"))
REMOVED = control("account_removed", "2026-03-03 12:00", account_id="acme")


def life(subject: EngineSubject) -> None:
    """Let an account of several pages of every kind live beside another, and write it."""
    story = Story(subject)
    story.ready("2026-03-01 10:00", seats=200, plan="Starter")
    story.fold(*(story.line("2026-03-01 11:00", "session.started", user=f"u{n}") for n in range(190)))
    story.happens("2026-03-01 12:00", "usage.recorded", metric="api_calls", quantity=7)
    story.tick("2026-03-02 00:00")
    story.happens("2026-03-02 12:00", "qbr.held", unmet_needs=["offline mode"])
    subject.fold(event("account.updated", "globex", "2026-03-02 13:00", "g", properties={"seats": 1}))
    subject.flush()
    story.happens("2026-03-03 11:00", "qbr.held", unmet_needs=["offline mode"], name="unflushed")


def of_acme(subject: EngineSubject) -> list[bytes]:
    """Return the keys of the account's pages in the store."""
    return [key for key in subject.store.pages if b"acme" in key]


def write(subject: EngineSubject, groups: int | None = None) -> list[Group]:
    """Write the dirty pages, or the first groups of them; return all of them."""
    dirty: list[Group] = subject.engine.take_dirty()
    for group in dirty[:groups]:
        subject.store.apply(group)
    return dirty


def test_its_triggers_end_and_all_that_is_kept_gives_way_to_tombstones() -> None:
    """The pages with the first flush, but for a head that says so; that one with the next."""
    subject = EngineSubject([OPEN])
    life(subject)
    assert "acme" in subject.snapshots
    kinds = {key[:1] for key in of_acme(subject)}
    assert kinds == {b"h", b"d", b"u", b"r"}
    said = [str(one) for one in subject.fold(REMOVED)]
    assert said == ["resolved seat_saturation:active", "resolved qbr_outcome", "resolved qbr_outcome"]
    assert list(subject.snapshots) == ["globex"]
    assert subject.counts["removed_accounts",] == 1
    before = of_acme(subject)
    written = dict(page for group in write(subject) for page in group)
    assert sum(value is None for value in written.values()) == len(before) - 1
    assert of_acme(subject) == [b"h\0acme"]
    subject.fold(control("tick", "2026-03-03 12:01"))
    assert [(b"h\0acme", None)] in write(subject)
    assert of_acme(subject) == []
    subject.restart()
    subject.fold(control("tick", "2026-03-04 00:00"))
    assert set(subject.engine.state.accounts) == {"globex"}


def test_what_is_not_there_cannot_be_removed() -> None:
    """Nothing is said and nothing written; the same for one that has been removed already."""
    subject = EngineSubject([OPEN])
    assert subject.fold(REMOVED) == []
    assert len(write(subject)) == 1
    life(subject)
    subject.fold(REMOVED)
    shown = subject.outputs[SNAPSHOTS.name]
    assert subject.fold(REMOVED) == []
    assert subject.outputs[SNAPSHOTS.name] == shown


@pytest.mark.parametrize("groups", range(4))
@pytest.mark.parametrize("comes_back", [False, True])
def test_a_worker_that_dies_in_the_middle_of_the_flush_says_nothing_new(groups: int, comes_back: bool) -> None:
    """Any number of groups was written; what is folded again makes no other account of the events of before."""
    undisturbed, subject = EngineSubject([OPEN]), EngineSubject([OPEN])
    told: dict[bool, list[Told]] = {True: [], False: []}
    for one in (undisturbed, subject):
        life(one)
        told[one is subject] += one.fold(REMOVED)
        if comes_back:
            told[one is subject] += one.fold(event("qbr.held", "acme", "2026-03-03 13:00", "new"))
        write(one, groups if one is subject else None)
    again = subject.restart()
    assert {(one.trigger_id, one.record) for one in again} <= {
        (one.trigger_id, one.record) for one in all_told(subject)
    }
    for one in (undisturbed, subject):
        one.fold(control("tick", "2026-03-03 14:00"))
        write(one)
        one.fold(control("tick", "2026-03-03 15:00"))
        write(one)
    assert bare(undisturbed) == bare(subject)
    assert bool(of_acme(subject)) is comes_back


def all_told(subject: EngineSubject) -> list[Told]:
    """Return what an engine in peace says to the same log."""
    peaceful = EngineSubject([OPEN])
    return [one for value in subject.log for one in peaceful.fold(value)]


def bare(subject: EngineSubject) -> dict[bytes, bytes]:
    """Return the pages."""
    return dict(subject.store.pages)


def test_who_comes_back_before_the_flush_is_written_over_the_tombstones() -> None:
    """The new account knows nothing of the old one; keys that it writes itself are not deleted."""
    subject = EngineSubject([OPEN])
    life(subject)
    subject.fold(REMOVED)
    subject.fold(event("session.started", "acme", "2026-03-03 13:00", "s", user="u1"))
    (acme, _meta) = write(subject)
    assert {key for key, page in acme if page is not None} == {b"r\0acme\x001", b"u\0acme\x000", b"h\0acme"}
    assert len({key for key, _page in acme}) == len(acme)
    subject.restart()
    subject.fold(event("session.started", "acme", "2026-03-03 14:00", "s2", user="u2"))
    account = subject.engine.state.accounts["acme"]
    assert (sum(account.active.cells.values()), account.fact("seats")) == (2, None)


def test_who_comes_back_between_two_flushes_keeps_the_head() -> None:
    """The head that told of the removal is written over, not deleted."""
    subject = EngineSubject([OPEN])
    life(subject)
    subject.fold(REMOVED)
    write(subject)
    subject.fold(event("session.started", "acme", "2026-03-03 13:00", "s", user="u1"))
    write(subject)
    assert b"h\0acme" in subject.store.pages
    write(subject)
    subject.restart()
    subject.fold(event("session.started", "acme", "2026-03-03 14:00", "s2", user="u2"))
    assert sum(subject.engine.state.accounts["acme"].active.cells.values()) == 2


def test_a_removed_account_may_be_removed_again_before_anything_is_written() -> None:
    """Back for a moment, and gone: all keys of both are deleted."""
    subject = EngineSubject([OPEN])
    life(subject)
    subject.fold(REMOVED)
    subject.fold(event("session.started", "acme", "2026-03-03 13:00", "s", user="u1"))
    subject.fold(REMOVED)
    write(subject)
    subject.fold(control("tick", "2026-03-03 14:00"))
    write(subject)
    assert of_acme(subject) == []


def test_a_rule_that_fails_while_an_account_is_removed_is_counted_and_the_account_goes() -> None:
    """Its play has gone from the playbook: what it would say cannot be said."""
    broken = without_play(replace(OPEN, version="broken"), "seat_saturation")
    subject = EngineSubject([OPEN, broken])
    life(subject)
    judged = control("playbook", "2026-03-03 11:30", version="broken", digest="")
    subject.engine.add_playbook("broken", broken)
    said = [str(one) for one in subject.fold(judged + b"\n" + REMOVED)]
    assert said == ["resolved qbr_outcome", "resolved qbr_outcome"]
    assert subject.counts["rule_failures", "seat_saturation"] == 1
    assert list(subject.snapshots) == ["globex"]


def test_a_failure_after_the_removal_folds_the_account_and_its_removal_again() -> None:
    """The new account's first event is undone; the old one does not come back by it."""
    broken = without_play(replace(OPEN, version="broken"), "qbr_outcome")
    subject = EngineSubject([OPEN, broken])
    life(subject)
    subject.fold(REMOVED)
    subject.fold(control("playbook", "2026-03-03 12:30", version="broken", digest=""))
    needs: dict[str, object] = {"unmet_needs": ["offline mode"]}
    assert subject.fold(event("qbr.held", "acme", "2026-03-03 13:00", "q", properties=needs)) == []
    assert subject.counts["rule_failures", "qbr_outcome"] == 1
    assert set(subject.engine.state.accounts) == {"globex"}
    write(subject)
    subject.fold(control("tick", "2026-03-03 14:00"))
    write(subject)
    assert of_acme(subject) == []


def test_refolding_one_account_removes_no_other() -> None:
    """A removal in the journal concerns the account it names."""
    subject = EngineSubject([OPEN])
    life(subject)
    removed = AccountRemoved(at=subject.engine.ticked_at, account_id="acme")
    controls.apply(subject.engine.state, removed, subject.engine.offset + 1, only="globex")
    assert subject.engine.state.shelf.load("acme") is not None
    controls.apply(subject.engine.state, removed, subject.engine.offset + 1, only="acme")
    assert subject.engine.state.shelf.load("acme") is None
