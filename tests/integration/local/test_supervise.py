"""The supervisor with real programs: small Pythons that serve, end, refuse and dawdle."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from deploy.local.leftovers import end_leftovers, only_one
from deploy.local.settings import inherited
from deploy.local.supervise import Program, Supervisor
from shared.kernel.errors import ConfigurationError, DependencyError

SERVE = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
REFUSE = "import sys; sys.exit('the port is taken')"
DAWDLE = (
    "import pathlib, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
)


class Stage:
    """A supervisor, what it said, and programs for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.supervisor = Supervisor(folder / "run", self.said.append)

    def program(self, code: str, name: str = "worker", grace_seconds: float = 5.0) -> Program:
        """Return a program that is ready when its file is there."""
        mark = self.folder / f"{name}.ready"

        async def ready() -> str | None:
            return None if mark.exists() else "its file is not there"

        return Program(
            name=name,
            command=[sys.executable, "-c", code, str(mark)],
            environment=inherited(),
            log=self.folder / f"{name}.log",
            ready=ready,
            grace_seconds=grace_seconds,
        )

    async def until_said(self, words: str) -> None:
        """Return when a line with these words was said."""
        async with asyncio.timeout(10):
            while not any(words in line for line in self.said):
                await asyncio.sleep(0.02)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A supervisor whose programs are stopped at the end."""
    built = Stage(tmp_path)
    yield built
    await built.supervisor.stop()


async def test_a_killed_program_is_started_again_and_that_is_said_with_the_reason(stage: Stage) -> None:
    """One line says what ended and why, another that it is ready again."""
    await stage.supervisor.start(stage.program(SERVE))
    await stage.supervisor.until_ready("worker", seconds=10)
    first = stage.supervisor.pid("worker")
    assert first
    os.kill(first, signal.SIGKILL)
    await stage.until_said("worker was ended by SIGKILL; starting it again in 0.5 s")
    await stage.until_said("worker is ready again")
    second = stage.supervisor.pid("worker")
    assert second not in {None, first}
    assert stage.supervisor.restarts("worker") == 1


async def test_a_program_that_ends_again_and_again_is_an_error_with_its_own_last_words(stage: Stage) -> None:
    """Three tries, growing pauses, then the reason from the log."""
    await stage.supervisor.start(stage.program(REFUSE))
    with pytest.raises(DependencyError, match="worker does not start: it exited with code 1: the port is taken"):
        await stage.supervisor.until_ready("worker", seconds=20)
    assert [line.split(" in ")[1].split(" s")[0] for line in stage.said[:2]] == ["0.5", "1"]


async def test_a_program_that_a_restart_cannot_mend_stays_down_and_that_is_said(stage: Stage) -> None:
    """Code 78: a wrong setting does not become right by trying, and who waits for the program is told at once."""
    await stage.supervisor.start(stage.program("import sys; print('upswing: no port'); sys.exit(78)"))
    with pytest.raises(DependencyError, match="worker does not start: it exited with code 78: upswing: no port"):
        await stage.supervisor.until_ready("worker", seconds=20)
    log = stage.folder / "worker.log"
    told = "worker exited with code 78: upswing: no port; it is not started again, because that cannot mend it"
    assert stage.said == [f"{told} (log: {log})"]
    await asyncio.sleep(0.7)
    assert stage.supervisor.restarts("worker") == 1
    assert stage.supervisor.pid("worker") is None


async def test_a_start_that_the_machine_refuses_is_said_and_tried_again(stage: Stage) -> None:
    """Its log's place is a folder for a while, so that it cannot be opened."""
    await stage.supervisor.start(stage.program(SERVE))
    await stage.supervisor.until_ready("worker", seconds=10)
    log, first = stage.folder / "worker.log", stage.supervisor.pid("worker")
    assert first
    log.unlink()
    log.mkdir()
    os.kill(first, signal.SIGKILL)
    await stage.until_said("worker cannot be started: Is a directory; trying again in 1 s")
    log.rmdir()
    await stage.until_said("worker is ready again")
    assert stage.supervisor.pid("worker") not in {None, first}


async def test_a_program_whose_note_cannot_be_written_is_kept_all_the_same(stage: Stage) -> None:
    """One process, not one for each try."""
    (stage.folder / "run" / "worker.new").mkdir(parents=True)
    await stage.supervisor.start(stage.program(SERVE))
    await stage.supervisor.until_ready("worker", seconds=10)
    assert stage.said == [f"worker runs, but that cannot be noted in {stage.folder / 'run'}: Is a directory"]


