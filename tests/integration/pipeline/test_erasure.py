"""A person who is erased is named nowhere in the database any more, in whatever order the feeds bring it."""

from typing import Any

from sqlalchemy import text

from shared.kernel.codec import decode_record
from shared.kernel.events.user_erased import UserErased
from shared.kernel.identities import identity_key
from shared.kernel.snapshots import RuleValue
from shared.kernel.topics import EVENTS, IDENTITIES
from shared.kernel.triggers import Evidence, Trigger
from tests.oracle.writing import event
from tests.support.pipeline.office import Office
from tests.support.pipeline.samples import DAY, HOUR, NOON, PEOPLE, make_snapshot, make_trigger

ADA = "ada.lovelace@acme.example"
SQL_TABLES = "select table_name from information_schema.tables where table_schema = 'pipeline'"


def dropped(record: str = "fired", occurred_at: int = NOON) -> Trigger:
    """Return a trigger about the person."""
    return make_trigger(
        rule="nps_drop",
        kind="risk",
        category="risk",
        play="recovery_call",
        record=record,
        scope=ADA,
        scope_type="user",
        occurred_at=occurred_at,
    )


def busy(**over: Any) -> Trigger:
    """Return a trigger whose evidence names the person among others."""
    numbers: dict[str, int | float | str | list[str] | None] = {"users": [ADA, "bob"], "acts": 20}
    evidence = Evidence(400, 200, ">=", "percent", numbers, summary=f"20 acts in 30 days by {ADA}, bob; the mean is 5")
    return make_trigger(rule="power_user", evidence=evidence, play="department_expansion", **over)


def answered(name: str = "n1", when: int = NOON - HOUR) -> bytes:
    """Return an answer of the person."""
    return event("survey.answered", "acme", when, name, user=ADA, properties={"survey": "nps", "score": 3})


def erased(when: int = NOON + HOUR) -> bytes:
    """Return the erasure."""
    return event("user.erased", "acme", when, "gone", user=ADA)


async def everything(office: Office) -> str:
    """Return every row of every table as one text."""

    async def work(session: Any) -> str:
        found = []
        for table in (await session.scalars(text(SQL_TABLES))).all():
            rows = (await session.execute(text(f'select * from pipeline."{table}"'))).all()  # noqa: S608 - our tables
            found += [f"{table}: {[bytes(v) if isinstance(v, memoryview) else v for v in row]}" for row in rows]
        return "\n".join(found)

    return await office.unit.run("read", work)


async def live(office: Office) -> None:
    """Let the person be named in facts, triggers, a snapshot, a note and an answer that is kept to be repeated."""
    await office.put_people(PEOPLE)
    value = RuleValue("nps_drop", "risk", None, ADA, "user", "fired", Evidence(1, 1, ">=", "count"))
    await office.show(make_snapshot(rules=(value,), facts={"champion": ADA, "name": "Acme"}))
    await office.happen(
        "acme",
        answered(),
        event("champion.changed", "acme", NOON, "c", user="bob", properties={"change": "left", "person": ADA}),
    )
    await office.take(dropped(), busy())
    csm = office.as_("csm")
    (lead,) = (await csm.get("/v1/csqls")).json()["items"]
    path = f"/v1/csqls/{lead['csql_id']}"
    note = await csm.post(
        f"{path}/notes",
        json={"text": f"Spoke to {ADA}."},
        headers={"Idempotency-Key": "k1", "If-Match": "*"},
    )
    assert note.status_code < 300, note.text
    assert (await everything(office)).count(ADA) >= 6


async def test_an_erasure_rewrites_all_that_names_the_person(office: Office) -> None:
    """Trigger ids, numbers, other people and the note itself stay."""
    await live(office)
    await office.happen("acme", erased())
    rows = await everything(office)
    assert [row[:200] for row in rows.splitlines() if ADA in row] == []
    view = (await office.as_("viewer").get("/v1/accounts/acme")).json()
    assert view["facts"] == {"name": "Acme"}
    assert [rule["scope"] for rule in view["rules"]] == ["erased"]
    (note,) = [entry["details"]["fields"] for entry in view["timeline"] if entry["what"] == "noted"]
    assert list(note.values()) == ["Spoke to erased."]
    assert dropped().trigger_id in rows
    assert "by erased, bob; the mean is 5" in rows


