"""What is due, what is late and what rests, on a real database. Source: playbook sections 7 and 9."""

import httpx

from tests.support.pipeline.leads import CREATED, move, only
from tests.support.pipeline.office import Office
from tests.support.pipeline.samples import DAY, NOON, make_trigger


async def test_a_snoozed_lead_wakes_on_its_date_and_its_clock_stands_still(
    office: Office, csm: httpx.AsyncClient
) -> None:
    """48 hours from Monday noon; asleep from Tuesday noon to the 20th in Berlin, with 24 hours left."""
    name = (await only(csm))["csql_id"]
    office.now = NOON + DAY
    headers = {"If-Match": "*"}
    early = await csm.post(f"/v1/csqls/{name}/snooze", json={"until": "2026-06-02"}, headers=headers)
    assert (early.status_code, early.json()["field"]) == (422, "until")
    assert (await csm.post(f"/v1/csqls/{name}/snooze", json={}, headers=headers)).json()["field"] == "until"
    body = {"until": "2026-06-20", "reason": "holidays"}
    lead = (await csm.post(f"/v1/csqls/{name}/snooze", json=body, headers=headers)).json()
    assert lead["snoozed_until"] == "2026-06-19T22:00:00.000Z"
    assert lead["due_at"] == "2026-06-20T22:00:00.000Z"
    office.now = NOON + 18 * DAY
    assert await office.escalate() == 0
    office.now = NOON + 20 * DAY
    assert await office.escalate() == 1
    assert [change.change for change in await office.changes()] == ["created", "snoozed", "escalated"]


async def test_a_missed_service_level_escalates_once_and_again_in_the_next_stage(
    office: Office, csm: httpx.AsyncClient
) -> None:
    """Not a millisecond before it is due."""
    name = (await only(csm))["csql_id"]
    office.now = NOON + 2 * DAY - 1
    assert await office.escalate() == 0
    office.now += 1
    assert await office.escalate() == 1
    assert await office.escalate() == 0
    (escalated,) = [change for change in await office.changes() if change.change == "escalated"]
    assert escalated.reason == "csql_created was due 2026-06-03T12:00:00.000Z"
    assert escalated.owner_id == "cleo"
    await move(csm, name, CREATED)
    assert (await only(csm))["escalated_at"] is None
    office.now += 30 * DAY
    assert await office.escalate() == 1


async def test_the_task_of_a_contraction_risk_escalates_and_is_overdue_later(office: Office) -> None:
    """45 and 90 days, each said once."""
    await office.take(make_trigger(rule="contraction_risk", kind="risk", play="contraction_flag"))
    for days, expected in ((44, 0), (45, 1), (46, 0), (90, 1), (120, 0)):
        office.now = NOON + days * DAY
        assert await office.escalate() == expected, f"after {days} days"
    assert [change.change for change in await office.changes()] == ["created", "escalated", "warned"]


async def test_an_ordinary_task_escalates_when_its_response_is_due(office: Office) -> None:
    """Once; being overdue is the same instant."""
    await office.take(make_trigger(rule="nps_drop", kind="risk", play="recovery_call", response_due=NOON + DAY))
    office.now = NOON + 2 * DAY
    assert await office.escalate() == 1
    assert await office.escalate() == 0
    assert [change.change for change in await office.changes()] == ["created", "escalated"]
