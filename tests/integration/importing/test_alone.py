"""An import is one at a time, by the playbook that goes on live, and leaves nothing unpacked behind."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cramjam import zstd

from deploy.local.leftovers import only_one
from shared.kernel.errors import ConfigurationError
from tests.support.importing import asked, import_files, silent, write_mapping
from upswing.importing.run import Target, Voice, run_import

ENTRY: dict[str, Any] = {
    "file": "calls",
    "dialect": "segment",
    "time": "at",
    "item": {
        "type": {"constant": "track"},
        "event": "name",
        "messageId": "id",
        "userId": "user",
        "context.groupId": "company",
    },
}
CSV = "id,at,name,user,company\n1,2026-01-02 03:04:05,Widget Turned,ann,acme\n"
OWN = """\
extends: default
version: own
tracking: {rows: [{match: Widget Turned, type: usage.recorded, constants: {metric: api_calls, quantity: 1}}]}
"""


async def test_a_second_import_into_one_log_is_refused_while_the_first_runs(tmp_path: Path) -> None:
    """Before it touches what the first has staged; no broker is asked."""
    target = Target("127.0.0.1:1", "", tmp_path / "work")
    with only_one(target.work), pytest.raises(ConfigurationError, match="is in use by process"):
        await run_import(asked(tmp_path), target, Voice(silent, lambda _quality: None, lambda _done, _all: None))


def test_without_a_playbook_named_calls_mean_what_the_data_folder_says(tmp_path: Path) -> None:
    """As they do live: `upswing init` has written a playbook there. One that is named goes before it."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "calls.csv").write_text(CSV)
    write_mapping(tmp_path / "files", [ENTRY])
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "playbook.yaml").write_text(OWN)
    (tmp_path / "other.yaml").write_text("extends: default\nversion: other\n")
    types = []
    for more in ([], ["--playbook", str(tmp_path / "other.yaml")]):
        done = subprocess.run(  # noqa: S603 - our own command
            [
                *(sys.executable, "-m", "upswing", "import", "check", "--json"),
                *("--data", str(tmp_path / "data"), *more, str(tmp_path / "files")),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        types.append(list(json.loads(done.stdout)["types"]))
    assert types == [["usage.recorded"], ["feature.used"]]


def test_nothing_that_was_unpacked_stays(tmp_path: Path) -> None:
    """A packed table may be larger than the disk has room for twice, and its rows are nobody else's to read."""
    found = import_files(tmp_path / "files", {"calls.csv.zst": bytes(zstd.compress(CSV.encode()))}, [ENTRY])
    assert found.quality.events == 1
    assert [path.name for path in (tmp_path / "files" / "work").iterdir()] == ["staged.duckdb"]
