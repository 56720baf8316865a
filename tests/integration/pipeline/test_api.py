"""Accounts, tasks, scorecard, people and tokens over HTTP, on a real database."""

import csv
import io

import msgspec
import pytest

from shared.kernel.codec import encode_line
from shared.kernel.events.qbr_held import QbrHeld
from shared.kernel.events.renewal_completed import RenewalCompleted
from shared.kernel.people import decode_person
from shared.kernel.topics import DEAD_LETTERS, FACTS, SNAPSHOTS
from shared.kernel.topics import PEOPLE as PEOPLE_TOPIC
from shared.kernel.triggers import Gate
from tests.support.pipeline.office import Office
from tests.support.pipeline.samples import DAY, HOUR, NOON, PEOPLE, follow, make_snapshot, make_trigger


def shut(readiness: int) -> Gate:
    """Return a gate that is not open."""
    return Gate(open=False, readiness=readiness, confidence=1.0, criteria=(), held_because=("qbr",))


async def test_without_a_token_of_ours_nothing_is_answered(office: Office) -> None:
    """Only health and metrics are open to all."""
    stranger = office.as_(None)
    for path in ("/v1/accounts", "/v1/csqls", "/v1/tasks", "/v1/scorecard", "/v1/people"):
        answer = await stranger.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        forged = await stranger.get(path, headers={"Authorization": "Bearer upw_forged"})
        assert forged.status_code == 401
    assert (await stranger.get("/healthz")).status_code == 200


async def test_a_viewer_reads_a_csm_works_and_an_admin_rules(office: Office) -> None:
    """Each role can what the one before it can."""
    note = "/v1/csqls/none/notes"
    people = {"people": PEOPLE}
    expected = {"viewer": (200, 403, 403), "csm": (200, 404, 403), "admin": (200, 404, 200)}
    for role, statuses in expected.items():
        client = office.as_(role)  # type: ignore[arg-type] # the keys are roles
        answers = (
            await client.get("/v1/csqls"),
            await client.post(note, json={"text": "x"}),
            await client.put("/v1/people", json=people),
        )
        assert tuple(answer.status_code for answer in answers) == statuses
    refusal = (await office.as_("viewer").post(note, json={"text": "x"})).json()
    assert refusal["message"] == "this needs the role csm; the token 'Viewer' has viewer"


async def test_an_account_is_explained_with_all_that_happened(office: Office) -> None:
    """Facts, health, gate, every rule's value, leads, tasks, what is held, and a timeline."""
    await office.put_people(PEOPLE)
    await office.show(make_snapshot())
    qbr = QbrHeld(id="q1", account_id="acme", occurred_at=NOON - DAY, received_at=NOON - DAY, source="crm")
    for _ in range(2):
        await office.happen("acme", encode_line(qbr), encode_line(
            RenewalCompleted(id="r1", account_id="acme", occurred_at=NOON - 2 * DAY, source="crm")
        ))  # fmt: skip
    await office.take(make_trigger(), make_trigger(rule="gated_exploration", play="feature_preview", record="held"))
    await office.take(make_trigger(rule="nps_drop", kind="risk", play="recovery_call", occurred_at=NOON + HOUR))
    account = (await office.as_("viewer").get("/v1/accounts/acme")).json()
    snapshot = msgspec.to_builtins(make_snapshot())
    for name in ("facts", "health", "gate", "rules", "active_triggers", "estimated_expansion_acv"):
        assert account[name] == msgspec.json.decode(msgspec.json.encode(snapshot[name]))
    assert account["as_of"] == "2026-06-01T12:00:00.000Z"
    assert [lead["play"] for lead in account["csqls"]] == ["team_growth"]
    assert [task["play"] for task in account["tasks"]] == ["recovery_call"]
    assert [one["rule"] for one in account["held"]] == ["gated_exploration"]
    timeline = [(entry["kind"], entry["what"]) for entry in account["timeline"]]
    assert timeline[-2:] == [("event", "qbr.held"), ("event", "renewal.completed")]
    assert timeline[0] == ("trigger", "nps_drop")
    assert timeline.count(("change", "created")) == 2
    assert (await office.as_("viewer").get("/v1/accounts/none")).status_code == 404


