"""What records of triggers become, on a real database. Source: playbook sections 5, 8 and 9, definitions 62 and 79."""

from typing import Any

from shared.kernel.dead_letters import decode_letter
from shared.kernel.topics import DEAD_LETTERS, TRIGGERS
from shared.kernel.triggers import EstimatedAcv, Handoff, Recommendation
from tests.support.pipeline.office import Office
from tests.support.pipeline.samples import DAY, HOUR, NOON, PEOPLE, follow, make_snapshot, make_trigger

CHIPS = EstimatedAcv(20_000, "USD", "seats")


async def leads(office: Office, **wanted: Any) -> list[dict[str, Any]]:
    """Return the leads that the API shows."""
    answer = await office.as_("viewer").get("/v1/csqls", params=wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_a_fired_trigger_opens_a_lead_with_its_owner_and_clock(office: Office) -> None:
    """The account names its CSM; 48 hours run from the trigger's instant."""
    await office.put_people(PEOPLE)
    office.now = NOON + HOUR
    await office.take(make_trigger())
    (lead,) = await leads(office)
    assert lead["stage"] == "trigger_fired"
    assert lead["owner"] == {"role": "csm", "id": "cleo", "reason": "6000 USD is below 20000 for a seats deal"}
    assert lead["clock_started_at"] == "2026-06-01T12:00:00.000Z"
    assert lead["due_at"] == "2026-06-03T12:00:00.000Z"
    assert [move["to"] for move in lead["moves"]] == ["csql_created", "disqualified"]
    (change,) = await office.changes()
    assert (change.change, change.item_id, change.owner_id, change.at) == (
        "created",
        lead["csql_id"],
        "cleo",
        NOON + HOUR,
    )


async def test_the_account_executive_owns_from_the_line_on(office: Office) -> None:
    """A seats deal of 20,000 is the AE's."""
    await office.put_people(PEOPLE)
    await office.take(make_trigger(estimated_acv=CHIPS))
    (lead,) = await leads(office)
    assert (lead["owner"]["role"], lead["owner"]["id"]) == ("ae", "abe")


async def test_an_add_on_goes_to_its_speaker_and_a_lead_carries_the_bridge_and_the_brief(office: Office) -> None:
    """Both are in the evidence, as signals wrote them; 20,000 would be the AE's."""
    brief = Handoff({"usage": "46 of 50 seats active in 30 days"}, 24)
    advice = Recommendation("feature_attach", "cs_led", "csm", (), "offer", NOON, "Because A, now B.", brief)
    about = {"scope": "Bulk Import", "scope_type": "addon", "recommendation": advice, "estimated_acv": CHIPS}
    await office.take(make_trigger(rule="addon_problem", **about))
    (lead,) = await leads(office)
    reason = "the playbook names csm for conversations about this add-on"
    assert lead["owner"] == {"role": "csm", "id": None, "reason": reason}
    details = (await office.as_("viewer").get(f"/v1/csqls/{lead['csql_id']}")).json()
    carried = details["evidence"][0]["trigger"]["recommendation"]
    assert carried["bridge"] == "Because A, now B."
    assert carried["handoff"] == {"facts": {"usage": "46 of 50 seats active in 30 days"}, "quote_hours": 24}


async def test_the_pool_takes_turns_within_its_capacity(office: Office) -> None:
    """Pit has room for one lead; the rest are Pam's, also within one batch."""
    await office.put_people(PEOPLE)
    await office.take(*(make_trigger(f"a{number}", segment="smb") for number in range(3)))
    await office.take(make_trigger("a3", segment="smb"))
    owners = {lead["account_id"]: lead["owner"]["id"] for lead in await leads(office)}
    assert owners == {"a0": "pam", "a1": "pit", "a2": "pam", "a3": "pam"}


async def test_without_people_a_lead_waits_without_an_owner(office: Office) -> None:
    """The role is known all the same."""
    await office.take(make_trigger())
    (lead,) = await leads(office)
    assert (lead["owner"]["role"], lead["owner"]["id"]) == ("csm", None)


async def test_further_triggers_of_account_and_play_join_the_open_lead(office: Office) -> None:
    """Within a batch and after it; the greatest estimate stands."""
    active = make_trigger(scope="active")
    assigned = make_trigger(scope="assigned", estimated_acv=EstimatedAcv(9_000, "USD", "seats"))
    smaller = make_trigger(scope="again", estimated_acv=EstimatedAcv(100, "USD", "seats"))
    unknown = make_trigger(scope="more", estimated_acv=None)
    await office.take(active, assigned)
    await office.take(smaller, unknown)
    (lead,) = await leads(office)
    assert lead["trigger_ids"] == [one.trigger_id for one in (active, assigned, smaller, unknown)]
    assert lead["estimated_acv"]["amount"] == 9_000
    assert [change.change for change in await office.changes()] == ["created", "joined", "joined", "joined"]
    assert [change.trigger_ids[-1] for change in await office.changes()] == lead["trigger_ids"]


async def test_another_play_or_a_closed_lead_makes_a_lead_of_its_own(office: Office) -> None:
    """One open lead for each account and play, not one for ever."""
    await office.take(make_trigger(), make_trigger(rule="usage_ceiling", play="tier_migration"))
    first, second = await leads(office)
    client = office.as_("csm")
    seats = first if first["play"] == "team_growth" else second
    body = {"to": "disqualified", "reason_code": "no_need"}
    await client.post(f"/v1/csqls/{seats['csql_id']}/transitions", json=body, headers={"If-Match": "*"})
    await office.take(make_trigger(scope="later"))
    assert len(await leads(office)) == 3
    assert len(await leads(office, open=True, play="team_growth")) == 1


async def test_a_record_that_comes_again_changes_nothing(office: Office) -> None:
    """In the same batch, in another, and after others: at-least-once in, once out."""
    trigger = make_trigger()
    held = make_trigger(scope="held", record="held")
    await office.take(trigger, trigger)
    await office.take(held, follow(held, "released"), held)
    before = await office.changes()
    await office.take(held, trigger, follow(held, "released"), trigger)
    assert await office.changes() == before
    (lead,) = await leads(office)
    assert lead["version"] == 2
    details = (await office.as_("viewer").get(f"/v1/csqls/{lead['csql_id']}")).json()
    assert {one["state"] for one in details["evidence"]} == {"fired", "released"}


async def test_a_held_trigger_is_shown_and_never_a_lead(office: Office) -> None:
    """It stands on the account with its reasons; there is neither lead nor change."""
    await office.show(make_snapshot())
    held = make_trigger(record="held")
    await office.take(held)
    assert await leads(office) == []
    assert await office.changes() == []
    account = (await office.as_("viewer").get("/v1/accounts/acme")).json()
    assert [one["trigger_id"] for one in account["held"]] == [held.trigger_id]


async def test_the_clock_of_a_released_trigger_starts_at_its_release(office: Office) -> None:
    """Definition 79: the time that it was held counts for nothing."""
    held = make_trigger(record="held")
    await office.take(held)
    await office.take(follow(held, "released", 10 * DAY))
    (lead,) = await leads(office)
    assert lead["clock_started_at"] == "2026-06-11T12:00:00.000Z"
    assert lead["due_at"] == "2026-06-13T12:00:00.000Z"


async def test_a_resolved_trigger_marks_its_evidence_and_moves_nothing(office: Office) -> None:
    """The lead stays open: somebody works on it."""
    trigger = make_trigger()
    await office.take(trigger)
    await office.take(follow(trigger, "resolved"))
    (lead,) = await leads(office, open=True)
    details = (await office.as_("viewer").get(f"/v1/csqls/{lead['csql_id']}")).json()
    (evidence,) = details["evidence"]
    assert (evidence["state"], evidence["resolved_at"]) == ("resolved", "2026-06-01T13:00:00.000Z")
    assert evidence["fired_at"] == "2026-06-01T12:00:00.000Z"
    assert details["version"] == 1


async def test_a_held_trigger_that_is_resolved_leaves_nothing_behind(office: Office) -> None:
    """Neither a lead nor anything held."""
    held = make_trigger(record="held")
    await office.show(make_snapshot())
    await office.take(held, follow(held, "resolved"))
    account = (await office.as_("viewer").get("/v1/accounts/acme")).json()
    assert (account["held"], account["csqls"]) == ([], [])


async def test_risk_and_adoption_make_tasks_that_join_like_leads(office: Office) -> None:
    """One open task for an account and play; the nearer date stands."""
    await office.put_people(PEOPLE)
    first = make_trigger(rule="dormant_users", kind="adoption", play="enablement", response_due=NOON + 5 * DAY)
    second = make_trigger(rule="login_decline", kind="adoption", play="enablement", response_due=NOON + DAY)
    flag = make_trigger(rule="contraction_risk", kind="risk", play="contraction_flag")
    await office.take(first, flag)
    await office.take(second)
    assert await leads(office) == []
    tasks = (await office.as_("viewer").get("/v1/tasks", params={"open": True})).json()["items"]
    by_play = {task["play"]: task for task in tasks}
    assert by_play["enablement"]["trigger_ids"] == [first.trigger_id, second.trigger_id]
    assert by_play["enablement"]["due_at"] == "2026-06-02T12:00:00.000Z"
    assert by_play["enablement"]["owner"]["id"] == "cleo"
    assert by_play["contraction_flag"]["escalate_at"] == "2026-07-16T12:00:00.000Z"
    assert by_play["contraction_flag"]["due_at"] == "2026-08-30T12:00:00.000Z"
    assert [(one.item, one.change) for one in await office.changes()] == [
        ("task", "created"), ("task", "created"), ("task", "joined")
    ]  # fmt: skip


async def test_what_cannot_be_read_goes_to_the_dead_letters_once_and_its_neighbours_through(office: Office) -> None:
    """With reason, place and the line itself."""
    broken = office.record(TRIGGERS, "acme", b'{"record": "fired", "trigger_id": 7}')
    rubbish = office.record(TRIGGERS, "acme", b"\xff\xfe not json")
    empty = office.record(TRIGGERS, "acme", None)
    for _ in range(2):
        await office.take_records([broken, rubbish, empty])
    await office.take(make_trigger())
    letters = [decode_letter(row.value or b"") for row in await office.outbox() if row.topic == DEAD_LETTERS.name]
    assert [letter.reason for letter in letters] == ["wrong_type", "unreadable", "unreadable"]
    assert letters[0].field == "trigger_id"
    assert letters[0].line == '{"record": "fired", "trigger_id": 7}'
    assert letters[0].origin == f"expansion.triggers/0/{broken.offset}"
    assert letters[1].line == "\\xff\\xfe not json"
    assert len(await leads(office)) == 1
