"""The mappings that are shipped, each over a few rows with the columns that its vendor's documentation names."""

from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from shared.kernel.clock import parse_instant
from shared.kernel.errors import ConfigurationError
from tests.support.importing import Read, import_files
from upswing.importing.find import presets
from upswing.importing.mapping import read_mapping

TRACKS = (
    "id,received_at,user_id,anonymous_id,context_library_name,event,event_text,original_timestamp,sent_at,timestamp,uuid_ts\n"
    "m2,2026-01-02 08:00:01,ann,,analytics-node,report_exported,Report Exported,2026-01-02 08:00,2026-01-02 08:00,"
    "2026-01-02 08:00:00,2026-01-02 08:00\n"
    "m3,2026-01-02 09:00:01,,visitor,analytics.js,clicked,Clicked,2026-01-02 09:00,2026-01-02 09:00,"
    "2026-01-02 09:00:00,2026-01-02 09:00\n"
)
GROUPS = (
    "id,received_at,user_id,group_id,name,plan,seats,employees,context_ip,original_timestamp,sent_at,timestamp\n"
    "m1,2026-01-01 08:00,ann,acme,Acme,Growth,12,40,10.0.0.1,2026-01-01 08:00,2026-01-01 08:00,2026-01-01 08:00\n"
)
IDENTIFIES = "id,received_at,user_id,department,role,timestamp\nm4,2026-01-03,ann,Finance,buyer,2026-01-03 07:00\n"
PAGES = (
    "id,received_at,user_id,name,url,timestamp\n"
    "m5,2026-01-04,ann,Home,/,2026-01-04 07:00\nm6,2026-01-04,ann,Inbox,/,2026-01-04 07:05\n"
)
WAREHOUSE = {"tracks.csv": TRACKS, "groups.csv": GROUPS, "identifies.csv": IDENTIFIES, "pages.csv": PAGES}
SUBSCRIPTION: dict[str, Any] = {
    "id": "sub_1",
    "object": "subscription",
    "customer": "cus_1",
    "created": 1_767_225_600,
    "start_date": 1_767_225_600,
    "ended_at": None,
    "currency": "usd",
    "status": "active",
    "cancellation_details": {"reason": None},
    "items": {
        "data": [
            {
                "quantity": 10,
                "current_period_start": 1_767_225_600,
                "current_period_end": 1_798_761_600,
                "price": {
                    "id": "price_1",
                    "nickname": "Growth",
                    "unit_amount": 30_000,
                    "recurring": {"interval": "year", "interval_count": 1},
                },
            }
        ]
    },
}
ENDED = SUBSCRIPTION | {
    "id": "sub_2",
    "status": "canceled",
    "ended_at": 1_772_323_200,
    "cancellation_details": {"reason": "cancellation_requested"},
}
EXPORT = (
    "id,Customer ID,Customer Email,Plan,Product,Quantity,Currency,Interval,Amount,Status,Created (UTC),"
    "Start Date (UTC),Current Period Start (UTC),Current Period End (UTC),Canceled At (UTC),"
    "Cancel At Period End,Ended At (UTC)\n"
    "sub_1,cus_1,a@x.io,Growth,prod_1,10,usd,year,300.00,active,2026-01-01 00:00,2026-01-01 00:00,2026-01-01 00:00,"
    "2027-01-01 00:00,,false,\n"
    "sub_2,cus_2,b@x.io,Starter,prod_1,2,eur,month,49.50,canceled,2026-01-01 00:00,2026-01-01 00:00,2026-02-01 00:00,"
    "2026-03-01 00:00,2026-02-20 10:00,false,2026-03-01 00:00\n"
)
TICKET: dict[str, Any] = {
    "id": 35_436,
    "created_at": "2026-01-05T10:00:00Z",
    "updated_at": "2026-01-07T10:00:00Z",
    "organization_id": 509_974,
    "requester_id": 20_978_392,
    "priority": "high",
    "status": "solved",
    "type": "incident",
    "satisfaction_rating": {"id": 1234, "score": "good", "comment": "Thanks"},
    "metric_set": {"solved_at": "2026-01-06T10:00:00Z"},
}


