"""`control.source` in the engine: every partition knows it, one tells it, repeats are nothing, history holds it."""

import pytest

from services.signals.core.engine import Engine
from shared.kernel.clock import HOUR_MS, parse_instant
from shared.kernel.ids import partition_for
from shared.kernel.topics import TRIGGERS
from shared.kernel.triggers import Trigger, decode_trigger
from tests.oracle.adapters import Pages
from tests.oracle.writing import WIDE_OPEN, control, event, playbook

PARTITIONS = 4
MINE = partition_for("web", PARTITIONS)
NOON = parse_instant("2026-03-02T12:00:00Z")


class Watched:
    """The engine of one partition, with pages that survive it."""

    def __init__(self, partition: int = MINE) -> None:
        self.pages = Pages()
        self.partition = partition
        self.offset = -1
        self.start()

    def start(self) -> None:
        """Start anew from the pages, as after a crash."""
        book = playbook(WIDE_OPEN)
        self.engine = Engine(self.partition, PARTITIONS, "one", adopt=False, playbook=book, pages=self.pages)
        self.offset = self.engine.offset

    def fold(self, *lines: bytes) -> list[Trigger]:
        """Fold records of one line each, and return the triggers."""
        for line in lines:
            self.offset += 1
            self.engine.fold(self.offset, line, NOON)
        return [decode_trigger(output.value) for output in self.engine.take_outputs() if output.topic is TRIGGERS]

    def flush(self) -> None:
        """Write the pages."""
        for group in self.engine.take_dirty():
            self.pages.apply(group)


def silent(at: int = NOON, source: str = "web") -> bytes:
    """Return the record that a source is silent."""
    said = {"last_heard_at": at - HOUR_MS, "usual_per_hour": 120.5, "missed_hours": 1, "missed_events": 117}
    return control("source", at, source=source, silent=True, **said)


def heard(at: int = NOON + HOUR_MS, source: str = "web") -> bytes:
    """Return the record that a source is heard again."""
    return control("source", at, source=source, silent=False, last_heard_at=at)


def records(triggers: list[Trigger]) -> list[tuple[str, str | None]]:
    """Return record and scope of triggers."""
    return [(trigger.record, trigger.scope) for trigger in triggers]


def test_one_partition_tells_it_and_all_know_it() -> None:
    """The partition that murmur2 gives the source's name."""
    told = []
    for partition in range(PARTITIONS):
        watched = Watched(partition)
        told += [(partition, *record) for record in records(watched.fold(silent()))]
        assert watched.engine.state.meta.sources["web"].silent
    assert told == [(MINE, "fired", "web")]


def test_the_trigger_says_what_ops_need() -> None:
    """No account, the source as scope, the numbers of the silence, the play of the playbook."""
    (trigger,) = Watched().fold(silent())
    assert (trigger.kind, trigger.category, trigger.account_id, trigger.scope_type) == ("ops", "ops", "", "source")
    assert trigger.evidence.numbers == {
        "source": "web",
        "last_heard_at": "2026-03-02T11:00:00.000Z",
        "usual_per_hour": 120.5,
        "missed_hours": 1,
        "missed_events": 117,
    }
    assert trigger.evidence.summary == (
        "no event with the write key web for 1 hour in which events were due; last heard 2026-03-02T11:00:00.000Z, "
        "usually 120.5 an hour"
    )
    assert (trigger.recommendation.play, trigger.recommendation.owner_role) == ("check_source", "ops")
    assert (trigger.occurred_at, trigger.window_days, trigger.gate.held_because) == (NOON, 7, ())


def test_repeats_and_late_copies_are_nothing() -> None:
    """Two processes that both told it, one of them after it was heard again."""
    watched = Watched()
    (fired,) = watched.fold(silent(), silent(), silent())
    (ended,) = watched.fold(heard(), silent(), heard(), heard(NOON + 2 * HOUR_MS))
    assert records([fired, ended]) == [("fired", "web"), ("resolved", "web")]
    assert ended.trigger_id == fired.trigger_id
    assert "heard again" in ended.evidence.summary


def test_a_second_silence_is_another_trigger() -> None:
    """Named by its own instant."""
    first, _, second = Watched().fold(silent(), heard(), silent(NOON + 5 * HOUR_MS))
    assert second.record == "fired"
    assert first.trigger_id != second.trigger_id


def test_a_restart_repeats_nothing_that_was_flushed_and_the_same_of_what_was_not() -> None:
    """The state is in the meta page, the ids hang on the log alone."""
    watched = Watched()
    (fired,) = watched.fold(silent())
    watched.start()
    (again,) = watched.fold(silent())
    assert again.trigger_id == fired.trigger_id
    watched.flush()
    watched.start()
    assert watched.fold(silent()) == []
    assert records(watched.fold(heard())) == [("resolved", "web")]


def test_history_holds_it_and_lets_it_go_at_its_end() -> None:
    """Risk rules are held for `backfill` alone, this one too; what has ended meanwhile is never told."""
    watched = Watched()
    begin, end = control("backfill", NOON, state="begin"), control("backfill", NOON + 9 * HOUR_MS, state="end")
    other = control("rule", NOON, rule="seat_saturation", enabled=False)
    held = watched.fold(begin, silent(), silent(source="web"), other)
    assert [(one.record, one.gate.held_because) for one in held] == [("held", ("backfill",))]
    released = watched.fold(end)
    assert records(released) == [("released", "web")]
    assert released[0].held_since == NOON
    assert records(watched.fold(heard(NOON + 10 * HOUR_MS))) == [("resolved", "web")]


def test_a_rule_that_is_off_says_nothing_and_ends_what_it_said() -> None:
    """The partition knows the source all the same: other rules look at it."""
    watched = Watched()
    off, on = (control("rule", NOON + 1, rule="source_silent", enabled=enabled) for enabled in (False, True))
    assert records(watched.fold(silent(), off)) == [("fired", "web"), ("resolved", "web")]
    assert watched.fold(silent(NOON + HOUR_MS)) == []
    assert watched.engine.state.meta.sources["web"].silent
    assert records(watched.fold(on, heard(NOON + 2 * HOUR_MS), silent(NOON + 3 * HOUR_MS))) == [("fired", "web")]


@pytest.mark.parametrize("line", [silent(), heard()])
def test_a_source_that_is_heard_of_changes_no_account(line: bytes) -> None:
    """No page of an account is written because of it."""
    watched = Watched()
    account = next(name for name in map(str, range(99)) if partition_for(name, PARTITIONS) == MINE)
    watched.fold(event("session.started", account, "2026-03-02 10:00", "e1", user="ada"))
    watched.flush()
    watched.fold(line)
    assert len(watched.engine.take_dirty()) == 1, "the meta page alone"


def test_a_line_that_is_undone_leaves_the_sources_as_they_are() -> None:
    """A record at which a rule fails is refolded from the last flush, in silence; the sources stay."""
    watched = Watched()
    watched.fold(silent())
    copy = watched.engine.journal.begin()
    assert copy.sources == {}
    assert list(watched.engine.state.meta.sources) == ["web"]
