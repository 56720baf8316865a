"""From a trigger to what is to be done, with the reason of each decision."""

from typing import Any

import pytest

from services.notify.core.decide import Ability, Dispatch, Situation, Verdict, decide, facts_of, plan
from services.notify.core.group import Message
from services.notify.core.route import Match, Route
from services.notify.core.silence import Silence
from services.notify.core.words import Action, Why
from shared.kernel.triggers import Gate, Trigger
from tests.support.notify import NOW_MS, make_trigger

ROUTES = (Route("all", ("slack", "mail")),)
HOUR = 3_600_000


def situation(trigger: Trigger, **over: Any) -> Situation:
    """Return a situation without a message or a silence."""
    values: dict[str, Any] = {
        "trigger": trigger,
        "facts": facts_of(trigger, None),
        "message": None,
        "shown_in": frozenset(),
        "silences": (),
        "routes": ROUTES,
    }
    return Situation(**values | over)


def silence(**match: str) -> Silence:
    """Return a silence of the next hour."""
    return Silence(
        silence_id=7, match=match, starts_at=NOW_MS, ends_at=NOW_MS + HOUR, created_by="ana", comment="quiet"
    )


def test_a_held_trigger_alerts_nobody_and_says_why() -> None:
    """The reasons of the gate are the reason of the decision."""
    gate = Gate(False, 80, 1.0, (), ("health", "renewal_quiet"))
    verdict = decide(situation(make_trigger(record="held", gate=gate)), NOW_MS)
    assert (verdict.why, verdict.note) == (Why.HELD, "held (health, renewal_quiet)")
    assert verdict.channels == ()
    assert decide(situation(make_trigger(record="held")), NOW_MS).note == "held (no reason given)"


def test_a_resolved_trigger_goes_to_where_its_message_is_shown() -> None:
    """Not to where the routes would send it now."""
    trigger = make_trigger(record="resolved")
    message = Message(2, frozenset({trigger.trigger_id}))
    verdict = decide(situation(trigger, message=message, shown_in=frozenset({"old"})), NOW_MS)
    assert (verdict.why, verdict.channels, verdict.message) == (Why.RESOLVED, ("old",), None)
    assert decide(situation(trigger), NOW_MS).why is Why.UNSEEN


@pytest.mark.parametrize(
    ("match", "at", "why"),
    [
        ({"account_id": "acme"}, NOW_MS, Why.SILENCED),
        ({"account_id": "acme", "rule": "seat_saturation"}, NOW_MS, Why.SILENCED),
        ({"account_id": "other"}, NOW_MS, Why.FIRED),
        ({"account_id": "acme"}, NOW_MS - 1, Why.FIRED),
        ({"account_id": "acme"}, NOW_MS + HOUR - 1, Why.SILENCED),
        ({"account_id": "acme"}, NOW_MS + HOUR, Why.FIRED),
    ],
)
def test_a_silence_holds_from_its_start_until_before_its_end(match: dict[str, str], at: int, why: Why) -> None:
    """All of its matchers must hold."""
    verdict = decide(situation(make_trigger(), silences=(silence(**match),)), at)
    assert verdict.why is why
    if why is Why.SILENCED:
        assert verdict.note == "silence 7 of ana: quiet"


def test_without_a_route_nothing_is_sent() -> None:
    """And the log says so."""
    routes = (Route("smb", ("slack",), Match(segment=("SMB",))),)
    verdict = decide(situation(make_trigger(), routes=routes), NOW_MS)
    assert (verdict.why, verdict.note, verdict.message) == (Why.NO_ROUTE, "no route wants it", None)


def test_a_trigger_that_fires_is_told_in_the_channels_of_its_route() -> None:
    """With the route as the note."""
    verdict = decide(situation(make_trigger()), NOW_MS)
    assert (verdict.why, verdict.channels, verdict.note) == (Why.FIRED, ("slack", "mail"), "route all")


def test_the_owner_is_the_leads_then_the_accounts_csm() -> None:
    """So that routes by owner follow the lead."""
    trigger = make_trigger(people={"csm": "ana"})
    assert facts_of(trigger, "bob").owner == "bob"
    assert facts_of(trigger, None).owner == "ana"
    assert facts_of(make_trigger(), None).owner is None


ABILITIES = {"api": Ability(updates=True), "hook": Ability(), "app": Ability(stores=True)}


@pytest.mark.parametrize(
    ("why", "channel", "shown", "actions"),
    [
        (Why.FIRED, "api", False, [Action.POST]),
        (Why.FIRED, "hook", False, [Action.POST]),
        (Why.FIRED, "app", False, [Action.POST]),
        (Why.JOINED, "api", True, [Action.UPDATE]),
        (Why.JOINED, "hook", True, [None]),
        (Why.JOINED, "hook", False, [Action.POST]),
        (Why.JOINED, "app", True, [None]),
        (Why.CLIMBED, "api", True, [Action.REPLY, Action.UPDATE]),
        (Why.CLIMBED, "hook", True, [Action.POST]),
        (Why.CLIMBED, "app", True, [None]),
        (Why.RESOLVED, "api", True, [Action.UPDATE]),
        (Why.RESOLVED, "hook", True, [None]),
        (Why.RESOLVED, "no longer configured", True, [None]),
    ],
)
def test_what_a_channel_does_follows_from_what_it_can(
    why: Why, channel: str, shown: bool, actions: list[Action | None]
) -> None:
    """A webhook cannot change what it has posted: it tells again at a higher level only."""
    shown_in = frozenset({channel}) if shown else frozenset[str]()
    found = plan(Verdict(None, why, "note", (channel,)), shown_in, ABILITIES)
    assert [dispatch.action for dispatch in found] == actions
    assert {dispatch.why for dispatch in found} == {why}


def test_what_is_not_said_has_its_reason() -> None:
    """The log says why a channel was left alone."""
    shown = frozenset({"hook"})
    (joined,) = plan(Verdict(None, Why.JOINED, "", ("hook",)), shown, ABILITIES)
    (ended,) = plan(Verdict(None, Why.RESOLVED, "", ("hook",)), shown, ABILITIES)
    assert joined == Dispatch("hook", None, Why.JOINED, joined.note)
    assert "joined the message" in joined.note
    assert "nobody is paged" in ended.note
