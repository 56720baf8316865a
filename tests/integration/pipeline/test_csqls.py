"""Leads over HTTP, on a real database. Source: playbook section 9, design (contracts)."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.support.pipeline.leads import CREATED, QUALIFIED, move, only
from tests.support.pipeline.office import Office
from tests.support.pipeline.samples import DAY, HOUR, NOON, follow, make_snapshot, make_trigger


async def test_a_lead_goes_its_way_and_its_history_says_who_when_and_why(
    office: Office, csm: httpx.AsyncClient
) -> None:
    """From the trigger to closed-won, each move due where the owner is."""
    name = (await only(csm))["csql_id"]
    office.now = NOON + HOUR
    answer = (await move(csm, name, CREATED)).json()
    assert answer["due_at"] == "2026-06-09T13:00:00.000Z", "five business days; Corpus Christi is none in Bavaria"
    await move(csm, name, QUALIFIED)
    await move(csm, name, {"to": "proposal_sent", "fields": {"amount": 7_000}})
    await move(csm, name, {"to": "negotiation"})
    office.now = NOON + 9 * DAY
    won = (await move(csm, name, {"to": "closed_won", "reason_code": "seats", "fields": {"amount": 6_500}})).json()
    assert (won["stage"], won["reason_code"], won["due_at"]) == ("closed_won", "seats", None)
    assert won["closed_at"] == "2026-06-10T12:00:00.000Z"
    assert won["fields"]["amount"] == 6_500
    assert won["moves"] == []
    details = (await csm.get(f"/v1/csqls/{name}")).json()
    assert [(one["previous_stage"], one["stage"], one["actor"]) for one in details["history"]] == [
        (None, "trigger_fired", "system"),
        ("trigger_fired", "csql_created", "Csm"),
        ("csql_created", "qualified", "Csm"),
        ("qualified", "proposal_sent", "Csm"),
        ("proposal_sent", "negotiation", "Csm"),
        ("negotiation", "closed_won", "Csm"),
    ]
    assert details["history"][2]["fields"] == QUALIFIED["fields"]
    moved = [change for change in await office.changes() if change.change == "moved"]
    assert [change.stage for change in moved][-1] == "closed_won"
    assert moved[-1].reason == "seats"


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"to": "qualified"}, 409, "move_not_allowed", "to"),
        ({"to": "nowhere"}, 422, "out_of_range", "to"),
        ({"to": "csql_created"}, 422, "missing_field", "fields.context"),
        ({"to": "csql_created", "fields": {"contxt": "x"}}, 422, "unknown_field", "fields.contxt"),
        ({"to": "disqualified"}, 422, "missing_field", "reason_code"),
        ({"to": "disqualified", "reason_code": "x"}, 422, "out_of_range", "reason_code"),
        ({"stage": "csql_created"}, 422, "invalid", "to"),
        ({"to": "csql_created", "fields": {"context": "a\0"}}, 422, "out_of_range", "fields.context"),
    ],
)
async def test_a_move_that_is_not_allowed_is_refused_in_one_sentence_that_names_the_field(
    csm: httpx.AsyncClient, body: dict[str, Any], status: int, code: str, field: str
) -> None:
    """And changes nothing."""
    lead = await only(csm)
    answer = await move(csm, lead["csql_id"], body)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (status, code, field)
    assert field.rpartition(".")[2] in answer.json()["message"]
    assert await only(csm) == lead


async def test_a_change_must_name_the_version_that_was_read(csm: httpx.AsyncClient) -> None:
    """Without If-Match 428, with an old one 412; a note needs none, because it overwrites nothing."""
    lead = await only(csm)
    path = f"/v1/csqls/{lead['csql_id']}"
    tag = (await csm.get(path)).headers["ETag"]
    assert (await csm.post(f"{path}/transitions", json=CREATED)).status_code == 428
    assert (await csm.patch(path, json={"owner_id": "abe"})).status_code == 428
    assert (await csm.post(f"{path}/notes", json={"text": "called"})).status_code == 201
    stale = await move(csm, lead["csql_id"], CREATED, tag)
    assert stale.status_code == 412
    assert stale.json()["message"] == 'it has changed since you read it: its ETag is now "2"'
    moved = await move(csm, lead["csql_id"], CREATED, '"2"')
    assert moved.status_code == 200
    assert moved.headers["ETag"] == '"3"'


async def test_two_that_move_the_same_lead_at_once_are_told_apart(csm: httpx.AsyncClient) -> None:
    """One wins, the other has not seen the present state."""
    name = (await only(csm))["csql_id"]
    answers = await asyncio.gather(*(move(csm, name, CREATED, '"1"') for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]


async def test_a_request_under_an_idempotency_key_has_one_effect_and_one_answer(
    office: Office, csm: httpx.AsyncClient
) -> None:
    """Also when it comes five times at once; for another request the key is taken."""
    name = (await only(csm))["csql_id"]
    key = {"Idempotency-Key": "k1"}
    answers = await asyncio.gather(*(move(csm, name, CREATED, '"1"', **key) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert {answer.headers["ETag"] for answer in answers} == {'"2"'}
    assert [change.change for change in await office.changes()] == ["created", "moved"]
    other = await move(csm, name, QUALIFIED, "*", **key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    refused = {"Idempotency-Key": "k2"}
    assert (await move(csm, name, CREATED, "*", **refused)).status_code == 409
    assert (await move(csm, name, QUALIFIED, "*", **refused)).status_code == 200, "a refusal uses no key up"


async def test_owner_and_value_can_be_corrected(office: Office, csm: httpx.AsyncClient) -> None:
    """What is absent stays; somebody nobody knows is refused."""
    lead = await only(csm)
    path, headers = f"/v1/csqls/{lead['csql_id']}", {"If-Match": "*"}
    estimate = {"amount": 12_000, "currency": "EUR"}
    changed = (await csm.patch(path, json={"owner_id": "abe", "estimated_acv": estimate}, headers=headers)).json()
    assert changed["owner"] == {"role": "csm", "id": "abe", "reason": "assigned by Csm"}
    assert changed["estimated_acv"] == estimate | {"basis": "given"}
    assert (await csm.patch(path, json={}, headers=headers)).json()["owner"]["id"] == "abe"
    assert (await csm.patch(path, json={"owner_id": "zoe"}, headers=headers)).json()["field"] == "owner_id"
    assert (await csm.patch(path, json={"stage": "qualified"}, headers=headers)).json()["field"] == "stage"
    assert (await csm.patch(path, json={"owner_id": None}, headers=headers)).json()["owner"]["id"] is None
    assert [change.change for change in await office.changes()] == ["created", "assigned", "noted", "assigned"]


async def test_a_lead_can_be_opened_by_hand_unless_one_is_open(office: Office, csm: httpx.AsyncClient) -> None:
    """It begins as a CSQL, because a person has seen to it."""
    lead = await only(csm)
    body = {"account_id": "acme", "play": "team_growth", "context": "asked on the phone"}
    taken = await csm.post("/v1/csqls", json=body)
    assert taken.status_code == 409
    assert taken.json()["message"] == f"account and play have an open lead already: {lead['csql_id']}"
    opened = await csm.post("/v1/csqls", json=body | {"play": "cross_sell"})
    assert opened.status_code == 201
    assert opened.json()["stage"] == "csql_created"
    assert opened.json()["owner"]["id"] == "abe"
    assert (await csm.post("/v1/csqls", json=body | {"account_id": "nobody"})).status_code == 404
    assert (await csm.post("/v1/csqls", json=body | {"play": "dance"})).json()["field"] == "play"
    await office.take(make_trigger(rule="cross_sell_fit", play="cross_sell"))
    assert (await csm.get(f"/v1/csqls/{opened.json()['csql_id']}")).json()["version"] == 2, "the trigger joins it"


async def test_the_lead_of_a_trigger_is_found_by_its_id(csm: httpx.AsyncClient) -> None:
    """That is what the buttons of an alert carry."""
    name = make_trigger().trigger_id
    assert len((await csm.get("/v1/csqls", params={"trigger_id": name})).json()["items"]) == 1
    assert (await csm.get("/v1/csqls", params={"trigger_id": "other"})).json()["items"] == []


async def test_an_open_lead_warns_of_what_would_hold_the_account_now(office: Office, csm: httpx.AsyncClient) -> None:
    """Nobody moves it; definition 62."""
    name = (await only(csm))["csql_id"]
    assert (await csm.get(f"/v1/csqls/{name}")).json()["warnings"] == []
    gate = make_snapshot().gate
    shut = type(gate)(open=False, readiness=90, confidence=1.0, criteria=(), held_because=("renewal_quiet",))
    await office.show(make_snapshot(offset=2, gate=shut))
    assert (await csm.get(f"/v1/csqls/{name}")).json()["warnings"] == ["renewal_quiet"]


async def test_pages_hold_every_lead_once(office: Office, csm: httpx.AsyncClient) -> None:
    """Newest first, also when several were made within one millisecond."""
    for batch in range(3):
        office.now = NOON + batch
        await office.take(*(make_trigger(f"a{batch}{number}") for number in range(4)))
    seen: list[str] = []
    cursor = None
    while True:
        answer = (await csm.get("/v1/csqls", params={"limit": 5} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [lead["account_id"] for lead in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 13
    assert {name[:2] for name in seen[:4]} == {"a2"}
    wrong = await csm.get("/v1/csqls", params={"cursor": "###"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "cursor")
    assert (await csm.get("/v1/csqls", params={"limit": 0})).json()["field"] == "query.limit"


async def test_what_is_not_there_is_404_and_what_cannot_be_read_400(csm: httpx.AsyncClient) -> None:
    """Every error has code and message."""
    missing = await csm.get("/v1/csqls/none")
    assert (missing.status_code, missing.json()) == (404, {"code": "not_found", "message": "there is no lead 'none'"})
    unreadable = await csm.post("/v1/csqls", content=b"{", headers={"Content-Type": "application/json"})
    assert (unreadable.status_code, unreadable.json()["code"]) == (400, "unreadable")
    nowhere = await csm.get("/v2/csqls")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
    odd = await csm.get("/v1/csqls", params={"account_id": "a\0b"})
    assert (odd.status_code, odd.json()["code"]) == (422, "invalid")


async def test_a_released_trigger_joins_the_lead_that_a_person_opened(office: Office, csm: httpx.AsyncClient) -> None:
    """Whoever was first, there is one lead."""
    held = make_trigger(rule="usage_ceiling", play="tier_migration", record="held")
    await office.take(held)
    await csm.post("/v1/csqls", json={"account_id": "acme", "play": "tier_migration", "context": "x"})
    await office.take(follow(held, "released"))
    found = (await csm.get("/v1/csqls", params={"play": "tier_migration"})).json()["items"]
    assert [lead["trigger_ids"] for lead in found] == [[held.trigger_id]]
