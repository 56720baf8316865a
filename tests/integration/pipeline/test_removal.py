"""A removed account: its snapshot and events go, and the work that is open for it is closed, with the reason."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from services.pipeline import takers
from shared.kernel.topics import SNAPSHOTS, TRIGGERS
from shared.kernel.triggers import encode_trigger
from tests.oracle.writing import event
from tests.support.pipeline.office import Office
from tests.support.pipeline.samples import DAY, HOUR, NOON, PEOPLE, follow, make_snapshot, make_trigger

RISK: dict[str, Any] = {"rule": "nps_drop", "kind": "risk", "category": "risk", "play": "recovery_call"}
WAITS = text("select exists (select from pg_locks where locktype = 'advisory' and not granted)")


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


async def test_what_was_told_before_a_removal_and_comes_after_it_opens_nothing(office: Office) -> None:
    """The feed of triggers is behind: they are kept, of nothing; the next account of that name has its own."""
    await office.put_people(PEOPLE)
    await remove(office, NOON + HOUR)
    await remove(office, NOON - HOUR)  # told again, late
    office.now = NOON + 2 * HOUR
    of_before = make_trigger(), make_trigger(**RISK), follow(make_trigger(), "released", HOUR)
    await office.take(*of_before, make_trigger("globex"))
    assert await open_work(office) == [("globex", "team_growth")]
    assert {change.account_id for change in await office.changes()} == {"globex"}
    await office.take(follow(make_trigger(rule="feature_gap"), "released", HOUR + 1), make_trigger(rule="compound"))
    csm = office.as_("csm")
    (lead,) = (await csm.get("/v1/csqls", params={"account_id": "acme"})).json()["items"]
    evidence = (await csm.get(f"/v1/csqls/{lead['csql_id']}")).json()["evidence"]
    assert [one["trigger"]["rule"] for one in evidence] == ["feature_gap"]


async def test_a_removal_waits_for_leads_that_are_being_opened(office: Office) -> None:
    """And closes them: else each of the two transactions would not see what the other does."""
    trigger = make_trigger()
    record = office.record(TRIGGERS, "acme", encode_trigger(trigger))

    async def open_slowly(session: Any) -> asyncio.Task[None]:
        await takers.take_triggers(session, office.context, [record], office.now)
        removal = asyncio.create_task(remove(office, NOON + HOUR))
        while not await session.scalar(WAITS):
            assert not removal.done(), "the removal has not waited"
            await asyncio.sleep(0.01)
        return removal

    await (await office.unit.run("triggers", open_slowly))
    assert await open_work(office) == []


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
