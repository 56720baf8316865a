"""A trail in words: each station of an event is one line, and where it ends it says why."""

from typing import Any

import msgspec
import pytest

from shared.kernel.clock import iso
from shared.kernel.dead_letters import DeadLetter
from shared.kernel.errors import Reason
from shared.kernel.events.usage_recorded import UsageRecorded, UsageRecordedProperties
from shared.kernel.triggers import Criterion, Gate, Health
from tests.support.pipeline.samples import NOON, make_snapshot, make_trigger
from upswing.trace.follow import Place, Trail
from upswing.trace.tell import HINTS, compared, tell


def place(offset: int = 7, *, line: int = 1, source: str = "app", user: str | None = "ann", **over: Any) -> Place:
    """Return an occurrence of event `e1` of account `acme`."""
    event = UsageRecorded(
        id="e1",
        account_id="acme",
        source=source,
        user_id=user,
        occurred_at=NOON,
        properties=UsageRecordedProperties(metric="api_calls", quantity=5),
        **{"received_at": NOON + 5} | over,
    )
    return Place(event, 3, offset, line, NOON + 9)


def told(trail: Trail, alerts: dict[str, list[dict[str, Any]]] | str | None = None) -> list[str]:
    """Return the lines of a trail."""
    return list(tell(trail, "e1", {} if alerts is None else alerts))


def test_an_event_that_is_nowhere_says_what_to_try() -> None:
    """No place and no letter: the options that search elsewhere, and which ids are not those of the client."""
    assert told(Trail()) == [
        "nowhere   no event e1 in the time searched: was it answered 200?",
        "          (page views are kept as a session of their user and half hour, with an id of its own)",
    ]


def test_a_refused_event_shows_who_refused_it_where_and_why() -> None:
    """The letter's reason, field, message and id; nothing is said of the log that it never reached."""
    letter = DeadLetter(
        letter_id="l-1",
        service="ingest",
        reason=Reason.OUT_OF_RANGE,
        field="properties.score",
        message="score must be 0 to 10",
        line="{}",
        origin="POST /v1/batch",
        at=NOON,
        event_id="e1",
    )
    assert told(Trail(letters=[letter])) == [
        "refused   by ingest: out_of_range at properties.score: score must be 0 to 10 (l-1)"
    ]
    again = msgspec.structs.replace(letter, line="", retaken_at=0, retaken_for="acme")
    assert told(Trail(letters=[again]))[1:] == ["retaken   1970-01-01T00:00:00.000Z: sent to the log for account acme"]


def test_a_logged_event_shows_its_place_times_and_what_it_feeds() -> None:
    """Topic, partition, offset, line, and three clocks: the client's, ingest's and the broker's."""
    lines = told(Trail([place()], behind=0, snapshot=make_snapshot()))
    assert lines[0] == (
        f"logged    usage.recorded of account acme from app: events/3/7 line 1, occurred {iso(NOON)}, "
        f"received {iso(NOON + 5)}, with the broker {iso(NOON + 9)}"
    )
    assert lines[1] == "feeds     limits, velocity, decline"
    assert "received unknown" in told(Trail([place(received_at=None)]))[0]


def test_a_repeat_is_told_from_another_sources_event_of_the_same_name() -> None:
    """Ids are unique per source: only the same source's repeat counts once."""
    lines = told(Trail([place(), place(8)], behind=0))
    assert lines[2].startswith("again     usage.recorded of account acme from app: events/3/8")
    assert lines[3].endswith("counts once")
    lines = told(Trail([place(), place(8, source="web")], behind=0))
    assert lines[2].startswith("namesake  usage.recorded of account acme from web")
    assert "another source's event" in lines[3]
    assert "counts once" not in "".join(lines)


def test_an_event_that_is_not_folded_yet_says_how_far_signals_is_behind() -> None:
    """And gives no reasons for a trigger that nobody could have decided."""
    lines = told(Trail([place()], behind=42, snapshot=make_snapshot()))
    assert "folded    not durably yet: signals is 42 records behind; is it running and ready?" in lines
    assert not [line for line in lines if line.startswith("trigger")]


def test_a_folded_event_without_a_trigger_shows_every_rules_value() -> None:
    """Why none: each rule with its state and numbers, and that an event without a user is in no distinct count."""
    lines = told(Trail([place(user=None)], behind=0, snapshot=make_snapshot()))
    assert lines[2:] == [
        "folded    yes: its pages are flushed and its offset is committed",
        f"account   explained at {iso(NOON)}: health 90.0, readiness 100, gate open",
        "trigger   none was decided by this event",
        "          seat_saturation: fired since 2026-06-01; 46 of 50 seats",
        "          the event names no user, so it counts in sums but never in distinct users",
    ]
    assert told(Trail([place()], behind=0))[-1].startswith("account   not explained yet")


