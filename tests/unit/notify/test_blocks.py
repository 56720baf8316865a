"""The card as Block Kit: escaped, within Slack's limits, and accepted by the models of Slack's own SDK."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from services.notify.core.blocks import alert_blocks, escape, fallback, reply_blocks
from services.notify.core.card import Card, Subject, Told, make_card
from shared.kernel.people import Person
from shared.kernel.triggers import Evidence, Handoff, Recommendation, Trigger
from tests.support.notify import NOW_MS, make_trigger, text_of

URL = "https://upswing.example.com/v1/accounts/acme"
EVIL = "<!channel> <@U1> <https://evil.example|click> & *bold* `code`\n> quote"


def card(*triggers: Trigger, marks: tuple[Any, ...] = (), **over: Any) -> Card:
    """Return the card of a message that tells of these triggers."""
    told = tuple(Told(trigger, NOW_MS + place) for place, trigger in enumerate(triggers))
    return make_card(Subject(**{"told": told, "lead": None, "owner": None, "account_url": URL} | over), marks, NOW_MS)


def check(blocks: list[dict[str, Any]]) -> None:
    """Ask the SDK whether Slack would take these."""
    assert len(blocks) <= 50
    for parsed in Block.parse_all(blocks):
        parsed.validate_json()


def buttons(blocks: list[dict[str, Any]]) -> dict[str, str | None]:
    """Return the buttons with their values."""
    rows = [block["elements"] for block in blocks if block["type"] == "actions"]
    return {element["action_id"]: element.get("value") for row in rows for element in row}


def test_an_alert_has_no_control_that_does_nothing() -> None:
    """Neither buttons nor a link, until they are set up; the trigger is named all the same."""
    trigger = make_trigger()
    found = alert_blocks(card(trigger, account_url=""))
    check(found)
    assert [block for block in found if block["type"] == "actions"] == []
    assert f"`{trigger.trigger_id}`" in text_of({"blocks": found})
    assert buttons(alert_blocks(card(trigger))) == {"open_account": None}
    assert "open_account" not in buttons(alert_blocks(card(trigger, account_url=""), buttons=True))


def test_the_buttons_carry_the_trigger_id() -> None:
    """The pipeline finds the lead by it."""
    trigger = make_trigger()
    found = buttons(alert_blocks(card(trigger), buttons=True))
    assert found == {
        "csql_claim": trigger.trigger_id,
        "csql_snooze": trigger.trigger_id,
        "csql_dismiss": trigger.trigger_id,
        "open_account": None,
    }


def test_a_resolved_alert_or_a_test_has_no_buttons_to_act() -> None:
    """There is nothing to claim."""
    ended = card(told=(Told(make_trigger(), NOW_MS, NOW_MS + 1),))
    assert list(buttons(alert_blocks(ended, buttons=True))) == ["open_account"]
    assert "Resolved: the condition has ended." in text_of({"blocks": alert_blocks(ended)})
    assert list(buttons(alert_blocks(card(make_trigger(), marks=("test",)), buttons=True))) == ["open_account"]


def test_marks_are_shown_under_the_header() -> None:
    """Where eyes go first."""
    blocks = alert_blocks(card(make_trigger(), marks=("possible repeat",)))
    assert blocks[1]["elements"][0]["text"] == "*Possible repeat*"
    assert "[possible repeat]" in reply_blocks(card(make_trigger(), marks=("possible repeat",)))[0]["text"]["text"]


def test_the_owner_is_mentioned_by_the_slack_id() -> None:
    """Else named."""
    ana = Person(person_id="ana", name="Ana <b>", slack_id="U123")
    assert "<@U123>" in text_of({"blocks": alert_blocks(card(make_trigger(), owner=ana))})
    bob = Person(person_id="bob", name="Bob <b>")
    assert "Bob &lt;b&gt;" in text_of({"blocks": alert_blocks(card(make_trigger(), owner=bob))})


def test_the_due_time_is_in_each_readers_own_zone() -> None:
    """Slack formats it; the fallback is in the owner's zone."""
    assert "<!date^1790000000^{date_short_pretty} {time}|Mon 21 Sep 2026, 14:13 UTC>" in text_of(
        {"blocks": alert_blocks(card(make_trigger()))}
    )