async def test_an_older_snapshot_of_the_same_log_changes_nothing(office: Office) -> None:
    """A replay of the topic must not show yesterday's state; a new log begins anew."""
    viewer = office.as_("viewer")

    async def segment() -> str:
        return (await viewer.get("/v1/accounts/acme")).json()["segment"]

    await office.show(make_snapshot(offset=5, segment="five"), make_snapshot(offset=7, segment="seven"))
    assert await segment() == "seven"
    await office.show(make_snapshot(offset=6, segment="six"))
    assert await segment() == "seven"
    await office.show(make_snapshot(offset=7, segment="again"))
    assert await segment() == "again"
    position = make_snapshot().log
    new_log = msgspec.structs.replace(position, epoch="epoch-2", offset=1)
    await office.show(make_snapshot(log=new_log, segment="new"))
    assert await segment() == "new"


async def test_accounts_are_listed_by_id_a_page_at_a_time(office: Office) -> None:
    """With a filter by segment."""
    await office.show(*(make_snapshot(f"a{number}", segment="smb" if number % 2 else "mid") for number in range(5)))
    viewer = office.as_("viewer")
    first = (await viewer.get("/v1/accounts", params={"limit": 3})).json()
    assert [one["account_id"] for one in first["items"]] == ["a0", "a1", "a2"]
    second = (await viewer.get("/v1/accounts", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [one["account_id"] for one in second["items"]] == ["a3", "a4"]
    assert second["next_cursor"] is None
    smb = (await viewer.get("/v1/accounts", params={"segment": "smb"})).json()["items"]
    assert [(one["account_id"], one["expansion_readiness"], one["health_score"]) for one in smb] == [
        ("a1", 100, 90.0), ("a3", 100, 90.0)
    ]  # fmt: skip


async def test_facts_and_snapshots_that_cannot_be_read_are_buried_and_their_neighbours_kept(office: Office) -> None:
    """One bad line never sinks its neighbours."""
    qbr = encode_line(QbrHeld(id="q1", account_id="acme", occurred_at=NOON, source="crm"))
    bad_line = office.record(FACTS, "acme", b'{"type": "qbr.held"}\n' + qbr)
    bad_snapshot = office.record(SNAPSHOTS, "acme", b'{"account_id": "acme"}')
    forgotten = office.record(SNAPSHOTS, "gone", None)
    await office.show(make_snapshot())
    await office.feed([bad_line, bad_snapshot, forgotten])
    letters = [row for row in await office.outbox() if row.topic == DEAD_LETTERS.name]
    assert len(letters) == 2
    account = (await office.as_("viewer").get("/v1/accounts/acme")).json()
    assert [entry["what"] for entry in account["timeline"]] == ["qbr.held"]


async def test_the_scorecard_is_json_or_csv_as_the_caller_accepts(office: Office) -> None:
    """The readiest first, ties by account; held triggers are named too."""
    names = ("usage_ceiling", "gated_exploration")
    await office.show(
        make_snapshot("b", gate=shut(80)), make_snapshot("c", active_triggers=names), make_snapshot("a", gate=shut(80))
    )
    viewer = office.as_("viewer")
    rows = (await viewer.get("/v1/scorecard")).json()["rows"]
    assert [(row["account_id"], row["expansion_readiness"]) for row in rows] == [("c", 100), ("a", 80), ("b", 80)]
    assert rows[0]["active_triggers"] == ["gated_exploration", "usage_ceiling"]
    answer = await viewer.get("/v1/scorecard", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["account_id"] for row in table] == ["c", "a", "b"]
    assert table[0]["active_triggers"] == "gated_exploration;usage_ceiling"
    assert (await viewer.get("/v1/scorecard", params={"segment": "smb"})).json() == {"rows": []}


async def test_people_are_kept_and_what_changed_is_published(office: Office) -> None:
    """Who is gone leaves a tombstone; who is unchanged is not published again."""
    await office.put_people(PEOPLE)
    published = [row for row in await office.outbox() if row.topic == PEOPLE_TOPIC.name]
    assert {row.key: decode_person(row.value or b"").name for row in published} == {
        person["person_id"].encode(): person["name"] for person in PEOPLE
    }
    moved = [person | {"time_zone": "Asia/Tokyo"} if person["person_id"] == "pam" else person for person in PEOPLE]
    await office.put_people([person for person in moved if person["person_id"] != "pit"])
    news = [row for row in await office.outbox() if row.topic == PEOPLE_TOPIC.name][len(published) :]
    assert [(row.key, row.value and decode_person(row.value).time_zone) for row in news] == [
        (b"pam", "Asia/Tokyo"), (b"pit", None)
    ]  # fmt: skip
    shown = (await office.as_("viewer").get("/v1/people")).json()["people"]
    assert [person["person_id"] for person in shown] == ["abe", "cleo", "mia", "pam"]


async def test_somebody_who_still_owns_leads_cannot_be_forgotten(office: Office) -> None:
    """Somebody else must take them first."""
    await office.put_people(PEOPLE)
    await office.take(make_trigger())
    answer = await office.as_("admin").put("/v1/people", json={"people": []})
    assert (answer.status_code, answer.json()["code"]) == (409, "still_owner")
    assert answer.json()["message"].startswith("cleo still owns")


@pytest.mark.parametrize(
    ("person", "field"),
    [
        ({"person_id": "a"}, "people.0.name"),
        ({"person_id": "a", "name": "A", "time_zone": "Mars/Olympus"}, "people.0.time_zone"),
        ({"person_id": "a", "name": "A", "country": "XX"}, "people.0.country"),
        ({"person_id": "a", "name": "A", "country": "DE-XX"}, "people.0.country"),
        ({"person_id": "a", "name": "A", "roles": ["boss"]}, "people.0.roles.0"),
        ({"person_id": "a", "name": "A", "email": "a at b"}, "people.0.email"),
        ({"person_id": "a", "name": "A", "hours": "9-17"}, "people.0.hours"),
        ({"person_id": "a", "name": "A", "capacity": -1}, "people.0.capacity"),
        ({"person_id": "a", "name": "A", "segments": ["Gold"]}, "people.0.segments"),
        ({"person_id": "a", "name": "A", "manager_id": "b"}, "people.0.manager_id"),
        ({"person_id": "a", "name": "A", "stand_in_id": "a"}, "people.0.stand_in_id"),
    ],
)
async def test_a_person_that_makes_no_sense_is_refused_by_field(
    office: Office, person: dict[str, object], field: str
) -> None:
    """And nobody is changed."""
    answer = await office.as_("admin").put("/v1/people", json={"people": [person]})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await office.as_("viewer").get("/v1/people")).json() == {"people": []}


async def test_a_segment_is_served_by_whom_its_name_was_given_for(office: Office) -> None:
    """As by its key, which is what is kept."""
    named = {"smb": ["SMB", "smb"], "mid": ["Mid-Market"]}
    people = [
        {"person_id": person, "name": person, "roles": ["pool"], "segments": names} for person, names in named.items()
    ]
    await office.put_people(people)
    kept = (await office.as_("viewer").get("/v1/people")).json()["people"]
    assert [(one["person_id"], one["segments"]) for one in kept] == [("mid", ["mid_market"]), ("smb", ["smb"])]
    await office.take(make_trigger("pebble", segment="smb"))
    (lead,) = (await office.as_("viewer").get("/v1/csqls")).json()["items"]
    assert lead["owner"]["id"] == "smb"


async def test_two_people_of_one_id_are_refused(office: Office) -> None:
    """Which of them would be meant?"""
    answer = await office.as_("admin").put("/v1/people", json={"people": [PEOPLE[0], PEOPLE[0]]})
    assert answer.json()["message"] == "person_id 'cleo' stands twice"


async def test_a_task_is_done_once_and_the_next_trigger_makes_another(office: Office) -> None:
    """With who did it, and what."""
    drop = make_trigger(rule="nps_drop", kind="risk", play="recovery_call")
    await office.take(drop)
    csm = office.as_("csm")
    (task,) = (await csm.get("/v1/tasks", params={"kind": "risk"})).json()["items"]
    assert (await csm.get("/v1/tasks", params={"kind": "adoption"})).json()["items"] == []
    assert (await csm.get("/v1/tasks", params={"kind": "fun"})).status_code == 422
    done = await csm.post(f"/v1/tasks/{task['task_id']}/done", json={"note": "called them"})
    assert (done.status_code, done.json()["stage"]) == (200, "done")
    again = await csm.post(f"/v1/tasks/{task['task_id']}/done")
    assert (again.status_code, again.json()["code"]) == (409, "closed")
    assert (await csm.post("/v1/tasks/none/done")).status_code == 404
    (created, finished) = await office.changes()
    assert (finished.change, finished.actor, finished.reason) == ("done", "Csm", "called them")
    await office.take(
        follow(drop, "resolved"), make_trigger(rule="nps_drop", kind="risk", play="recovery_call", scope="u2")
    )
    assert len((await csm.get("/v1/tasks", params={"open": True})).json()["items"]) == 1
    assert created.item == "task"