def test_a_held_trigger_shows_its_reasons_and_asks_for_no_alert() -> None:
    """Held: the evidence and what holds it."""
    gate = Gate(open=False, readiness=80, confidence=1.0, criteria=(), held_because=("sentiment", "backfill"))
    trigger = make_trigger(record="held", gate=gate, scope="active")
    lines = told(Trail([place()], behind=0, snapshot=make_snapshot(), triggers=[trigger]))
    assert lines[-2:] == [
        f"held      seat_saturation on active: 46 of 50 seats ({trigger.trigger_id})",
        "          held because of sentiment, backfill",
    ]


def test_a_fired_trigger_shows_its_alerts() -> None:
    """Each delivery with its state, when, where and why, the oldest first; a decision to send nothing says why."""
    trigger = make_trigger(level="owner")
    rows: list[dict[str, Any]] = [
        {"state": "not_sent", "sent_at": None, "channel": None, "why": "resolved_unseen"},
        {"state": "sent", "sent_at": iso(NOON), "channel": "slack", "why": "fired"},
    ]
    lines = told(Trail([place()], behind=0, triggers=[trigger]), {trigger.trigger_id: rows})
    assert lines[-3:] == [
        f"fired     seat_saturation owner: 46 of 50 seats ({trigger.trigger_id})",
        f"alert     sent at {iso(NOON)} on slack: fired",
        "alert     nothing to send: resolved_unseen (it has ended, and there was no message to mark so)",
    ]


@pytest.mark.parametrize(
    ("alerts", "said"),
    [({}, "none decided yet: is notify running and ready?"), ("notify is down", "unknown: notify is down")],
)
def test_an_alert_that_cannot_be_told_says_so(alerts: dict[str, list[dict[str, Any]]] | str, said: str) -> None:
    """Not decided yet, or notify could not be asked."""
    trail = Trail([place()], behind=0, triggers=[make_trigger(record="released")])
    assert told(trail, alerts)[-1] == f"alert     {said}"


def test_the_end_of_a_trigger_asks_for_no_alert() -> None:
    """Resolved: it is told, and nothing is expected at notify."""
    trigger = make_trigger(record="resolved")
    lines = told(Trail([place()], behind=0, triggers=[trigger]), "nobody may ask")
    assert lines[-1] == f"resolved  seat_saturation: 46 of 50 seats ({trigger.trigger_id})"


def test_facts_of_the_account_without_effect_are_said_below_it() -> None:
    """Where somebody looks who asks why no limit is near."""
    snapshot = make_snapshot(notices=("plan 'Growthh' is not in the playbook",))
    lines = told(Trail([place()], behind=0, snapshot=snapshot))
    assert lines[lines.index("notice    plan 'Growthh' is not in the playbook") - 1].startswith("account   explained")


def test_a_gate_that_is_shut_says_by_what_each_time_the_account_is_told() -> None:
    """Who traces today's event asks why the trigger of yesterday is held: what is, and what is wanted."""
    criteria = (
        Criterion("core_features", 3, 1, met=False),
        Criterion("sentiment", 7, None, met=None),
        Criterion("active_share_percent", 60, 60, met=False),
        Criterion("qbr_days", 90, 3, met=True),
    )
    because = ("core_features", "sentiment", "active_share_percent", "backfill")
    gate = Gate(open=False, readiness=50, confidence=1.0, criteria=criteria, held_because=because)
    snapshot = make_snapshot(gate=gate, health=Health(None, {}))
    lines = told(Trail([place()], behind=0, snapshot=snapshot))
    at = next(number for number, line in enumerate(lines) if line.startswith("account   explained"))
    assert "health unknown" in lines[at]
    assert lines[at + 1 : at + 5] == [
        f"          shut by core_features: 1, wanted 3 ({HINTS['core_features']})",
        "          shut by sentiment: unknown, wanted 7",
        "          shut by active_share_percent: 60, wanted more than 60",
        "          shut by backfill",
    ]


@pytest.mark.parametrize(("days", "said"), [(None, "none was held"), (1, "held 1 day ago"), (130, "held 130 days ago")])
def test_a_review_is_told_as_one_and_not_as_a_number(days: int | None, said: str) -> None:
    """The criterion counts backwards: fewer days are better."""
    assert compared(Criterion("qbr_days", 120, days, met=False)) == f"{said}, wanted one in the last 120 days"
