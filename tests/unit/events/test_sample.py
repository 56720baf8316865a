"""Payloads tried on paper: what they become, why, and which row said so."""

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from tests.support.intake import NOW, PLAYBOOK
from upswing.commands.events import command
from upswing.events.guess import find_dialect
from upswing.events.sample import Became, lines, try_body

ACME = {"groupId": "acme"}


def _try(body: Any, dialect: str | None = None, account_id: str | None = None) -> Became:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    spoken, route, _why = find_dialect(raw, dialect)
    return try_body(spoken, route, raw, PLAYBOOK, NOW, account_id)


def _track(name: str = "Report Exported", **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": name, "userId": "ada", "context": ACME} | more


@pytest.mark.parametrize(
    ("body", "dialect", "path"),
    [
        ({"batch": [_track()]}, "segment", "/v1/batch"),
        ({"batch": []}, "segment", "/v1/batch"),
        (_track(), "segment", "/v1/track"),
        ({"event": "X", "userId": "u"}, "segment", "/v1/track"),
        ({"userId": "u", "traits": {}}, "segment", "/v1/identify"),
        ({"userId": "u", "groupId": "g"}, "segment", "/v1/group"),
        ({"userId": "u", "previousId": "g"}, "segment", "/v1/alias"),
        ({"userId": "u", "name": "Home"}, "segment", "/v1/page"),
        ({"api_key": "k", "batch": [{"event": "x", "distinct_id": "u"}]}, "posthog", "/batch/"),
        ({"event": "x", "distinct_id": "u"}, "posthog", "/capture/"),
        ({"specversion": "1.0", "id": "1", "source": "s", "type": "t"}, "cloudevents", "/v1/events"),
        ([{"specversion": "1.0", "id": "1", "source": "s", "type": "t"}], "cloudevents", "/v1/events"),
        ({"id": "1", "type": "session.started"}, "native", "/v1/events"),
        (b'{"id":"1","type":"x","account_id":"a"}\n{"id":"2"}', "native", "/v1/events"),
        (b"", "native", "/v1/events"),
        (b"[1]", "native", "/v1/events"),
    ],
)
def test_the_dialect_is_guessed_from_what_only_it_has(body: Any, dialect: str, path: str) -> None:
    """And the path from the kind of the call."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    spoken, route, why = find_dialect(raw, None)
    assert (spoken.name, route.path) == (dialect, path)
    assert why


def test_each_item_says_what_it_becomes_and_which_row_mapped_it() -> None:
    """By the service's own code, so also with what it says about times and rejections."""
    calls = [
        _track(messageId="m1", timestamp=NOW - 5),
        _track("Song Played", timestamp="2099-01-01"),
        _track("feature.blocked", properties={"feature": "sso"}),
        _track("API Used", properties={"calls": -1}),
        {"type": "alias", "userId": "u", "previousId": "v"},
        5,
    ]
    became = _try({"batch": calls})
    exported, song, blocked, used, alias, five = became.outcomes
    (event,) = exported.events
    assert (event["id"], event["type"], event["account_id"], event["occurred_at"]) == (
        "m1",
        "feature.used",
        "acme",
        NOW - 5,
    )
    assert event["properties"] == {"feature": "reports"}
    assert (exported.by, exported.time) == (
        "'Report Exported' is mapped by tracking.rows.0 (match: Report Exported)",
        "",
    )
    assert song.by == "'Song Played' is mapped by no row"
    assert (song.time, song.events[0]["occurred_at"]) == (
        "the time of arrival, because the given one lies in the future",
        NOW,
    )
    assert (blocked.by, blocked.time) == (
        "'feature.blocked' is one of our types",
        "the time of arrival, because none is given",
    )
    (why,) = used.rejected
    assert (why["code"], why["field"], used.events) == ("out_of_range", "properties.quantity", [])
    assert msgspec.json.decode(why["made"])["properties"] == {"metric": "api_calls", "quantity": -1}
    assert "tracking.rows.1" in used.by
    assert alias.note == "taken, and makes no event"
    assert five.rejected[0]["code"] == "not_an_object"
    assert became.rejected == 2


def test_a_group_call_names_the_account_of_items_before_it_as_in_the_service() -> None:
    """Else the account is unknown, unless one is assumed for the sake of the test."""
    track = {"type": "track", "event": "X", "userId": "ada"}
    became = _try({"batch": [track, {"type": "group", "userId": "ada", "groupId": "acme"}]})
    assert became.outcomes[0].events[0]["account_id"] == "acme"
    assert became.learned == [{"user_id": "ada", "account_id": "acme"}]
    assert _try(track).outcomes[0].rejected[0]["code"] == "account_unknown"
    assert _try(track, account_id="globex").outcomes[0].events[0]["account_id"] == "globex"


def test_a_field_that_is_no_fact_is_noticed() -> None:
    """With the fact of a similar name."""
    became = _try(_track("account.updated", properties={"seatz": 5, "colour": "red"}))
    assert became.outcomes[0].notices == [
        "colour is no fact, and has no effect",
        "seatz is no fact, and has no effect: did you mean seats?",
    ]


def test_a_clock_that_is_wrong_is_said() -> None:
    """`sentAt` tells by how much."""
    became = _try({"batch": [_track(timestamp=NOW - 7_300_000)], "sentAt": NOW - 7_200_000})
    (outcome,) = became.outcomes
    assert outcome.events[0]["occurred_at"] == NOW - 100_000
    assert outcome.time == "corrected by +7,200 s, because by the client's clock it was sent at another time"


def _run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(command, ["test", "--playbook", "playbooks/default.yaml", *arguments], input=stdin)


def test_the_command_ends_with_1_when_something_would_be_rejected(tmp_path: Path) -> None:
    """From a file or standard input, compressed or not, for persons or programs."""
    good, bad = msgspec.json.encode(_track()), msgspec.json.encode({"event": "X", "userId": "u"})
    result = _run("-", stdin=good)
    assert (result.exit_code, "feature.used  account acme, user ada" in result.output) == (0, True)
    assert "read as segment at POST /v1/track, because it is a call of Segment's" in result.output
    file = tmp_path / "body.json.gz"
    file.write_bytes(gzip.compress(bad))
    result = _run(str(file), "--at", "2026-02-01")
    assert (result.exit_code, "1 of 1 would be rejected; nothing was sent" in result.output) == (1, True)
    assert _run(str(file), "--account", "acme").exit_code == 0
    found = msgspec.json.decode(_run(str(file), "--json").output)
    assert (found["dialect"], found["items"][0]["rejected"][0]["code"]) == ("segment", "account_unknown")


def test_what_cannot_be_tried_is_one_sentence(tmp_path: Path) -> None:
    """It says what to do."""
    assert "cannot read nowhere.json" in _run("nowhere.json").output
    assert "must be" in _run("-", "--at", "yesterday", stdin=b"{}").output
    assert "no dialect is called 'morse': there are segment" in str(
        _run("-", "--dialect", "morse", stdin=b"{}").exception
    )
    assert "cannot be read as native" in str(_run("-", stdin=b"rubbish").exception)
    half = tmp_path / "half.gz"
    half.write_bytes(gzip.compress(b"{}" * 99)[:20])
    assert "ends too early" in _run(str(half)).output


def test_a_plan_that_the_playbook_does_not_know_is_said_below_its_item() -> None:
    """It is accepted, and has no effect: the commonest slip of a newcomer."""
    group = {"type": "group", "userId": "ada", "groupId": "acme", "traits": {"plan": "Growthh"}}
    became = _try({"batch": [group, group | {"traits": {"plan": "Growth"}}]})
    assert became.rejected == 0
    assert [each.notices == [] for each in became.outcomes] == [False, True]
    assert became.outcomes[0].notices[0].startswith("plan 'Growthh' is not in the playbook (Starter, Growth, ")
    assert any(line.startswith("     NOTICE    plan 'Growthh'") for line in lines(became))


def test_what_a_call_teaches_about_a_user_stands_below_that_call() -> None:
    """And not below the last one, which may speak of somebody else."""
    group = {"type": "group", "userId": "ada", "groupId": "acme", "traits": {"plan": "Growth"}}
    told = lines(_try({"batch": [group, {"type": "track", "event": "X", "userId": "bob", "context": ACME}]}))
    learned = next(number for number, line in enumerate(told) if "user ada belongs to account acme" in line)
    assert learned < next(number for number, line in enumerate(told) if line.startswith("  1  "))
    assert sum("belongs to account" in line for line in told) == 1
