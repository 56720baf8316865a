"""Rows that say the same over and over are checked by what they say; the outcome is that of checking each line."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.importing import import_files
from upswing.importing import profile, verify

ROWS = 3_000
ENTRY: dict[str, Any] = {
    "file": "usage.parquet",
    "type": "usage.recorded",
    "time": "day",
    "account": "account",
    "id": "id",
    "properties": {"metric": {"constant": "calls"}, "quantity": {"column": "much", "as": "number"}},
}


@pytest.mark.parametrize("sample", [100, 10_000])
def test_both_ways_of_checking_refuse_the_same_rows(
    tmp_path: Path, sample: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every fiftieth quantity is negative, and one name is too long."""
    monkeypatch.setattr(verify, "SAMPLE_ROWS", sample)
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 'u' || i AS id, DATE '2026-01-01' AS day, "  # noqa: S608 - our own numbers
            "CASE WHEN i = 7 THEN repeat('x', 300) ELSE 'a' || i % 9 END AS account, (i % 50) - 1 AS much "
            f"FROM range({ROWS}) AS t(i)) TO '{tmp_path / 'usage.parquet'}' (FORMAT parquet)"
        )
    found = import_files(tmp_path, {}, [ENTRY])
    assert (found.quality.events, found.quality.refused) == (ROWS - ROWS // 50 - 1, ROWS // 50 + 1)
    assert {reason.partition(":")[0]: len(examples) for reason, examples in found.reasons.items()} == {
        "properties.quantity": 3,
        "account_id": 1,
    }


@pytest.mark.parametrize("different", [-1, 50_000])
def test_both_ways_of_looking_into_properties_find_the_same(
    tmp_path: Path, different: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each different text once, or each event by itself: fed rules, and the plans and metrics that are unknown."""
    monkeypatch.setattr(profile, "MOST_DIFFERENT", different)
    account: dict[str, Any] = {"file": "usage.csv", "type": "account.updated", "time": "day", "account": "account"}
    account |= {"properties": {"plan": "plan", "seats": {"column": "much", "as": "integer"}}}
    usage: dict[str, Any] = {
        "file": "usage.csv",
        "type": "usage.recorded",
        "time": "day",
        "account": "account",
        "id": "id",
    }
    usage |= {"properties": {"metric": "metric", "quantity": {"column": "much", "as": "number"}}}
    rows = "".join(f"{i},2026-01-0{1 + i % 9},a{i % 3},Odd{i % 2},clicks,{i % 4}\n" for i in range(60))
    found = import_files(tmp_path, {"usage.csv": "id,day,account,plan,metric,much\n" + rows}, [account, usage])
    assert found.quality.types == {"usage.recorded": 60, "account.updated": 36}
    told = " ".join(found.quality.notes)
    assert "the playbook knows no plan Odd0, Odd1" in told
    assert "no plan limits the metric clicks" in told
    (seats,) = [row for row in found.quality.fed if row.name == "seat_saturation (assigned)"]
    assert seats.why == "needs users given a seat"
