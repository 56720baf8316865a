"""Real files that nobody on this project wrote, where they are at hand."""

import time
from pathlib import Path

import pytest

from shared.kernel.clock import HOUR_MS
from shared.kernel.playbook import Playbook
from tests.support.importing import silent
from tests.support.memory_stack import MemoryStack
from upswing.history.calls import Call
from upswing.history.whole import last_midnight, play_to_the_end
from upswing.importing.calls import calls_of
from upswing.importing.prepare import Asked, choose, prepare
from upswing.importing.quality import Quality

FOLDER = Path(__file__).parents[3] / "../shared/data/ravenstack"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the data set is not here")


def _prepare(folder: Path, work: Path) -> tuple[Quality, list[Call], Playbook]:
    asked = Asked(given=[folder], now_ms=time.time_ns() // 1_000_000)
    chosen = choose(asked)
    prepared = prepare(asked, chosen, work, silent)
    try:
        return prepared.quality, calls_of(prepared.connection), chosen.playbook
    finally:
        prepared.close()


def test_every_row_can_be_used_and_what_it_cannot_feed_is_said(tmp_path: Path) -> None:
    """500 accounts and 25,000 rows of usage without users: no seats, no active share."""
    quality, calls, _playbook = _prepare(FOLDER, tmp_path)
    assert (quality.rows, quality.events, quality.refusals) == (33_100, 36_432, [])
    assert sum(call.name == "feature.used" for call in calls) == quality.types["feature.used"] == 25_000
    assert (quality.accounts, quality.users) == (500, 0)
    assert (quality.first_day, quality.last_day) == ("2023-01-01", "2024-12-31")
    fed = {(row.kind, row.name): row.fed for row in quality.fed}
    assert fed["rule", "usage_ceiling"]
    assert fed["rule", "gated_exploration"]
    assert not fed["rule", "seat_saturation (active)"]
    assert not fed["rule", "seat_saturation (assigned)"]
    assert not fed["criterion", "active_share_percent"]
    assert fed["criterion", "sentiment"]
    assert {row.name for row in quality.starving if row.kind == "health"} == {"engagement", "outcomes", "stakeholders"}


def test_broken_rows_among_real_ones_are_named_and_stop_nothing(tmp_path: Path) -> None:
    """A copy with a few rows spoilt."""
    for path in FOLDER.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    usage = tmp_path / "feature_usage.csv"
    lines = usage.read_text().splitlines()
    lines[10] = "not a row"
    lines[20] = lines[20].replace(lines[20].split(",")[1], "S-gone")
    lines[30] = lines[30].replace(lines[30].split(",")[2], "yesterday")
    lines[40] = '"' + lines[40]
    usage.write_text("\n".join(lines))
    quality, calls, _playbook = _prepare(tmp_path, tmp_path / "work")
    told = sorted(example.split(" ")[0] for refusal in quality.refusals for example in refusal.examples)
    assert told == [f"feature_usage.csv:{number}" for number in (11, 21, 31, 41)]
    assert sum(call.name == "feature.used" for call in calls) == 25_000 - 4


@pytest.mark.long
async def test_two_years_of_real_rows_end_with_triggers_of_their_last_day(tmp_path: Path) -> None:
    """Held while history is loaded; at its own end what still stands is released, and the last day fires."""
    _quality, calls, playbook = _prepare(FOLDER, tmp_path)
    stack = MemoryStack(playbook)
    before = 0

    async def note() -> None:
        nonlocal before
        before = len(stack.triggers)

    await stack.begin(calls[0].at_ms)
    await play_to_the_end(calls, stack, stack, step_ms=24 * HOUR_MS, told=lambda _sent: None, before_last_day=note)
    assert {trigger.record for trigger in stack.triggers[:before]} == {"held", "resolved"}
    last_day = [trigger for trigger in stack.triggers[before:] if trigger.record in ("released", "fired")]
    assert {trigger.rule for trigger in last_day} == {
        "usage_ceiling",
        "gated_exploration",
        "competitor_mention",
        "compound",
        "contraction_risk",
        "health_critical",
        "health_declining",
        "sustained_health",
        "usage_decline",
    }
    assert {trigger.record for trigger in last_day} == {"released", "fired"}
    assert all(trigger.occurred_at == last_midnight(calls) for trigger in last_day)
    assert all("backfill" not in trigger.gate.held_because for trigger in last_day)
