"""A signals worker as a process of its own, for tests that kill, freeze and restart it."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import msgspec

from deploy.local.ports import is_free

__all__ = ["ROOT", "Worker", "wait_until"]

ROOT = Path(__file__).parents[3]
START_SECONDS = 60
SETTINGS = {
    "TICKER": "false",
    "FLUSH_SECONDS": "0.1",
    "LOG_JSON": "false",
    "SESSION_SECONDS": "6",
    "HEARTBEAT_SECONDS": "0.5",
    "PLAYBOOK": str(ROOT / "playbooks" / "default.yaml"),
}


def wait_until(seconds: float, condition: "callable[[], object]", what: str) -> None:
    """Return when a condition holds. Errors: `AssertionError` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.02)


def _any_port() -> int:
    """Return a port below the range from which the kernel takes those of clients."""
    return random.randrange(20_000, 30_000)  # noqa: S311 - no secret


class Worker:
    """One worker. `settings` are those of the service, without their prefix, as text."""

    def __init__(self, folder: Path, bootstrap: str, prefix: str, instance: str = "w1", **settings: str) -> None:
        self.port = next(port for port in iter(_any_port, None) if is_free(port))
        self.folder = folder
        self.log = folder / f"{instance}.log"
        self.store = folder / "data" / instance
        own = {
            "KAFKA": bootstrap,
            "TOPIC_PREFIX": prefix,
            "INSTANCE": instance,
            "DATADIR": str(folder / "data"),
            "PORT": str(self.port),
        }
        self._settings = {f"UPSWING_SIGNALS_{name}": value for name, value in (SETTINGS | own | settings).items()}
        self._process: subprocess.Popen[bytes] | None = None
        self.swept = ""

    def start(
        self,
        *,
        die: str = "",
        broken: str = "",
        engine: str = "counting",
        ready: bool = False,
        clock: Path | None = None,
        **settings: str,
    ) -> None:
        """Start it; `die`, `broken`, `clock` and the attribute `swept` are explained in `launch`."""
        environment = os.environ | self._settings
        environment |= {"UPSWING_TEST_DIE": die, "UPSWING_TEST_BREAK": broken, "UPSWING_TEST_ENGINE": engine}
        environment |= {"UPSWING_TEST_CLOCK": str(clock or ""), "UPSWING_TEST_SWEPT": self.swept}
        environment |= {f"UPSWING_SIGNALS_{name}": value for name, value in settings.items()}
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.signals.launch"],
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=out,
            )
        if ready:
            self.wait_ready()

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Return when the worker says that it can do its work."""

        def ready() -> bool:
            assert self.running, f"the worker ended with {self.exit_code}:\n{self.tail()}"
            return bool(self.readiness().get("ready"))

        wait_until(seconds, ready, "readiness")

    def readiness(self) -> dict[str, object]:
        """Return what `/readyz` answers; empty when nothing answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:
            body = error.read()
        except OSError:
            return {}
        return dict(msgspec.json.decode(body)) if body.startswith(b"{") else {}

    def metrics(self) -> dict[str, float]:
        """Return the values of `/metrics` by name and labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}

    @property
    def pid(self) -> int:
        """Return the process's number."""
        assert self._process
        return self._process.pid

    @property
    def running(self) -> bool:
        """Return whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Return the exit code; negative is the signal that ended it."""
        return self._process.returncode if self._process else None

    def signal(self, which: signal.Signals) -> None:
        """Send a signal."""
        assert self._process
        self._process.send_signal(which)

    def wait(self, seconds: float = START_SECONDS) -> int:
        """Wait for its end and return the exit code."""
        assert self._process
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the worker still runs after {seconds} s:\n{self.tail()}") from None

    def stop(self, seconds: float = 30) -> int:
        """End it as a supervisor does, and return the exit code."""
        if self.running:
            self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self) -> None:
        """End it with kill -9."""
        if self.running:
            self.signal(signal.SIGKILL)
            self.wait()

    def wipe(self) -> None:
        """Remove its local store."""
        shutil.rmtree(self.store, ignore_errors=True)

    def tail(self, lines: int = 40) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
