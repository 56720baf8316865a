"""What holds for any file and any history."""

import csv
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.kernel.clock import HOUR_MS
from shared.kernel.errors import ConfigurationError
from tests.support.importing import import_files
from upswing.history.calls import Call, in_order
from upswing.history.player import chunks
from upswing.importing.rows import Broken, read_header, write_clean

QUIET = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def _read(path: Path) -> tuple[list[list[str]], list[Broken]]:
    clean = path.with_name("clean.csv")
    header = read_header(path, path.parent)
    if header is None:
        return [], []
    count, broken = write_clean(path, header, clean)
    with clean.open(newline="") as lines:
        rows = list(csv.reader(lines, delimiter=header.delimiter))
    assert count == len(rows) + len(broken)
    assert all(len(row) == 1 + len(header.names) for row in rows)
    return rows, broken


@QUIET
@given(body=st.binary(max_size=300) | st.text(alphabet='a1,"\n\r é\x00', max_size=80).map(str.encode))
def test_whatever_a_file_holds_its_lines_are_rows_or_broken_and_nothing_raises(tmp_path: Path, body: bytes) -> None:
    """Every line is told once, and good rows have all columns."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,name\n" + body)
    rows, broken = _read(path)
    lines = [int(row[0]) for row in rows]
    assert lines == sorted(set(lines))
    assert not set(lines) & {row.line for row in broken}
    assert all(row.reason for row in broken)


@QUIET
@given(body=st.binary(max_size=200))
def test_a_file_of_any_bytes_is_read_or_refused_in_one_sentence(tmp_path: Path, body: bytes) -> None:
    """Also when the first line is rubbish."""
    path = tmp_path / "a.csv"
    path.write_bytes(body)
    try:
        _read(path)
    except ConfigurationError as error:
        told = str(error)
    else:
        told = "a.csv"
    assert "a.csv" in told


ENTRY = {
    "file": "a.csv",
    "type": "usage.recorded",
    "time": "day",
    "account": "who",
    "id": "id",
    "properties": {"metric": {"constant": "x"}, "quantity": {"column": "much", "as": "number"}},
}
CELL = st.text(alphabet="ab019.-:T e\x7f", max_size=12)
GOOD = st.tuples(st.just("2026-01-01"), st.sampled_from(["A", "B"]), st.integers(0, 10**6).map(str))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(rows=st.lists(GOOD | st.tuples(CELL, CELL, CELL), max_size=20))
def test_each_row_becomes_one_event_or_is_refused(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    """Nothing is lost in silence, and good rows are never refused for bad ones."""
    text = "id,day,who,much\n" + "".join(f"{number},{','.join(row)}\n" for number, row in enumerate(rows))
    found = import_files(tmp_path / "files", {"a.csv": text}, [ENTRY])
    assert found.quality.events + found.quality.refused == len(rows) == found.quality.rows
    good = [
        str(n) for n, row in enumerate(rows) if row[0] == "2026-01-01" and row[1] in ("A", "B") and row[2].isdecimal()
    ]
    assert set(good) <= {call.message_id.rpartition("/")[2] for call in found.calls}


@given(
    times=st.lists(st.integers(0, 40 * 24 * HOUR_MS), max_size=60),
    step=st.integers(1, 24),
    silence=st.integers(1, 50 * HOUR_MS),
)
def test_ticks_rise_and_part_the_calls_by_time(times: list[int], step: int, silence: int) -> None:
    """All calls are played once and in order; each tick is later than the calls before it."""
    calls = in_order(
        [Call(at_ms=at, method="track", account_id="a", message_id=str(place)) for place, at in enumerate(times)]
    )
    until = (calls[-1].at_ms if calls else 0) + silence
    parts = list(chunks(calls, until_ms=until, step_ms=step * HOUR_MS))
    assert [call for _tick, chunk in parts for call in chunk] == calls
    ticks = [tick for tick, _chunk in parts]
    assert ticks == sorted(set(ticks))
    before = -1
    for tick, chunk in parts:
        assert tick % (step * HOUR_MS) == 0
        assert all(before <= call.at_ms and (call.at_ms < tick or tick >= until) for call in chunk)
        before = tick
