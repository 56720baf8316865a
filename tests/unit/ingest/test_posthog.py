"""What PostHog's events mean: persons, visitors, groups, and the events whose names begin with a dollar."""

from typing import Any

import msgspec
import pytest

from services.ingest.core.dialects import ROUTES
from services.ingest.core.intake import Rejected
from services.ingest.core.replies import Reply
from shared.kernel.errors import Reason
from shared.kernel.events.account_updated import AccountUpdated
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.events.session_started import SessionStarted
from shared.kernel.events.usage_recorded import UsageRecorded
from shared.kernel.events.user_provisioned import UserProvisioned
from shared.kernel.identities import Identity
from tests.support.intake import NOW, log_lines, make_world, only, reasons, take

GROUPS = {"$groups": {"company": "acme"}}
COMPANY = {"$group_type": "company", "$group_key": "a"}
RANDOM = "3f0e3c5e-7a38-4a1f-9f0e-1c2d3e4f5a6b"


def batch(*events: Any, **more: Any) -> dict[str, Any]:
    """Return a body."""
    return {"api_key": "k", "batch": list(events)} | more


def event(name: str, properties: dict[str, Any] | None = None, person: Any = "ada", **more: Any) -> dict[str, Any]:
    """Return an event of a person of acme."""
    return {"event": name, "distinct_id": person, "properties": GROUPS | (properties or {})} | more


def test_an_event_goes_through_the_tracking_plan_by_its_name() -> None:
    """With its uuid, its person, and the account of its groups."""
    line = only(take("/batch/", batch(event("API Called", {"calls": 7}, uuid="u-1", timestamp="2026-01-31T12:00:00Z"))))
    assert isinstance(line, UsageRecorded)
    assert (line.id, line.user_id, line.account_id, line.properties.quantity) == ("u-1", "ada", "acme", 7)
    assert line.occurred_at == 1_769_860_800_000
    other = only(take("/batch", batch(event("Song Played", person=7))))
    assert isinstance(other, FeatureUsed)
    assert (other.user_id, other.properties.feature, other.id) == ("7", "Song Played", "request-0")


@pytest.mark.parametrize("path", ["/capture/", "/capture", "/i/v0/e/", "/i/v0/e"])
def test_one_event_by_itself_is_a_body_too(path: str) -> None:
    """Its key is beside it."""
    body = event("usage.recorded", {"metric": "m", "quantity": 1}) | {"api_key": "k"}
    assert isinstance(only(take(path, body)), UsageRecorded)
    dialect, route = ROUTES[path]
    reading = dialect.read(msgspec.json.encode(body), route)
    assert (reading.write_key, reading.single) == ("k", True)
    reading = dialect.read(msgspec.json.encode({"token": "t"} | event("X")), route)
    assert reading.write_key == "t"


@pytest.mark.parametrize("kind", ["$pageview", "$screen"])
def test_page_and_screen_views_are_sessions(kind: str) -> None:
    """One a person and slot."""
    views = [event(kind, timestamp=NOW + n) for n in range(2)]
    lines = log_lines(take("/batch/", batch(*views)))
    assert all(isinstance(line, SessionStarted) for line in lines)
    assert len({line.id for line in lines}) == 1  # type: ignore[union-attr]  # controls have none


@pytest.mark.parametrize(
    "one",
    [
        event("$identify", {"$set": {"department": "Finance"}}),
        event("$set") | {"$set": {"department": "Finance"}},
        event("$set_once") | {"$set_once": {"department": "Finance"}},
        event("$set", {"$set_once": {"department": "Sales"}, "$set": {"department": "Finance"}}),
    ],
)
def test_whatever_sets_properties_of_a_person_provisions_it(one: dict[str, Any]) -> None:
    """`$set` goes before `$set_once`, beside the properties or in them; its account is kept for later."""
    world = make_world()
    line = only(take("/batch/", batch(one), world))
    assert isinstance(line, UserProvisioned)
    assert (line.user_id, line.properties.department) == ("ada", "Finance")
    assert only(take("/batch/", batch(event("X") | {"properties": {}}), world)).account_id == "acme"


