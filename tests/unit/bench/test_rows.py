"""What the benchmark prints and writes can be trusted and read by a program."""

from pathlib import Path

import msgspec
import pytest

from tests.bench.rows import TARGETS, Row, percentile, table, write_rows


@pytest.mark.parametrize(("percent", "value"), [(50, 5), (90, 9), (91, 10), (99, 10), (100, 10), (1, 1)])
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    """It is the smallest that so many percent do not exceed."""
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], percent) == value


def test_a_figure_that_misses_its_target_is_marked() -> None:
    """At most is at most, at least is at least, and the bound itself is good."""
    rows = [
        Row(name="e2e.p50_ms", value=100, unit="ms", command="x"),
        Row(name="e2e.p99_ms", value=501, unit="ms", command="x"),
        Row(name="signals.vs_faust_idiomatic", value=24.9, unit="times", peer="faust", ratio=24.9, command="x"),
        Row(name="ingest.vs_fastapi_idiomatic_20", value=3, unit="times", peer="fastapi", ratio=3, command="x"),
        Row(name="other", value=1, unit="s", command="x"),
    ]
    verdicts = [line.split()[-1] for line in table(rows).splitlines()[2:]]
    assert verdicts == ["ok", "MISSED", "MISSED", "ok", "s"]


def test_the_file_is_the_list_of_the_contract(tmp_path: Path) -> None:
    """Each row has the six fields, and no others."""
    path = tmp_path / "new" / "latest.json"
    write_rows([Row(name=name, value=1.5, unit="ms", command="make bench") for name in TARGETS], path)
    found = msgspec.json.decode(path.read_bytes())
    assert [row["name"] for row in found] == list(TARGETS)
    assert {tuple(row) for row in found} == {("name", "value", "unit", "peer", "ratio", "command")}
