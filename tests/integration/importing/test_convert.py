"""From rows to calls: joins, constants, value maps, conditions, and every way in which a row can be broken."""

from pathlib import Path
from typing import Any

import pytest

from shared.kernel.clock import parse_instant
from tests.support.importing import Read, import_files
from upswing.history.calls import Call

ACCOUNT_ENTRY: dict[str, Any] = {
    "file": "accounts.csv",
    "type": "account.updated",
    "time": "since",
    "account": "id",
    "id": "id",
    "properties": {
        "plan": {"column": "plan", "values": {"Basic": "Team", "*": "Business"}},
        "status": {"constant": "active"},
        "exec_sponsor": {"column": "active", "as": "boolean"},
        "industry": {"column": "industry", "blank": None},
        "country": "country",
    },
}
ACCOUNT_FILE = (
    "id,plan,active,industry,country,since\nA-1,Basic,True,Retail,DE,2026-01-01\nA-2,Pro,no,,,2026-01-02 03:04\n"
)
USAGE_ENTRY: dict[str, Any] = {
    "file": "usage.csv",
    "type": "usage.recorded",
    "time": "day",
    "account": "sub.account.id",
    "id": "id",
    "user": "who",
    "join": {
        "sub": {"file": "subs.csv", "key": "sub", "column": "sub"},
        "account": {"file": "accounts.csv", "key": "id", "column": "sub.account"},
    },
    "when": {"account.plan": ["Basic"], "note": "blank"},
    "properties": {"metric": {"constant": "calls"}, "quantity": {"column": "count", "as": "number"}},
}


def _convert(tmp_path: Path, entries: list[dict[str, Any]], **files: str) -> Read:
    return import_files(tmp_path / "files", {f"{name}.csv": text for name, text in files.items()}, entries)


def test_cells_become_properties_by_column_constant_value_map_and_type(tmp_path: Path) -> None:
    """A blank cell is left out, or what the mapping says; null clears a fact."""
    calls = _convert(tmp_path, [ACCOUNT_ENTRY], accounts=ACCOUNT_FILE).calls
    assert calls == [
        Call(
            at_ms=parse_instant("2026-01-01"),
            method="track",
            account_id="A-1",
            message_id="accounts/0/A-1",
            name="account.updated",
            properties={
                "plan": "Team",
                "status": "active",
                "exec_sponsor": True,
                "industry": "Retail",
                "country": "DE",
            },
        ),
        Call(
            at_ms=parse_instant("2026-01-02T03:04"),
            method="track",
            account_id="A-2",
            message_id="accounts/0/A-2",
            name="account.updated",
            properties={"plan": "Business", "status": "active", "exec_sponsor": False, "industry": None},
        ),
    ]


def _usage(tmp_path: Path, rows: str) -> Read:
    entry = USAGE_ENTRY | {"account": "sub.account"}
    return _convert(
        tmp_path,
        [entry],
        usage="id,day,sub,who,note,count\n" + rows,
        subs="sub,account\ns1,A-1\ns2,A-2\ns3,A-9\n",
        accounts="id,plan\nA-1,Basic\nA-2,Pro\n",
    )