def test_identify_gives_a_visitors_account_to_the_person() -> None:
    """When the event names no account itself."""
    world = make_world()
    world.identities.learn(Identity(source="web", user_id="v1", account_id="acme", at=1))
    one = {"event": "$identify", "distinct_id": "ada", "properties": {"$anon_distinct_id": "v1"}}
    assert only(take("/batch/", batch(one), world)).account_id == "acme"
    unknown = take("/batch/", batch({"event": "$identify", "distinct_id": "eve", "properties": None}), world)
    assert reasons(unknown)[0][1] == "account_unknown"


@pytest.mark.parametrize(
    "one",
    [
        event("Song Played", {"$process_person_profile": False}),
        event("Song Played", {"$device_id": "ada"}),
        event("Song Played", options={"process_person_profile": False}),
    ],
)
def test_an_event_without_a_person_profile_is_a_visitors(one: dict[str, Any]) -> None:
    """It counts for the account and makes nobody active."""
    line = only(take("/i/v1/analytics/events", batch(one)))
    assert (line.user_id, line.account_id) == (None, "acme")


def test_a_visitor_cannot_be_identified() -> None:
    """There is nobody to provision."""
    one = event("$set", {"$process_person_profile": False, "$set": {"role": "x"}})
    assert reasons(take("/batch/", batch(one)))[0][1:] == (
        "missing_field",
        "distinct_id: an event without a person profile identifies nobody",
    )


@pytest.mark.parametrize(("person", "learned"), [("ada", ["ada"]), ("$company_acme", []), (RANDOM, [])])
def test_groupidentify_is_an_account_updated(person: str, learned: list[str]) -> None:
    """A person that the SDK made up for it is nobody."""
    one = event("$groupidentify", {"$group_type": "company", "$group_key": "acme", "$group_set": {"seats": 9}}, person)
    intake = take("/batch/", batch(one))
    line = only(intake)
    assert isinstance(line, AccountUpdated)
    assert (line.account_id, line.properties.seats) == ("acme", 9)
    assert [identity.user_id for identity in intake.identities] == learned


def test_a_group_of_another_kind_is_no_account() -> None:
    """Understood, counted as ignored, and no event."""
    intake = take("/batch/", batch(event("$groupidentify", {"$group_type": "team", "$group_key": "blue"})))
    assert (intake.accepted, intake.ignored, intake.groups, intake.rejected) == (1, 1, {}, [])


@pytest.mark.parametrize("name", ["$create_alias", "$merge_dangerously"])
@pytest.mark.parametrize(("known", "other"), [("ada", "ada-2"), ("ada-2", "ada")])
def test_an_alias_gives_the_account_of_one_name_to_the_other(name: str, known: str, other: str) -> None:
    """Whichever of the two has one."""
    world = make_world()
    take("/v1/group", {"userId": known, "groupId": "acme"}, world)
    one = {"event": name, "distinct_id": "ada", "properties": {"distinct_id": "ada", "alias": "ada-2"}}
    intake = take("/batch/", batch(one), world)
    assert (intake.accepted, intake.groups) == (1, {})
    assert only(take("/batch/", batch({"event": "X", "distinct_id": other}), world)).account_id == "acme"


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (7, (0, "not_an_object", "Expected an object, got a whole number")),
        ({}, (0, "missing_field", "event is required")),
        ({"event": ""}, (0, "missing_field", "distinct_id is required, as text of 1 to 256 characters")),
        ({"event": "", "distinct_id": "a"}, (0, "missing_field", "event is required")),
        ({"event": "X", "distinct_id": "x" * 257}, (0, "out_of_range", "distinct_id: Expected text of length <= 256")),
        ({"event": "X", "properties": {"distinct_id": True}}, (0, "missing_field", None)),
        ({"event": "X", "distinct_id": "a", "properties": []}, (0, "wrong_type", "properties: Expected an object")),
        ({"event": "X", "distinct_id": "a", "properties": {"$groups": 5}}, (0, "account_unknown", None)),
        ({"event": "X", "distinct_id": "a", "properties": {"$groups": {"company": ""}}}, (0, "account_unknown", None)),
        (event("$identify", {"$set": 5}), (0, "wrong_type", "properties.$set: Expected an object")),
        (event("$identify", {"$set": {}}, timestamp="soon"), (0, "out_of_range", None)),
        (event("$groupidentify", {"$group_key": "a"}), (0, "missing_field", None)),
        (event("$groupidentify", {"$group_type": "company"}), (0, "missing_field", None)),
        (event("$groupidentify", COMPANY | {"$group_set": 5}), (0, "wrong_type", None)),
        (event("$create_alias", {"alias": {}}), (0, "missing_field", None)),
        (event("$create_alias", {"alias": "b"}, timestamp="soon"), (0, "out_of_range", None)),
        (event("control.tick"), (0, "unknown_type", None)),
    ],
)
def test_what_cannot_be_an_event_is_rejected_by_itself(one: Any, reason: tuple[int, str, str | None]) -> None:
    """Its neighbours are taken."""
    intake = take("/batch/", batch(one, event("X")))
    assert intake.accepted == 1
    (found,) = reasons(intake)
    assert found[:2] == reason[:2]
    assert reason[2] in {None, found[2]}


