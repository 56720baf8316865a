"""Rows that say the same over and over are checked by what they say; the outcome is that of checking each line."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.importing import import_files
from upswing.importing import verify

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