async def test_what_comes_late_or_from_the_other_feed_is_kept_without_the_name(office: Office) -> None:
    """The trigger's feed is behind; an answer of before arrives after; the same records come twice."""
    for _ in range(2):
        await office.happen("acme", erased())
        await office.take(dropped(), busy())
        await office.happen("acme", answered())
    assert ADA not in await everything(office)


async def test_who_comes_back_after_the_erasure_is_a_new_person(office: Office) -> None:
    """An answer and a trigger of the day after name the new one; another account's person is another."""
    await office.happen("acme", erased())
    await office.happen("acme", answered("n2", NOON + DAY))
    await office.happen(
        "globex", event("survey.answered", "globex", NOON, "g", user=ADA, properties={"survey": "nps", "score": 3})
    )
    await office.take(dropped(occurred_at=NOON + DAY))
    rows = await everything(office)
    assert sum(ADA in row for row in rows.splitlines()) == 3


async def test_delete_writes_the_erasure_to_the_accounts_concerned(office: Office) -> None:
    """Those where an event or a trigger names the person, and those that are given; ingest's identities go as well."""
    await office.happen("acme", answered())
    await office.take(busy(account_id="globex"), make_trigger("other"))
    admin = office.as_("admin")
    await office.show(make_snapshot("given"))
    answer = await admin.delete(f"/v1/users/{ADA}", params={"account_id": ["given", "acme"]})
    assert answer.status_code == 202
    assert (answer.json()["known"], answer.json()["unknown_accounts"]) == (True, [])
    assert answer.json()["accounts"] == ["acme", "given", "globex"]
    assert answer.json()["forgotten_sources"] == ["app"]
    assert ADA not in answer.text
    written = [row for row in await office.outbox() if row.topic == EVENTS.name]
    for row, account_id in zip(written, ("acme", "given", "globex"), strict=True):
        ((_number, line),), bad = decode_record(row.value or b"")
        assert isinstance(line, UserErased)
        assert (line.account_id, line.user_id, row.key, bad) == (account_id, ADA, account_id.encode(), [])
        assert ADA not in line.id
    (forgotten,) = [row for row in await office.outbox() if row.topic == IDENTITIES.name]
    assert (forgotten.key, forgotten.value) == (identity_key("app", ADA), None)


async def test_delete_asks_for_the_account_of_somebody_unknown_and_for_an_administrator(office: Office) -> None:
    """Nothing is written then."""
    answer = await office.as_("admin").delete("/v1/users/nobody")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "give the accounts in which the person used the product" in answer.json()["message"]
    assert (await office.as_("csm").delete("/v1/users/nobody", params={"account_id": "acme"})).status_code == 403
    assert await office.outbox() == []


async def test_delete_refuses_a_misspelt_account_unless_its_events_are_still_to_come(office: Office) -> None:
    """The erasure would make an account of that name, and the person would stay in the one that was meant."""
    await office.show(make_snapshot("acme"))
    admin, path = office.as_("admin"), f"/v1/users/{ADA}"
    answer = await admin.delete(path, params={"account_id": ["acme", "acmee"]})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "there is no account known here by the name 'acmee': nothing was written" in answer.json()["message"]
    assert await office.outbox() == []
    answer = await admin.delete(path, params={"account_id": ["acme", "acmee"], "accept_unknown": "true"})
    assert (answer.status_code, answer.json()["unknown_accounts"]) == (202, ["acmee"])
    assert [row.key for row in await office.outbox()] == [b"acme", b"acmee"]


async def test_delete_says_that_nothing_here_names_the_person(office: Office) -> None:
    """Who merely used the product, or comes late, is erased as well."""
    await office.show(make_snapshot("acme"))
    answer = await office.as_("admin").delete("/v1/users/eve", params={"account_id": "acme"})
    assert (answer.status_code, answer.json()["known"], answer.json()["accounts"]) == (202, False, ["acme"])
    assert "check the spelling" in answer.json()["said"]
