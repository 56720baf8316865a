"""What a simulation looks like as files: formats, mappings, refusals, and the rhythm of the story."""

import csv
from pathlib import Path

import duckdb
import msgspec
import pytest
from click.testing import CliRunner

from shared.kernel.clock import parse_instant
from shared.kernel.errors import ConfigurationError
from tests.support.simulate import END_DAY, PLAYBOOK, Story, small
from upswing.commands.simulate import command
from upswing.simulate.files import write_files
from upswing.simulate.formats import instant_text, segment_call
from upswing.simulate.request import CLEAN, Disturbances
from upswing.simulate.rhythm import HOLIDAYS, MINUTES, moment, workload
from upswing.simulate.send import Pace, retry_after
from upswing.simulate.truth import read_truth

BROKEN = Disturbances(nameless=1, malformed=1, duplicates=1, bad_rate=0.2)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same story in each format."""
    parent = tmp_path_factory.mktemp("simulations")
    made = {name: parent / name for name in ("native", "segment", "csv", "parquet")}
    for name, folder in made.items():
        write_files(small(3, accounts=6, days=30, disturbances=BROKEN), folder, name)
    return made


def test_native_lines_are_the_story_in_the_order_of_arrival(folders: dict[str, Path]) -> None:
    """Times are text in files; nothing else is changed."""
    story = Story(small(3, accounts=6, days=30, disturbances=BROKEN))
    lines = (folders["native"] / "events.ndjson").read_bytes().splitlines()
    told = [msgspec.json.decode(line) for line in lines]
    assert [event | {"occurred_at": parse_instant(event["occurred_at"])} for event in told] == [
        arrival[2] for arrival in story.arrivals
    ]


def test_the_truth_is_the_same_in_every_format(folders: dict[str, Path]) -> None:
    """Only the events are written in another way; what is bad is found by its line."""
    truths = [(folder / "truth.jsonl").read_bytes() for folder in folders.values()]
    assert len(set(truths)) == 1
    truth = read_truth(folders["native"] / "truth.jsonl")
    assert truth.bad == truth.totals.bad > 10
    lines = (folders["native"] / "events.ndjson").read_bytes().splitlines()
    for record in map(msgspec.json.decode, truths[0].splitlines()):
        if record["record"] == "bad":
            assert msgspec.json.decode(lines[record["line"] - 1])["id"] == record["id"]


def test_tables_hold_every_event(folders: dict[str, Path]) -> None:
    """A table for each type, as many rows in all as there are events, in CSV and in Parquet."""
    events = read_truth(folders["csv"] / "truth.jsonl").totals.events
    rows = 0
    for path in folders["csv"].glob("*.csv"):
        with path.open(newline="") as file:
            (header, *cells) = csv.reader(file)
        rows += len(cells)
        assert all(len(row) == len(header) for row in cells)
        parquet = folders["parquet"] / path.with_suffix(".parquet").name
        assert duckdb.sql(f"select count(*) from '{parquet}'").fetchall() == [(len(cells),)]  # noqa: S608 - our own file
    assert rows == events


def test_segment_calls_are_those_of_the_sdk() -> None:
    """Facts are `group`, seats are `identify`, everything else is `track`."""
    event = {"id": "1", "type": "feature.used", "account_id": "a", "user_id": "u", "occurred_at": 0}
    event |= {"properties": {"feature": "x"}}
    assert segment_call(event) == {
        "type": "track",
        "event": "feature.used",
        "messageId": "1",
        "timestamp": "1970-01-01T00:00:00.000Z",
        "context": {"groupId": "a"},
        "userId": "u",
        "properties": {"feature": "x"},
    }
    assert segment_call(event | {"type": "user.provisioned"})["type"] == "identify"
    assert segment_call(event | {"type": "account.updated"})["groupId"] == "a"
    nameless = {name: event[name] for name in event if name not in {"account_id", "user_id"}}
    assert segment_call(nameless)["context"] == {}
    assert segment_call(nameless)["anonymousId"] == "server"


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    """Nothing is overwritten."""
    (tmp_path / "mine").write_text("x")
    with pytest.raises(ConfigurationError, match="is not empty: name a new folder"):
        write_files(small(days=1, accounts=1), tmp_path, "native")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_the_command_writes_the_same_bytes_for_the_same_options(tmp_path: Path) -> None:
    """Every file, the mapping and the README included."""
    options = ["--accounts", "3", "--days", "5", "--seed", "9", "--end", "2026-05-31"]
    for name in ("one", "two"):
        done = CliRunner().invoke(command, ["files", "--out", str(tmp_path / name), *options])
        assert done.exit_code == 0, done.output
    ones = sorted((tmp_path / "one").iterdir())
    assert [path.name for path in ones] == sorted(
        ["README.md", "events.ndjson", "mapping.yaml", "playbook.yaml", "truth.jsonl"]
    )
    assert all(path.read_bytes() == (tmp_path / "two" / path.name).read_bytes() for path in ones)


@pytest.mark.parametrize(("accounts", "days"), [(0, 5), (100_001, 5), (5, 0), (5, 731)])
def test_sizes_out_of_bounds_are_refused(accounts: int, days: int) -> None:
    """With what is allowed."""
    with pytest.raises(ConfigurationError, match="allowed is 1 to"):
        small(accounts=accounts, days=days).check()


def test_a_playbook_without_plans_cannot_be_lived_by() -> None:
    """Somebody must have bought something."""
    request = msgspec.structs.replace(small(), playbook=msgspec.structs.replace(PLAYBOOK, plans={}))
    with pytest.raises(ConfigurationError, match="has no plans"):
        request.check()


def test_people_rest_on_weekends_and_holidays_and_at_lunch() -> None:
    """31 May 2026 is a Sunday; Christmas is free everywhere."""
    sunday, monday, christmas = END_DAY, END_DAY - 6, END_DAY - 157
    assert instant_text(christmas * 86_400_000)[:10] == "2025-12-25"
    for country in HOLIDAYS:
        assert workload(sunday, country) < 0.2
        assert workload(monday, country) > 0.8
        assert workload(christmas, country) < 0.1
    noon = sum(12 * 60 <= minute < 13 * 60 for minute in MINUTES)
    assert 0 < noon < 20
    assert instant_text(moment(monday, 0.0))[11:16] == "07:00"
    assert instant_text(moment(monday, 0.999999))[11:16] < "19:30"


def test_weekends_show_in_the_story() -> None:
    """Sessions on a day of the weekend are a small part of those on a workday."""
    story = Story(small(5, accounts=20, days=28, disturbances=CLEAN))
    sessions = [sum(event["type"] == "session.started" for _, _, event, _ in day) for day in story.days]
    weekend = [count for number, count in enumerate(sessions) if (END_DAY - 27 + number + 3) % 7 >= 5]
    assert len(weekend) == 8
    assert sum(weekend) / 8 < 0.25 * (sum(sessions) - sum(weekend)) / 20


def test_the_pace_is_a_rate_or_the_rhythm_of_the_days() -> None:
    """Units: seconds since the beginning."""
    steady = Pace(10, None, 0)
    assert [steady.due(at) for at in (5, 5, 5)] == [0, 0.1, 0.2]
    rhythm = Pace(10, 24.0, 86_400_000)
    assert [rhythm.due(at) for at in (86_400_000, 90_000_000, 172_800_000)] == [0, 1, 24]


def test_retry_after_is_read_as_seconds() -> None:
    """A date or nonsense is waited out as if it had not been there."""
    assert [retry_after(given) for given in (None, "2", "0.5", "-1", "Sun, 31 May 2026 00:00:00 GMT")] == [
        0,
        2,
        0.5,
        0,
        0,
    ]
