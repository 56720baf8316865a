"""`upswing demo` as a stranger runs it: everything is started, the story is told, everything is stopped."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deploy.local.ports import free_port

ROOT = Path(__file__).parents[2]
RAVENSTACK = ROOT / "../shared/data/ravenstack"
SECONDS = 280


def _demo(scratch: Path, *arguments: str, ports: dict[str, int] | None = None) -> subprocess.CompletedProcess[str]:
    names = ("kafka", "controller", "ingest", "pipeline", "notify", "signals")
    chosen = {name: free_port() for name in names} | (ports or {})
    flags = [part for name, port in chosen.items() for part in (f"--{name}-port", str(port))]
    upswing = Path(sys.executable).with_name("upswing")
    return subprocess.run(  # noqa: S603 - our own command
        [upswing, "demo", "--data", scratch, *flags, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def _scratch(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir(parents=True)
    (data / "jars").symlink_to(ROOT / ".upswing" / "jars")
    return data


@pytest.mark.long
def test_the_demo_tells_its_story_and_leaves_nothing_behind(scratch: Path, jars: list[Path]) -> None:
    """Alerts of four rules, one held with its reason, one released; scorecard, leads, seconds; exit code 0."""
    assert jars
    data = _scratch(scratch)
    done = _demo(data)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for told in (
        "Fernweh Travel: Close to a plan limit",
        "Nordlicht Logistics: Seats are nearly full",
        "Sable Studio: Exploring features beyond the plan",
        "Cobalt Energy: A business review named a need we can meet",
        "held, because of sentiment",
        "Quarry Works: Close to a plan limit",
        "Scorecard",
        "Open CSQLs",
        "Held, with the reason",
        "From event to alert: median",
        "make demo KEEP=1",
        "everything is stopped",
    ):
        assert told in done.stdout
    assert [path.name for path in data.iterdir()] == ["jars"]
    assert not [process for process in psutil.process_iter(["cmdline"]) if str(data) in str(process.info["cmdline"])]


@pytest.mark.long
@pytest.mark.skipif(not RAVENSTACK.is_dir(), reason="the data set is not here")
def test_the_demo_plays_real_files_to_their_own_end(scratch: Path, jars: list[Path]) -> None:
    """What the data can feed first, then triggers of real rows."""
    assert jars
    done = _demo(_scratch(scratch / "files"), "--history", str(RAVENSTACK))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.index("Gate criteria") < done.stdout.index("Playing 36,432 events")
    assert "2024-12-31 is the last day of these files" in done.stdout
    assert "gated_exploration" in done.stdout[done.stdout.index("Open CSQLs") - 5_000 :]


def test_what_stands_in_the_way_is_one_sentence(tmp_path: Path, kafka: object) -> None:
    """A port that is taken, a folder that is not there, a folder of other files."""
    taken = int(getattr(kafka, "bootstrap", ":0").rpartition(":")[2])
    done = _demo(tmp_path, ports={"kafka": taken})
    assert done.returncode == 1
    assert f"port {taken} for kafka is taken" in done.stderr.splitlines()[-1]
    done = _demo(tmp_path, "--history", str(tmp_path / "nowhere"))
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1,
        f"upswing: there is no file or folder {tmp_path / 'nowhere'}",
    )
    done = _demo(tmp_path, "--history", str(tmp_path))
    assert done.returncode == 1
    assert f"the folder {tmp_path} holds no file that can be read: readable are .csv" in done.stderr
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    done = _demo(tmp_path, "--history", str(tmp_path))
    assert done.returncode == 1
    assert "no mapping fits" in done.stderr
