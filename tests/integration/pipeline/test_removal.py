"""A removed account: its snapshot and events go, and the work that is open for it is closed, with the reason."""

from typing import Any

import pytest

from shared.kernel.topics import SNAPSHOTS
from tests.oracle.writing import event
from tests.support.pipeline.office import Office
from tests.support.pipeline.samples import DAY, HOUR, NOON, PEOPLE, follow, make_snapshot, make_trigger

RISK: dict[str, Any] = {"rule": "nps_drop", "kind": "risk", "category": "risk", "play": "recovery_call"}


async def remove(office: Office, when: int) -> None:
    """Let the account's tombstone come, as signals writes it."""
    office.now = when
    await office.feed([office.record(SNAPSHOTS, "acme", None)])


async def open_work(office: Office) -> list[tuple[str, str]]:
    """Return the leads and tasks that are open, by account and play."""
    csm = office.as_("csm")
    found = [(await csm.get(path, params={"open": "true"})).json()["items"] for path in ("/v1/csqls", "/v1/tasks")]
    return sorted((item["account_id"], item["play"]) for items in found for item in items)


async def test_the_tombstone_of_a_snapshot_removes_the_account_and_its_events(office: Office) -> None:
    """What came after the removal stays."""
    await office.show(make_snapshot())
    for name, when in (("before", NOON - HOUR), ("after", NOON + 2 * HOUR)):
        await office.happen("acme", event("qbr.held", "acme", when, name))
    await remove(office, NOON + HOUR)
    assert (await office.as_("viewer").get("/v1/accounts/acme")).status_code == 404
    await office.show(make_snapshot())
    view = (await office.as_("viewer").get("/v1/accounts/acme")).json()
    assert [entry["at"] for entry in view["timeline"] if entry["what"] == "qbr.held"] == ["2026-06-01T14:00:00.000Z"]


@pytest.mark.parametrize("late", [False, True])
async def test_open_leads_and_tasks_are_closed_with_the_reason(office: Office, late: bool) -> None:
    """Those of other accounts stay open; so it is if the pipeline was down meanwhile and hears of all afterwards."""
    await office.put_people(PEOPLE)
    if late:
        office.now = NOON + DAY
    await office.take(make_trigger(), make_trigger(**RISK), make_trigger("globex"), make_trigger("globex", **RISK))
    office.now = NOON + HOUR
    await remove(office, NOON + HOUR)
    assert await open_work(office) == [("globex", "recovery_call"), ("globex", "team_growth")]
    ends = [change for change in await office.changes() if change.reason == "account removed"]
    assert [(one.item, one.change, one.stage, one.previous_stage) for one in ends] == [
        ("csql", "moved", "disqualified", "trigger_fired"),
        ("task", "done", "cancelled", "open"),
    ]
    (lead,) = (await office.as_("csm").get("/v1/csqls", params={"account_id": "acme"})).json()["items"]
    assert (lead["stage"], lead["due_at"]) == ("disqualified", None)
    await remove(office, NOON + HOUR)
    assert len([change for change in await office.changes() if change.reason == "account removed"]) == 2


async def test_the_work_of_the_account_that_comes_afterwards_stays_open(office: Office) -> None:
    """Its triggers are of later, whether they come before the tombstone or after it; so is a lead made by hand."""
    await office.put_people(PEOPLE)
    await office.take(follow(make_trigger(), "released", 2 * HOUR))
    await office.show(make_snapshot())
    office.now = NOON + 2 * HOUR
    made = await office.as_("csm").post(
        "/v1/csqls", json={"account_id": "acme", "play": "tier_migration", "context": "They asked."}
    )
    assert made.status_code < 300, made.text
    office.now = NOON + 3 * HOUR
    record = office.record(SNAPSHOTS, "acme", None)
    record.timestamp = NOON + HOUR
    await office.feed([record])
    assert await open_work(office) == [("acme", "team_growth"), ("acme", "tier_migration")]