def test_half_an_emoji_sinks_no_neighbour() -> None:
    """The batch is cut into its events."""
    bad = rb'{"event":"X","distinct_id":"a","properties":{"x":"\ud800","$groups":{"company":"acme"}}}'
    body = b'{"api_key":"k","sent_at":"x","batch":[' + bad + b"," + msgspec.json.encode(event("X")) + b"]}"
    intake = take("/batch/", body)
    assert (intake.accepted, [row.code for row in intake.rejected]) == (1, ["unreadable"])


def test_a_number_beyond_all_bounds_sinks_no_neighbour() -> None:
    """It is found when the properties are looked into; a time of sending that is none corrects nothing."""
    bad = b'{"event":"X","distinct_id":"a","uuid":"u","properties":{"x":1e999}}'
    intake = take("/batch/", b'{"sent_at":{},"batch":[' + bad + b"," + msgspec.json.encode(event("X")) + b"]}")
    assert (intake.accepted, [(row.id, row.code) for row in intake.rejected]) == (1, [("u", "wrong_type")])


@pytest.mark.parametrize("body", [b"{", b"[1]", b'{"batch": 5}', b'{"batch": ["\\q"', b'{"x": "\\q"}', b"\xff"])
def test_what_is_no_batch_cannot_be_read(body: bytes) -> None:
    """The edge answers 400."""
    dialect, route = ROUTES["/batch/"]
    with pytest.raises((msgspec.DecodeError, ValueError)):
        dialect.read(body, route)


@pytest.mark.parametrize(("historical", "expected"), [(True, NOW - 86_400_000), (False, NOW - 86_400_000 + 600_000)])
def test_times_of_a_file_are_not_corrected_by_the_clock_of_who_sends_it(historical: bool, expected: int) -> None:
    """`historical_migration` says that they are; other times are, when the clock is off by ten minutes."""
    one = event("X", timestamp=NOW - 86_400_000)
    line = only(take("/batch/", batch(one, sent_at=NOW - 600_000, historical_migration=historical)))
    assert line.occurred_at == expected  # type: ignore[union-attr]  # controls have none


def test_the_newer_form_is_answered_event_by_event() -> None:
    """Only what was dropped is named; the older forms get our own reply."""
    dialect, route = ROUTES["/i/v1/analytics/events"]
    reply = Reply(1, 0, [Rejected(0, "u-1", Reason.UNREADABLE, "why"), Rejected(1, None, Reason.TOO_LARGE, "long")])
    assert dialect.answer
    answer = dialect.answer(reply, route)
    assert answer.status == 200
    assert msgspec.json.decode(answer.body) == {
        "results": {
            "u-1": {"result": "drop", "details": "unreadable: why"},
            "1": {"result": "drop", "details": "too_large: long"},
        }
    }
    assert msgspec.json.decode(dialect.answer(reply, ROUTES["/batch/"][1]).body)["accepted"] == 1