def test_rows_are_joined_through_several_files_and_kept_by_condition(tmp_path: Path) -> None:
    """Usage → subscription → account; rows of another plan, or with a note, are left out without being broken."""
    found = _usage(
        tmp_path, "u1,2026-01-03,s1,ann,,2.5\nu2,2026-01-02,s1,,,3\nu3,2026-01-01,s2,,,4\nu4,2026-01-01,s1,,x,5\n"
    )
    assert found.reasons == {}
    assert [(call.message_id, call.user_id, call.properties["quantity"]) for call in found.calls] == [
        ("usage/0/u2", None, 3),
        ("usage/0/u1", "ann", "2.5"),
    ]
    assert {Path(file.path).name: file.rows for file in found.quality.files} == {
        "usage.csv": 4,
        "subs.csv": 3,
        "accounts.csv": 2,
    }


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("u,2026-13-01,s1,,,1", "day is not readable as a time"),
        ("u,,s1,,,1", "day is blank, it must be the time"),
        ("u,2026-07-01,s1,,,1", "its time lies in the future"),
        ("u,1820-07-01,s1,,,1", "its time is not between 1900 and 2100"),
        ("u,2026-01-01,s9,,,1", "no row of subs.csv has the sub that sub names"),
        ("u,2026-01-01,s3,,,1", "no row of accounts.csv has the id that sub.account names"),
        ("u,2026-01-01,s1,,,many", "count must be a number for quantity"),
        ("u,2026-01-01,s1,,,-1", "properties.quantity: "),
        ("u,2026-01-01,s1,,,nan", "count must be a number for quantity"),
        ("u,2026-01-01,s1,,,", "properties.quantity: quantity is required"),
        ("u,2026-01-01,s1,,,1,2", "has 7 columns, the header has 6"),
        ("ok,2026-01-01,s1,,,1", "repeats the id of an earlier row"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_stops_nothing(tmp_path: Path, row: str, reason: str) -> None:
    """The good row before it and the one after it are there."""
    found = _usage(tmp_path, f"ok,2026-01-01,s1,,,1\n{row}\nlast,2026-01-02,s1,,,1\n")
    assert [call.message_id for call in found.calls] == ["usage/0/ok", "usage/0/last"]
    ((told, (example,)),) = found.reasons.items()
    assert told.startswith(reason)
    assert example.startswith("usage.csv:3")


def test_a_row_without_an_account_or_with_an_unknown_value_is_broken(tmp_path: Path) -> None:
    """Each with its own sentence."""
    entry = ACCOUNT_ENTRY | {"properties": {"plan": {"column": "plan", "values": {"Basic": "Team"}}}}
    found = _convert(tmp_path, [entry], accounts="id,plan,since\n,Basic,2026-01-01\nA,Gold,2026-01-01\n")
    assert found.reasons == {
        "id is blank, it must name the account": ("accounts.csv:2",),
        "plan is a text that the mapping does not know": ("accounts.csv:3 found 'Gold'",),
    }


@pytest.mark.parametrize(
    ("cast", "text", "value"),
    [
        ("integer", "7", 7),
        ("integer", "4.0", 4),
        ("list", "a; b;", ["a", "b"]),
        ("boolean", "YES", True),
        ("text", "7", "7"),
    ],
)
def test_types_of_cells(tmp_path: Path, cast: str, text: str, value: Any) -> None:
    """Whole numbers may be written with a point; lists with semicolons."""
    name = {"integer": "seats", "list": "products", "boolean": "champion", "text": "industry"}[cast]
    entry = ACCOUNT_ENTRY | {"properties": {name: {"column": "x", "as": cast}}}
    found = _convert(tmp_path, [entry], accounts=f"id,x,since\nA,{text},2026-01-01\n")
    assert found.calls[0].properties == {name: value}


@pytest.mark.parametrize(("cast", "text"), [("integer", "1.5"), ("integer", "x"), ("boolean", "maybe")])
def test_a_cell_of_the_wrong_type_is_named(tmp_path: Path, cast: str, text: str) -> None:
    """With what was found."""
    entry = ACCOUNT_ENTRY | {"properties": {"seats": {"column": "x", "as": cast}}}
    found = _convert(tmp_path, [entry], accounts=f"id,x,since\nA,{text},2026-01-01\n")
    ((_reason, (example,)),) = found.reasons.items()
    assert example == f"accounts.csv:2 found {text!r}"


def test_a_key_that_stands_twice_in_a_joined_file_is_told(tmp_path: Path) -> None:
    """The first row is used."""
    found = _convert(
        tmp_path,
        [USAGE_ENTRY | {"account": "sub.account", "when": {}, "join": {"sub": USAGE_ENTRY["join"]["sub"]}}],
        usage="id,day,sub,who,note,count\nu,2026-01-01,s1,,,1\n",
        subs="sub,account\ns1,A-1\ns1,A-2\n",
    )
    assert found.calls[0].account_id == "A-1"
    assert "1 rows of subs.csv repeat a sub: the first of each counts" in found.quality.notes
