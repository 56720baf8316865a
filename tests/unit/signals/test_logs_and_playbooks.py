"""Which log and which playbook an engine works by, and what it refuses."""

import msgspec
import pytest

from services.signals.core.engine import Engine
from shared.kernel.errors import ConfigurationError, InvariantError
from tests.oracle.adapters import EngineSubject, Pages
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, control, event, instant, playbook

OPEN = playbook(WIDE_OPEN)
SECOND = playbook(WIDE_OPEN | {"version": "second", "rules.seat_saturation.active_percent": 10})
HOUR = "2026-03-02 10:00"


def engine(pages: Pages, epoch: str = "one", *, adopt: bool = False) -> Engine:
    """Return an engine of the one partition of a log."""
    return Engine(partition=0, partitions=1, epoch=epoch, adopt=adopt, playbook=OPEN, pages=pages)


def flush(subject: Engine, pages: Pages) -> None:
    """Write what is dirty."""
    for group in subject.take_dirty():
        pages.apply(group)


def test_a_new_engine_has_seen_nothing() -> None:
    """No offset, no tick, no log; live."""
    subject = engine(Pages())
    assert (subject.offset, subject.ticked_at, subject.stored_epochs, subject.phase) == (-1, 0, (), "live")


def test_phase_and_latest_tick_are_those_of_the_log() -> None:
    """Also after a restart."""
    pages = Pages()
    subject = engine(pages)
    subject.fold(0, control("backfill", HOUR, state="begin"), 1)
    subject.fold(1, control("tick", HOUR, live=False), 1)
    flush(subject, pages)
    again = engine(pages)
    assert (again.phase, again.ticked_at, again.offset) == ("backfill", instant(HOUR), 1)


def test_another_log_is_refused_until_it_is_adopted() -> None:
    """The sentence says what to do."""
    pages = Pages()
    subject = engine(pages)
    subject.fold(0, event("session.started", "acme", HOUR, "e", user="u"), 1)
    flush(subject, pages)
    with pytest.raises(ConfigurationError, match="set adopt_log=two"):
        engine(pages, "two")
    adopted = engine(pages, "two", adopt=True)
    assert (adopted.offset, adopted.stored_epochs) == (-1, ("one",))


def test_in_an_adopted_log_offsets_begin_anew_and_the_accounts_go_on() -> None:
    """The account's stamp of the old log hides nothing of the new one."""
    pages = Pages()
    subject = engine(pages)
    subject.fold(7, event("account.updated", "acme", HOUR, "f", properties={"seats": 2}), 1)
    subject.fold(8, event("session.started", "acme", HOUR, "e1", user="u1"), 1)
    flush(subject, pages)
    adopted = engine(pages, "two", adopt=True)
    adopted.fold(0, event("session.started", "acme", HOUR, "e2", user="u2"), 1)
    assert [output.topic.name for output in adopted.take_outputs()] == ["expansion.triggers"]
    flush(adopted, pages)
    assert engine(pages, "two").stored_epochs == ("one", "two")


def test_nothing_is_folded_while_a_playbooks_body_is_missing() -> None:
    """The control record waits; when the body comes it is applied, and the log goes on."""
    pages = Pages()
    subject = engine(pages)
    subject.fold(0, event("account.updated", "acme", HOUR, "f", properties={"seats": 4}), 1)
    subject.fold(1, event("session.started", "acme", HOUR, "e1", user="u1"), 1)
    subject.fold(2, control("playbook", HOUR, version="second", digest=""), 1)
    assert subject.needs_playbook() == "second"
    with pytest.raises(InvariantError, match="waits for playbook second"):
        subject.fold(3, control("tick", "2026-03-03 10:00"), 1)
    subject.add_playbook("second", SECOND)
    assert subject.needs_playbook() is None
    subject.take_outputs()
    subject.fold(3, control("tick", "2026-03-03 10:00"), 1)
    assert [output.topic.name for output in subject.take_outputs()] == ["expansion.triggers"]


def test_after_a_restart_the_stored_playbook_is_asked_for_again() -> None:
    """Its body is not in the pages."""
    pages = Pages()
    subject = engine(pages)
    subject.add_playbook("second", SECOND)
    assert subject.needs_playbook() is None
    subject.fold(0, control("playbook", HOUR, version="second", digest=""), 1)
    flush(subject, pages)
    again = engine(pages)
    assert again.needs_playbook() == "second"
    again.add_playbook("first", OPEN)
    assert again.needs_playbook() == "second"
    again.add_playbook("second", SECOND)
    assert again.needs_playbook() is None
    again.fold(1, event("account.updated", "acme", HOUR, "f", properties={"seats": 4}), 1)
    again.fold(2, event("session.started", "acme", HOUR, "e1", user="u1"), 1)
    assert "expansion.triggers" in [output.topic.name for output in again.take_outputs()]


def test_a_misplaced_event_is_sent_on_with_its_id_and_counted() -> None:
    """It is not folded here; its partition is that of its account."""
    subject = EngineSubject([OPEN], partition=0, partitions=3)
    line = event("session.started", "acme-1", HOUR, "e1", user="u1")
    assert subject.fold(line) == []
    assert subject.counts["misplaced",] == 1
    sent = subject.sent_back[0]
    assert sent.key == b"acme-1"
    assert sent.partition != 0
    assert b'"id":"e1"' in sent.value
    assert subject.snapshots == {}


