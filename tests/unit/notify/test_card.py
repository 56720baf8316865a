"""What an alert says: a CSM must understand it at once."""

import json
from typing import Any

import msgspec
import pytest

from services.notify.core.blocks import alert_blocks
from services.notify.core.card import Card, Lead, Subject, Told, make_card
from services.notify.core.evidence import explain, headline
from services.notify.core.ops import addressed
from services.notify.core.sample import sample_trigger
from services.notify.core.silence import Facts
from shared.kernel.people import Person
from shared.kernel.triggers import Criterion, Evidence, Gate, Health, Recommendation, Trigger
from tests.support.notify import NOW_MS, make_trigger

URL = "http://127.0.0.1:8081/v1/accounts/acme"
ANA = Person(person_id="ana", name="Ana Lima", email="ana@example.com", slack_id="U123", time_zone="Europe/Lisbon")


def card(*triggers: Trigger, **over: Any) -> Card:
    """Return the card of a message that tells of these triggers, joined in this order."""
    told = tuple(Told(trigger, NOW_MS + place) for place, trigger in enumerate(triggers))
    values: dict[str, Any] = {"told": told, "lead": None, "owner": None, "account_url": URL}
    return make_card(Subject(**values | over), (), NOW_MS + 5_000)


def test_an_alert_names_the_account_the_evidence_the_play_and_the_worth() -> None:
    """All that a CSM needs, in words and numbers."""
    found = card(make_trigger())
    assert found.account_name == "Acme & Sons <b>"
    assert found.title == "Seats are nearly full"
    assert found.happenings[0].evidence == "46 of 50 seats active in 7 days = 92 % (> 90 %)"
    assert (found.readiness, found.health) == ("100 of 100", "86 of 100; weakest: support 80")
    assert (found.play, found.response, found.worth) == (
        "Team growth",
        "Talk about growth",
        "€6,000 a year (5 seats at €100 a month)",
    )
    assert found.why_now == "An event 5 seconds ago did it"
    assert (found.owner, found.stage, found.urgent, found.phase) == ("CSM", "new", False, "open")
    assert found.line == "Acme & Sons <b>: Seats are nearly full – 46 of 50 seats active in 7 days = 92 % (> 90 %)"


def test_without_a_name_the_account_is_called_by_its_id() -> None:
    """Never by nothing."""
    assert card(make_trigger(account_name=None)).account_name == "acme"


def test_the_owner_is_a_person_where_one_is_known() -> None:
    """Else who the account names as its CSM."""
    found = card(make_trigger(), owner=ANA, lead=Lead("csql", "1", "csql_created", "ana", None))
    assert (found.owner, found.owner_slack_id, found.time_zone) == ("Ana Lima", "U123", "Europe/Lisbon")
    assert found.stage == "CSQL created"
    assert card(make_trigger(people={"csm": "bob@example.com"})).owner == "bob@example.com"
    assert card(make_trigger(), lead=Lead("csql", "1", "proposal_sent", None, None)).stage == "Proposal sent"


def test_a_slack_id_that_is_none_is_not_mentioned() -> None:
    """A mention is made of letters and digits only."""
    odd = msgspec.structs.replace(ANA, slack_id="U1> <!channel")
    assert card(make_trigger(), owner=odd).owner_slack_id is None


def test_a_released_trigger_says_how_long_it_was_held() -> None:
    """And that nothing stands against it any more."""
    found = card(make_trigger(record="released", held_since=NOW_MS - 2 * 86_400_000))
    assert found.why_now == "It was held back for 2 days; nothing stands against it any more"
    assert "held back; nothing" in card(make_trigger(record="released")).why_now


def test_a_change_of_day_is_named_as_what_decided() -> None:
    """With the level, where there is one."""
    found = card(make_trigger(decided_by="day/2026-09-21", level="owner"))
    assert found.why_now == "The change of day decided it; level Owner"


def test_missing_and_unknown_criteria_are_told() -> None:
    """Readiness is never a bare number."""
    criteria = (
        Criterion("health", 80, 71, False, 0.9),
        Criterion("qbr_recent", True, None, None, 0.0, left_out=True),
        Criterion("active_share", 70, 92, True, 1.0),
    )
    gate = Gate(False, 92, 0.67, criteria, ("renewal_quiet", "something_new"))
    assert card(make_trigger(gate=gate)).readiness == (
        "92 of 100; missing: health 71, needed 80; note: renewal talks are quiet time, something new; "
        "confidence 67 % (not known: qbr recent)"
    )
    unknown = Gate(False, 92, 0.5, (), ())
    assert card(make_trigger(gate=unknown)).readiness == "92 of 100; confidence 50 %"


@pytest.mark.parametrize(("days", "held"), [(None, "never held"), (130, "130 days ago")])
def test_a_missing_review_is_told_as_one(days: int | None, held: str) -> None:
    """Its criterion counts backwards."""
    gate = Gate(False, 92, 1.0, (Criterion("qbr_days", 120, days, False),), ("qbr_days",))
    assert f"missing: business review {held}, needed one in 120 days" in (card(make_trigger(gate=gate)).readiness or "")


@pytest.mark.parametrize(
    ("health", "text"),
    [
        (Health(None, {}), "not known yet"),
        (Health(71.0, {}, overridden=True), "71 of 100 (given)"),
        (Health(71.0, {}), "71 of 100"),
    ],
)
def test_health_says_where_it_comes_from(health: Health, text: str) -> None:
    """Or that it is not known."""
    assert card(make_trigger(health=health)).health == text