async def test_a_program_that_is_never_ready_is_an_error_that_says_what_it_waits_for(stage: Stage) -> None:
    """The time is bounded, and the last reason is told."""
    await stage.supervisor.start(stage.program("import time; time.sleep(60)"))
    with pytest.raises(DependencyError, match="worker is not ready after 1 s: its file is not there"):
        await stage.supervisor.until_ready("worker", seconds=0.6)


async def test_stopping_lets_a_program_end_and_kills_one_that_does_not(stage: Stage) -> None:
    """Nothing is left behind, and a kill is said."""
    await stage.supervisor.start(stage.program(SERVE, "quick"))
    await stage.supervisor.start(stage.program(DAWDLE, "slow", grace_seconds=0.3))
    await stage.supervisor.until_ready("quick", "slow", seconds=10)
    pids = [stage.supervisor.pid("quick"), stage.supervisor.pid("slow")]
    began = time.monotonic()
    await stage.supervisor.stop()
    assert time.monotonic() - began < 3
    assert not any(psutil.pid_exists(pid) for pid in pids if pid)
    assert [line for line in stage.said if "was killed" in line] == [
        f"slow did not stop within 0.3 s and was killed (log: {stage.folder / 'slow.log'})"
    ]
    assert list((stage.folder / "run").iterdir()) == []


async def test_a_log_that_has_grown_too_long_is_moved_aside_while_its_program_writes_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk does not fill up with words."""
    monkeypatch.setattr("deploy.local.supervise.LONGEST_LOG_BYTES", 10)
    write = "import sys, time; [print(n, flush=True) or time.sleep(0.01) for n in range(10**6)]"
    await stage.supervisor.start(stage.program(write))
    log = stage.folder / "worker.log"
    async with asyncio.timeout(10):
        while log.stat().st_size < 100:
            await asyncio.sleep(0.02)
        stage.supervisor.trim_logs()
        size = log.stat().st_size
        assert size < 100 <= log.with_suffix(".log.1").stat().st_size
        while log.stat().st_size <= size:
            await asyncio.sleep(0.02)
    assert b"\0" not in log.read_bytes()


async def test_a_log_that_cannot_be_moved_aside_is_said_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """And moved when it can be."""
    monkeypatch.setattr("deploy.local.supervise.LONGEST_LOG_BYTES", 10)
    await stage.supervisor.start(stage.program(f"print('x' * 99, flush=True); {SERVE}"))
    await stage.supervisor.until_ready("worker", seconds=10)
    log = stage.folder / "worker.log"
    log.with_suffix(".log.1").mkdir()
    stage.supervisor.trim_logs()
    stage.supervisor.trim_logs()
    assert stage.said == [f"the log {log} cannot be moved aside: Is a directory"]
    log.with_suffix(".log.1").rmdir()
    stage.supervisor.trim_logs()
    assert log.stat().st_size == 0


def test_a_note_that_cannot_be_read_is_removed(tmp_path: Path) -> None:
    """A disk that was full, or a kill at the wrong moment, must not stop every later start."""
    for name, content in {"empty": b"", "half": b"12", "words": b"a b", "bytes": b"\xff\xfe 1"}.items():
        (tmp_path / f"{name}.pid").write_bytes(content)
    assert end_leftovers(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


async def test_what_a_killed_supervisor_left_behind_is_ended_and_nobody_elses(stage: Stage) -> None:
    """A note whose process was born at another time is of another program, which stays alone."""
    await stage.supervisor.start(stage.program(SERVE))
    await stage.supervisor.until_ready("worker", seconds=10)
    pid = stage.supervisor.pid("worker")
    assert pid
    stage.supervisor._kept["worker"].task.cancel()  # type: ignore[union-attr]  # the supervisor is no more
    (stage.folder / "run" / "stranger.pid").write_text(f"{os.getpid()} 12.5")
    assert await asyncio.to_thread(end_leftovers, stage.folder / "run") == ["worker"]
    assert list((stage.folder / "run").iterdir()) == []


def test_a_folder_belongs_to_one_stack_at_a_time(tmp_path: Path) -> None:
    """The second is refused with the first one's process id, and the folder is free again afterwards."""
    with (
        only_one(tmp_path),
        pytest.raises(ConfigurationError, match=f"in use by process {os.getpid()}"),
        only_one(tmp_path),
    ):
        pass
    with only_one(tmp_path):
        pass
