"""Snapshots: at once when a trigger, the gate or a health point changes, else every 30 seconds an account."""

from services.signals.core.engine import Engine
from services.signals.core.showcase import MOST_AT_ONCE, MOST_LOOKED_AT
from shared.kernel.snapshots import Snapshot, decode_snapshot
from tests.oracle.adapters import Pages
from tests.oracle.writing import WIDE_OPEN, control, event, playbook

HOUR = "2026-03-02 10:00"
SECOND = 1_000


class Watched:
    """An engine whose records and snapshots are put to a clock of the test."""

    def __init__(self) -> None:
        self.engine = Engine(0, 1, "one", adopt=False, playbook=playbook(WIDE_OPEN), pages=Pages())
        self.offset = -1

    def fold(self, line: bytes) -> None:
        """Fold one record."""
        self.offset += 1
        self.engine.fold(self.offset, line, 0)

    def shown(self, now_ms: int) -> list[Snapshot]:
        """Return the snapshots that are due."""
        return [decode_snapshot(output.value) for output in self.engine.take_snapshots(now_ms)]


def session(number: int) -> bytes:
    """Return a session of a user."""
    return event("session.started", "acme", HOUR, f"e{number}", user=f"u{number}")


def test_an_untouched_account_is_never_shown_again() -> None:
    """Once after its record, then not until the next."""
    watched = Watched()
    watched.fold(session(1))
    assert len(watched.shown(100 * SECOND)) == 1
    assert watched.shown(1_000 * SECOND) == []


def test_a_touched_account_is_shown_after_30_seconds() -> None:
    """Sessions alone change neither trigger nor gate nor health."""
    watched = Watched()
    watched.fold(session(1))
    watched.shown(100 * SECOND)
    watched.fold(session(2))
    assert watched.shown(101 * SECOND) == []
    assert watched.shown(110 * SECOND) == []
    assert watched.shown(129 * SECOND) == []
    shown = watched.shown(130 * SECOND)
    assert [snapshot.log.offset for snapshot in shown] == [1]
    assert watched.shown(200 * SECOND) == []


def test_a_health_point_or_the_gate_is_noticed_within_seconds() -> None:
    """An NPS answer makes health; it is looked for every five seconds at most."""
    watched = Watched()
    watched.fold(session(1))
    watched.shown(100 * SECOND)
    watched.fold(event("survey.answered", "acme", HOUR, "s", properties={"survey": "nps", "score": 9}))
    shown = watched.shown(106 * SECOND)
    assert [snapshot.health.score for snapshot in shown] == [90]
    watched.fold(event("feature.used", "acme", HOUR, "f", properties={"feature": "dashboards"}))
    assert watched.shown(107 * SECOND) == watched.shown(108 * SECOND) == []
    assert [snapshot.gate.open for snapshot in watched.shown(112 * SECOND)] == [True]


def test_a_trigger_is_shown_at_once() -> None:
    """Also a second after the snapshot before."""
    watched = Watched()
    watched.fold(event("account.updated", "acme", HOUR, "a", properties={"seats": 1}))
    watched.shown(100 * SECOND)
    watched.fold(session(1))
    assert [snapshot.active_triggers for snapshot in watched.shown(101 * SECOND)] == [("seat_saturation",)]


def test_a_snapshot_tells_of_facts_that_have_no_effect_until_they_are_corrected() -> None:
    """A plan that the playbook does not know is the commonest reason why no limit is ever near; it is counted."""
    watched = Watched()
    wrong = {"plan": "Growthh", "segment": "Huge", "limits": {"seats": 0}}
    watched.fold(event("account.updated", "acme", HOUR, "e1", properties=wrong))
    (shown,) = watched.shown(100 * SECOND)
    assert [notice.split(" is ")[0] for notice in shown.notices] == [
        "plan 'Growthh'", "segment 'Huge'", "the limit of 'seats'"
    ]  # fmt: skip
    assert watched.engine.take_counts()["noticed",] == 1
    right = {"plan": "Growth", "segment": "SMB", "limits": {"seats": None}}
    watched.fold(event("account.updated", "acme", "2026-03-02 10:01", "e2", properties=right))
    (shown,) = watched.shown(200 * SECOND)
    assert shown.notices == ()
    assert watched.engine.take_counts()["noticed",] == 0


def test_of_many_that_are_due_some_are_shown_now_and_the_others_when_asked_next() -> None:
    """As at midnight; what has changed goes first, and nobody is lost."""
    watched = Watched()
    names = [f"a{number}" for number in range(MOST_AT_ONCE + MOST_AT_ONCE // 2)]
    for number, name in enumerate(names):
        watched.fold(event("session.started", name, HOUR, f"e{number}", user="u"))
    watched.engine.state.changed[names[-1]] = None
    first = [snapshot.account_id for snapshot in watched.shown(100 * SECOND)]
    assert (len(first), first[0]) == (MOST_AT_ONCE, names[-1])
    second = [snapshot.account_id for snapshot in watched.shown(101 * SECOND)]
    assert sorted(first + second) == sorted(names)
    assert watched.shown(102 * SECOND) == []


def test_of_very_many_who_wait_all_have_their_turn() -> None:
    """Only so many are looked at each time; those that are not due yet wait behind the others then."""
    watched = Watched()
    names = [f"a{number}" for number in range(MOST_LOOKED_AT + 2)]
    for number, name in enumerate(names):
        watched.fold(event("session.started", name, HOUR, f"e{number}", user="u"))
    for name in names[:MOST_LOOKED_AT]:
        account = watched.engine.state.accounts[name]
        account.shown_at = account.checked_at = 100 * SECOND
    assert watched.shown(101 * SECOND) == []
    assert [snapshot.account_id for snapshot in watched.shown(102 * SECOND)] == names[MOST_LOOKED_AT:]


def test_who_was_removed_is_not_shown_however_much_had_changed() -> None:
    """Others that have changed are shown at once all the same."""
    watched = Watched()
    for name in ("acme", "beta"):
        watched.fold(event("account.updated", name, HOUR, "a", properties={"seats": 1}))
        watched.fold(event("session.started", name, HOUR, "s", user="u"))
    watched.fold(control("account_removed", HOUR, account_id="acme"))
    assert [snapshot.account_id for snapshot in watched.shown(100 * SECOND)] == ["beta"]
    assert watched.engine.state.changed == {}