def test_a_source_that_fell_silent_changes_no_account() -> None:
    """It is said of the source alone."""
    subject = EngineSubject([OPEN])
    story = Story(subject)
    story.ready("2026-03-01 10:00", seats=1)
    before = story.explain()
    assert story.fold(control("source", HOUR, source="web", silent=True)) == ["fired source_silent:web"]
    assert story.told[-1].account == ""
    assert story.explain() == before


def test_a_mention_of_a_competitor_is_folded_by_no_handler_yet() -> None:
    """Events of types that feed no rule so far are counted, given on as facts, and change no value."""
    subject = EngineSubject([OPEN])
    story = Story(subject)
    story.ready("2026-03-01 10:00")
    before = subject.outputs["account.facts"]
    assert story.happens(HOUR, "competitor.mentioned") == []
    assert subject.outputs["account.facts"] == before + 1
    assert subject.counts["in", "competitor.mentioned"] == 1


def test_an_account_that_a_torn_flush_left_ahead_is_judged_by_the_playbook_that_comes_again() -> None:
    """The account's pages were written, the meta page was not: the replay meets the playbook after loading the account.

    ::

        Mar 2   u1 active; 4 seats          25 %
        Mar 12  an event, then a playbook: a window of 40 days, above 30 %
        torn flush, restart, event and playbook again; then u2 is active: 2 of 4 in 40 days, fired
    """
    wide = playbook(
        WIDE_OPEN
        | {"version": "wide", "rules.seat_saturation.active_percent": 30, "rules.seat_saturation.active_days": 40}
    )
    subject = EngineSubject([OPEN, wide])
    story = Story(subject)
    story.ready("2026-03-01 10:00", seats=4)
    story.active(HOUR, "u1")
    story.tick("2026-03-12 00:00")
    subject.flush()
    story.happens("2026-03-12 09:00", "pricing.viewed")
    story.judge_by("2026-03-12 10:00", wide)
    subject.flush(1)
    assert subject.restart() == []
    assert story.active("2026-03-12 11:00", "u2") == ["fired seat_saturation:active"]


def test_what_a_playbook_parks_is_parked_also_when_the_account_was_not_in_memory() -> None:
    """A restart lies before the playbook, so the account is loaded for it: 1 of 1 in 40 days, none in 7."""
    wide = playbook(WIDE_OPEN | {"version": "wide", "rules.seat_saturation.active_days": 40})
    subject = EngineSubject([OPEN, wide])
    story = Story(subject)
    story.ready("2026-03-01 10:00", seats=1)
    assert story.active(HOUR, "u1") == ["fired seat_saturation:active"]
    assert story.tick("2026-03-12 00:00") == ["resolved seat_saturation:active"]
    subject.flush()
    subject.restart()
    story.judge_by("2026-03-12 10:00", wide)
    assert story.happens("2026-03-12 11:00", "qbr.held") == []
    told = story.tick("2026-03-13 00:00")
    assert [one.split(" ")[1] for one in told] == ["seat_saturation:active"]


def letters(subject: Engine) -> list[str]:
    """Return what dead letters say."""
    found = [msgspec.json.decode(o.value) for o in subject.take_outputs() if o.topic.name == "dead.letters"]
    return [letter["message"] for letter in found]


def test_a_playbook_that_cannot_be_used_is_refused_and_the_one_before_stays() -> None:
    """The control record becomes a dead letter that says why; folding goes on, also in a refold of its account."""
    pages = Pages()
    subject = engine(pages)
    subject.fold(0, control("playbook", HOUR, version="second", digest=""), 1)
    assert subject.needs_playbook() == "second"
    subject.refuse_playbook("playbook: rules: gone")
    assert (subject.needs_playbook(), letters(subject)) == (None, ["playbook: rules: gone"])
    subject.fold(1, event("account.updated", "acme", HOUR, "f", properties={"seats": 2}), 1)
    flush(subject, pages)
    again = engine(pages)
    assert (again.needs_playbook(), again.state.terms.playbook.version) == (None, OPEN.version)


def test_a_body_with_another_digest_than_the_log_means_is_refused() -> None:
    """Somebody has written other numbers under the same version: nobody knows what the log meant."""
    subject = engine(Pages())
    subject.fold(0, control("playbook", HOUR, version="second", digest="abc"), 1)
    subject.add_playbook("second", SECOND)
    assert letters(subject) == [f"its digest is {SECOND.digest}, the log means abc"]
    assert subject.state.terms.playbook.version == OPEN.version
    subject.fold(1, control("playbook", HOUR, version="second", digest=SECOND.digest), 1)
    subject.add_playbook("second", SECOND)
    assert subject.state.terms.playbook.version == "second"


def test_a_state_whose_own_playbook_cannot_be_read_does_not_go_on() -> None:
    """It was judged by numbers that are not known any more: a person has to look."""
    pages = Pages()
    subject = engine(pages)
    subject.fold(0, control("playbook", HOUR, version="second", digest=""), 1)
    subject.add_playbook("second", SECOND)
    flush(subject, pages)
    with pytest.raises(ConfigurationError, match="was judged by playbook second: not readable"):
        engine(pages).refuse_playbook("not readable")
