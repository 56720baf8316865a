"""What holds for any file and any history."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.kernel.clock import HOUR_MS
from shared.kernel.errors import ConfigurationError
from upswing.history.calls import Call, in_order
from upswing.history.convert import convert
from upswing.history.mapping import build_mapping
from upswing.history.player import chunks
from upswing.history.rows import Broken, Row, read_rows

QUIET = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
NOW = 1_780_000_000_000


@QUIET
@given(body=st.binary(max_size=300) | st.text(alphabet='a1,"\n\r é\x00', max_size=80).map(str.encode))
def test_whatever_a_file_holds_its_lines_are_rows_or_broken_and_nothing_raises(tmp_path: Path, body: bytes) -> None:
    """Lines of rows and broken rows rise, and good rows have all columns."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,name\n" + body)
    rows = list(read_rows(path))
    lines = [row.line for row in rows]
    assert lines == sorted(set(lines))
    assert all(set(row.cells) == {"id", "name"} for row in rows if isinstance(row, Row))
    assert all(row.reason for row in rows if isinstance(row, Broken))


@QUIET
@given(body=st.binary(max_size=200))
def test_a_file_of_any_bytes_is_read_or_refused_in_one_sentence(tmp_path: Path, body: bytes) -> None:
    """Also when the first line is rubbish."""
    path = tmp_path / "a.csv"
    path.write_bytes(body)
    try:
        list(read_rows(path))
    except ConfigurationError as error:
        sentence = str(error)
    else:
        sentence = "a.csv"
    assert sentence.startswith("a.csv")


MAPPING = build_mapping(
    {
        "name": "m",
        "what": "w",
        "events": [
            {
                "file": "a.csv",
                "type": "usage.recorded",
                "time": "day",
                "account": "who",
                "properties": {"metric": {"constant": "x"}, "quantity": {"column": "much", "as": "number"}},
            }
        ],
    }
)
CELL = st.text(alphabet="ab019.-:T e\x7f", max_size=12)
GOOD = st.tuples(st.just("2026-01-01"), st.sampled_from(["A", "B"]), st.integers(0, 10**6).map(str))


@QUIET
@given(rows=st.lists(GOOD | st.tuples(CELL, CELL, CELL), max_size=20))
def test_each_row_becomes_one_call_or_one_broken_row(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    """Nothing is lost in silence, and good rows are never broken by bad ones."""
    (tmp_path / "a.csv").write_text("day,who,much\n" + "".join(",".join(row) + "\n" for row in rows))
    found = convert(MAPPING, tmp_path, now_ms=NOW)
    assert len(found.calls) + len(found.broken) == len(rows) == found.rows["a.csv"]
    good = [row for row in rows if row[0] == "2026-01-01" and row[1] in ("A", "B") and row[2].isdecimal()]
    assert len(found.calls) >= len(good)


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