def test_no_estimate_is_said_to_be_none() -> None:
    """Risk triggers have no worth; they are urgent."""
    found = card(make_trigger(estimated_acv=None, kind="risk"))
    assert (found.worth, found.urgent, found.kind) == ("no estimate", True, "Risk")


def test_the_most_urgent_open_trigger_leads_and_the_rest_are_evidence() -> None:
    """Ended ones are shown as ended."""
    low = make_trigger(rule="usage_ceiling", level="nurture", decided_by="app/1")
    high = make_trigger(rule="usage_ceiling", level="executive", decided_by="app/2")
    ended = make_trigger(rule="gated_exploration", decided_by="app/3")
    told = (Told(high, NOW_MS), Told(low, NOW_MS + 1), Told(ended, NOW_MS + 2, NOW_MS + 3))
    found = card(told=told)
    assert found.trigger_id == high.trigger_id
    assert [happening.level for happening in found.happenings] == ["Nurture", None, "Executive"]
    assert [happening.ended for happening in found.happenings] == [False, True, False]
    assert found.urgent


def test_a_message_whose_triggers_have_all_ended_is_resolved() -> None:
    """And one whose lead has ended is closed."""
    ended = (Told(make_trigger(), NOW_MS, NOW_MS + 1),)
    assert card(told=ended).phase == "resolved"
    assert "(resolved)" in card(told=ended).line
    assert card(make_trigger(), closed=True).phase == "closed"


def test_a_long_history_is_cut_and_counted() -> None:
    """Eight are listed."""
    found = card(*(make_trigger(decided_by=f"app/{number}") for number in range(12)))
    assert (len(found.happenings), found.unlisted) == (8, 4)


def test_marks_come_first_in_the_line() -> None:
    """So that nobody misses them."""
    subject = Subject((Told(make_trigger(), NOW_MS),), None, None, URL)
    assert make_card(subject, ("test", "possible repeat"), NOW_MS).line.startswith("[test] [possible repeat] Acme")


@pytest.mark.parametrize(
    ("over", "text"),
    [
        ({"evidence": Evidence(92, 90, ">", "percent", summary=" full. ")}, "full"),
        ({"evidence": Evidence(92.5, 90, ">", "percent")}, "Seat saturation (active) in 7 days = 92.5 % (> 90 %)"),
        (
            {"evidence": Evidence(3, 3, ">=", "features"), "scope": None, "window_days": None},
            "Seat saturation = 3 features (≥ 3 features)",
        ),
        ({"evidence": Evidence(None, 1.4, "<", ""), "scope": None}, "Seat saturation in 7 days = – (< 1.4)"),
    ],
)
def test_the_evidence_is_the_rules_own_sentence_or_the_numbers_compared(over: dict[str, Any], text: str) -> None:
    """Never nothing."""
    assert explain(make_trigger(**over)) == text


def test_a_rule_without_a_headline_is_called_by_its_name() -> None:
    """A new rule needs nothing here."""
    assert headline(make_trigger(rule="brand_new_rule")) == "Brand new rule"


def test_a_sample_has_the_facts_that_were_asked_for() -> None:
    """So that a test shows what an alert would look like."""
    facts = Facts(
        account_id="a",
        segment="SMB",
        kind="risk",
        rule="nps_drop",
        level=None,
        play="call",
        owner=None,
        owner_role="csm",
    )
    found = sample_trigger(facts, NOW_MS)
    assert (found.segment, found.kind, found.rule, found.recommendation.play) == ("SMB", "risk", "nps_drop", "call")


def silent_source(**over: Any) -> Trigger:
    """Return the trigger of a silent source, as signals writes it."""
    summary = (
        "no event with the write key web for 2 hours in which events were due; last heard 2026-09-21T11:00:00.000Z, "
        "usually 120 an hour"
    )
    values: dict[str, Any] = {
        "rule": "source_silent",
        "kind": "ops",
        "category": "ops",
        "scope": "web",
        "scope_type": "source",
        "account_name": None,
        "segment": "",
        "evidence": Evidence(0, 0, "<=", "events", {"source": "web"}, summary=summary),
        "health": Health(None, {}),
        "recommendation": Recommendation("check_source", "ops", "ops", (), "look at the SDK", NOW_MS),
        "estimated_acv": None,
        "decided_by": f"source/{NOW_MS}",
    }
    return addressed(make_trigger("", **values | over))


def test_an_alert_for_ops_names_the_source_and_no_account() -> None:
    """Which key, when it was last heard, its usual rate, what to look at; nothing of accounts."""
    found = card(silent_source())
    assert (found.kind, found.account_name, found.title) == ("Operations", "Source web", "Has fallen silent")
    assert "last heard 2026-09-21T11:00:00.000Z, usually 120 an hour" in found.line
    assert found.why_now == "Ingest noticed it 5 seconds ago"
    assert (found.owner, found.response, found.account_url, found.urgent) == ("Ops", "Look at the SDK", "", True)
    shown = json.dumps(alert_blocks(found))
    assert "Look at the SDK" in shown
    assert not any(word in shown for word in ("Worth", "Readiness", "Health", "Account"))


def test_each_source_has_a_message_of_its_own() -> None:
    """A message is that of an account and a play: what ops are told of has its scope in the account's place."""
    names = {silent_source(scope=scope).account_id for scope in ("web", "ios")}
    assert names == {"source:web", "source:ios"}
    assert addressed(make_trigger("acme")).account_id == "acme"
    assert silent_source(scope=None, scope_type=None).account_name == "installation"
