"""A demo that is kept up tells the exact commands that find it."""

from pathlib import Path

from deploy.local.settings import local_settings
from tests.support.pipeline.samples import make_trigger
from upswing.demo.kept import lines


def test_each_command_names_the_demos_folder(tmp_path: Path) -> None:
    """Those about an account and an event name the trigger that an event fired last, not one of a day."""
    records = [
        make_trigger(decided_by="demo/e 1"),
        make_trigger(account_id="acc_quarry", decided_by="demo/e 2"),
        make_trigger(account_id="globex", decided_by="day/2026-06-01"),
        make_trigger(account_id="initech", decided_by="demo/e3", record="released"),
    ]
    data = tmp_path / "demo-x"
    told = lines(local_settings(data=data, pipeline_port=18_081), records, "upw_1", "upt_1")
    assert told[2:6] == [
        f"  upswing doctor --data {data}",
        f"  upswing explain acc_quarry --data {data}",
        f"  upswing trace 'e 2' --account acc_quarry --data {data}",
        "  curl -H 'Authorization: Bearer upt_1' http://127.0.0.1:18081/v1/scorecard",
    ]
    assert lines(local_settings(data=data), [], "upw_1", "upt_1")[2:4] == [
        f"  upswing doctor --data {data}",
        "  curl -H 'Authorization: Bearer upt_1' http://127.0.0.1:8081/v1/scorecard",
    ]