def _lines(*rows: dict[str, Any]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def _read(tmp_path: Path, preset: str, files: dict[str, str | bytes]) -> Read:
    return import_files(tmp_path / "files", files, [], preset=preset)


def _shown(found: Read) -> list[tuple[str, str, str | None, dict[str, Any]]]:
    return [(call.name, call.account_id, call.user_id, dict(call.properties)) for call in found.calls]


def test_each_preset_can_be_read_and_names_its_vendors_page() -> None:
    """And the playbook that it names exists."""
    assert set(presets()) >= {"segment", "rudderstack", "posthog", "stripe", "stripe-export", "zendesk", "ravenstack"}
    for path in presets().values():
        mapping = read_mapping(path)
        assert mapping.name == path.stem
        assert mapping.playbook is None or (path.parent / mapping.playbook).is_file()


@pytest.mark.parametrize("preset", ["segment", "rudderstack"])
def test_warehouse_tables_are_read_as_the_calls_they_were(tmp_path: Path, preset: str) -> None:
    """Traits, the tracking plan, accounts by the users' groups, one session of two pages; a visitor has none."""
    found = _read(tmp_path, preset, dict(WAREHOUSE))
    assert _shown(found) == [
        ("account.updated", "acme", "ann", {"name": "Acme", "plan": "Growth", "seats": 12, "employees": 40}),
        ("feature.used", "acme", "ann", {"feature": "reports"}),
        ("user.provisioned", "acme", "ann", {"department": "Finance", "role": "buyer"}),
        ("session.started", "acme", "ann", {}),
    ]
    assert [line["id"] for line in found.lines[:3]] == ["m1", "m2", "m4"]
    assert {line["source"] for line in found.lines} == {preset}
    assert found.reasons == {
        "its account is not known: no call of this user ever names one": ("tracks.csv:3",),
        "repeats: views of pages within a session that is counted already": found.reasons[
            "repeats: views of pages within a session that is counted already"
        ],
    }


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_posthogs_export_is_read_as_its_events_were(tmp_path: Path, kind: str) -> None:
    """As lines with an object, or as Parquet with JSON as text."""
    events = [
        {"uuid": "1", "event": "Report Exported", "distinct_id": "ann", "properties": {"$groups": {"company": "acme"}}},
        {"uuid": "2", "event": "$pageview", "distinct_id": "ann", "properties": {"$groups": {"company": "acme"}}},
    ]
    rows = [
        event | {"timestamp": f"2026-01-0{n}T08:00:00Z", "person_id": "p", "created_at": "x"}
        for n, event in enumerate(events, 1)
    ]
    (tmp_path / "files").mkdir()
    if kind == "jsonl":
        files = {"2026-01-01-events.jsonl": _lines(*rows)}
    else:
        texts = [row | {"properties": msgspec.json.encode(row["properties"]).decode()} for row in rows]
        (tmp_path / "rows.ndjson").write_bytes(_lines(*texts))
        with duckdb.connect() as connection:
            target = tmp_path / "files" / "0.parquet"
            kinds = ", ".join(
                f"{name}: 'VARCHAR'" for name in ("uuid", "event", "distinct_id", "properties", "timestamp")
            )
            rows_of = f"read_json('{tmp_path / 'rows.ndjson'}', columns={{{kinds}}})"
            stamped = f"SELECT * REPLACE (timestamp::TIMESTAMPTZ AS timestamp) FROM {rows_of}"  # noqa: S608 - our own rows
            connection.execute(f"COPY ({stamped}) TO '{target}' (FORMAT parquet)")
        files = {}
    found = _read(tmp_path, "posthog", dict(files))
    assert _shown(found) == [
        ("feature.used", "acme", "ann", {"feature": "reports"}),
        ("session.started", "acme", "ann", {}),
    ]
    assert found.calls[0].at_ms == parse_instant("2026-01-01T08:00:00Z")


def test_stripes_subscriptions_give_the_ledger_and_the_renewal(tmp_path: Path) -> None:
    """Cents of a year become a month's amount; what has ended ends; a yearly term says when it renews."""
    found = _read(tmp_path, "stripe", {"subscriptions.jsonl": _lines(SUBSCRIPTION, ENDED)})
    common = {"currency": "USD", "plan": "Growth", "started_on": "2026-01-01"}
    assert found.reasons == {}
    assert _shown(found) == [
        ("subscription.set", "cus_1", None, {"subscription_id": "sub_1", "mrr": 250, "status": "active", **common}),
        ("subscription.set", "cus_1", None, {"subscription_id": "sub_2", "mrr": 250, "status": "active", **common}),
        ("account.updated", "cus_1", None, {"renews_on": "2027-01-01"}),
        (
            "subscription.set",
            "cus_1",
            None,
            {"subscription_id": "sub_2", "mrr": 0, "status": "ended", "ended_on": "2026-03-01", **common}
            | {"reason": "cancellation_requested"},
        ),
    ]


def test_stripes_dashboard_export_gives_the_same(tmp_path: Path) -> None:
    """Amounts are no cents there."""
    found = _read(tmp_path, "stripe-export", {"subscriptions.csv": EXPORT})
    assert [(call.name, call.account_id, call.properties.get("mrr")) for call in found.calls] == [
        ("subscription.set", "cus_1", 250),
        ("subscription.set", "cus_2", 99),
        ("account.updated", "cus_1", None),
        ("subscription.set", "cus_2", 0),
    ]


def test_zendesks_tickets_are_opened_resolved_and_rated(tmp_path: Path) -> None:
    """By their organization; those without one are passed over."""
    lonely = TICKET | {"id": 2, "organization_id": None}
    plain = TICKET | {"id": 3, "priority": None, "status": "open", "satisfaction_rating": {"score": "unoffered"}}
    found = _read(tmp_path, "zendesk", {"tickets.json": _lines(TICKET, lonely, plain)})
    assert found.reasons == {}
    assert _shown(found) == [
        ("ticket.opened", "509974", "20978392", {"ticket_id": "35436", "severity": "high", "topic": "incident"}),
        ("ticket.opened", "509974", "20978392", {"ticket_id": "3", "topic": "incident"}),
        ("ticket.resolved", "509974", None, {"ticket_id": "35436"}),
        ("survey.answered", "509974", "20978392", {"survey": "csat", "score": 5}),
    ]


def test_a_preset_that_does_not_exist_is_refused_by_naming_those_there_are(tmp_path: Path) -> None:
    """In one sentence."""
    with pytest.raises(ConfigurationError, match=r"no preset 'mixpanel': there are posthog, ravenstack, rudderstack"):
        _read(tmp_path, "mixpanel", {"a.csv": "a\n"})


def test_files_of_a_preset_that_lack_columns_are_refused_with_the_columns_there_are(tmp_path: Path) -> None:
    """Before anything is staged."""
    with pytest.raises(
        ConfigurationError,
        match=r"posthog does not fit: .*has no columns 'timestamp', 'uuid', 'distinct_id', 'properties'; it has: event",
    ):
        _read(tmp_path, "posthog", {"events.jsonl": b'{"event":"x","who":"y"}\n'})