def test_the_bridge_and_the_brief_stand_under_the_facts() -> None:
    """In words of their own, escaped."""
    handed = Recommendation(
        "cross_sell", "cs_led", "ae", (), "talk", NOW_MS, "Because of <A>, B.", Handoff({"usage": "9 of <10>"}, 24)
    )
    found = alert_blocks(card(make_trigger(recommendation=handed)))
    check(found)
    text = "\n".join(mrkdwn(found))
    assert "*What to say*\nBecause of &lt;A&gt;, B." in text
    told = "*For the account executive*\n• Usage: 9 of &lt;10&gt;\n• Quote: due within 24 h of the hand-off"
    assert told in text
    assert text.index("*Health*") < text.index("*What to say*") < text.index(told) < text.index("stage: ")
    plain = "\n".join(mrkdwn(alert_blocks(card(make_trigger()))))
    assert "What to say" not in plain
    assert "account executive" not in plain


@pytest.mark.parametrize("kind", ["risk", "adoption"])
def test_risk_and_adoption_tell_health_and_nothing_of_growth(kind: str) -> None:
    """No worth, no motion of a sale, no readiness to grow."""
    below = Evidence(49, 50, "<", "score", summary="health 49 (< 50)")
    found = alert_blocks(card(make_trigger(kind=kind, estimated_acv=None, evidence=below)))
    check(found)
    text = "\n".join(mrkdwn(found))
    assert "*Health*" in text
    assert "health 49 (&lt; 50)" in text
    for growth in ("Worth", "Motion", "Readiness"):
        assert growth not in text
        assert growth in "\n".join(mrkdwn(alert_blocks(card(make_trigger()))))


def test_many_triggers_are_listed_and_the_rest_counted() -> None:
    """Ended ones are struck through."""
    triggers = [make_trigger(decided_by=f"app/{number}", level="owner") for number in range(10)]
    told = tuple(
        Told(trigger, NOW_MS + place, NOW_MS if place == 9 else None) for place, trigger in enumerate(triggers)
    )
    blocks = alert_blocks(card(told=told))
    text = text_of({"blocks": blocks})
    assert "and 2 earlier" in text
    assert "~" in text
    check(blocks)


def test_nothing_that_a_customer_writes_can_ping_or_link() -> None:
    """Angle brackets are how Slack mentions and links."""
    evil = make_trigger(
        account_name=EVIL,
        segment=EVIL,
        evidence=Evidence(1, 1, ">", "x", summary=EVIL),
        recommendation=Recommendation("p", EVIL, "csm", (), EVIL, NOW_MS),
        people={"csm": EVIL},
    )
    found = card(evil)
    for blocks in (alert_blocks(found), reply_blocks(found)):
        for text in mrkdwn(blocks):
            assert "<!channel" not in text
            assert "<@U1" not in text
            assert "<https" not in text
        check(blocks)
    assert "<" not in fallback(found)


def mrkdwn(part: Any) -> list[str]:
    """Return all texts that Slack formats."""
    if isinstance(part, list):
        return [text for each in part for text in mrkdwn(each)]
    if not isinstance(part, dict):
        return []
    own = [part["text"]] if part.get("type") == "mrkdwn" else []
    return own + [text for value in part.values() for text in mrkdwn(value)]


@given(st.text(max_size=20), st.integers(0, 500), st.sampled_from(["account_name", "summary", "response"]))
@settings(max_examples=60)
def test_any_text_stays_within_the_limits(part: str, times: int, where: str) -> None:
    """However long and strange."""
    text = part * times
    over: dict[str, Any] = {"account_name": text}
    if where == "summary":
        over = {"evidence": Evidence(1, 1, ">", "x", summary=text)}
    if where == "response":
        over = {"recommendation": Recommendation("p", "m", "csm", (), text, NOW_MS)}
    found = card(make_trigger(**over))
    check(alert_blocks(found))
    check(reply_blocks(found))
    assert len(fallback(found)) < 3_000
    msgspec.json.encode(alert_blocks(found))


@given(st.text(alphabet="&<>ab", min_size=1, max_size=9))
@settings(max_examples=60)
def test_a_cut_never_splits_an_entity(part: str) -> None:
    """Half an entity would be shown as rubbish."""
    summary = part * 600
    triggers = [
        make_trigger(decided_by=f"app/{number}", evidence=Evidence(1, 1, ">", "x", summary=summary))
        for number in range(8)
    ]
    for text in mrkdwn(alert_blocks(card(*triggers))):
        assert len(text) <= 3_000
        bare = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
        assert "&" not in bare


@pytest.mark.parametrize(
    ("text", "escaped"), [("a & b", "a &amp; b"), ("<!here>", "&lt;!here&gt;"), ("&lt;", "&amp;lt;")]
)
def test_escaping_is_slacks(text: str, escaped: str) -> None:
    """The three characters, each once."""
    assert escape(text) == escaped
