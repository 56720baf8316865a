"""`upswing up` as a person runs it: ready, honest about what is missing, mended when killed, gone when asked."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.local.ports import free_port

PORTS = ("kafka", "controller", "ingest", "pipeline", "notify", "signals")
SECONDS = 120


class Up:
    """A running `upswing up` and what it printed."""

    def __init__(self, folder: Path, jars: Path) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in PORTS}
        self.options = [word for name, port in self.ports.items() for word in (f"--{name}-port", str(port))]
        self.options += ["--data", str(folder), "--partitions", "3"]
        self.lines: list[str] = []
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "upswing", "up", *self.options],
            env=os.environ | {"UPSWING_LOCAL_JARS": str(jars)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as output:
            self.lines.extend(iter(output.readline, ""))

    def until(self, pattern: str) -> str:
        """Return the first line that matches, as soon as it is printed."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            for line in list(self.lines):
                if re.search(pattern, line):
                    return line
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"{pattern!r} was not printed:\n{''.join(self.lines)}")

    def ready(self, service: str) -> httpx.Response:
        """Ask a service whether it is ready."""
        return httpx.get(f"http://127.0.0.1:{self.ports[service]}/readyz", trust_env=False)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another `upswing` command."""
        return subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "upswing", *words], capture_output=True, text=True, timeout=SECONDS, check=False
        )


@pytest.fixture
def up(jars: list[Path], scratch: Path) -> Iterator[Up]:
    """A stack on ports and in a folder of its own."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    running = Up(folder, jars[0].parent)
    yield running
    if running.process.poll() is None:
        running.process.terminate()
        running.process.wait(SECONDS)
    running.reader.join()
    shutil.rmtree(folder, ignore_errors=True)


def test_up_is_ready_mends_a_killed_service_is_looked_at_by_the_doctor_and_stops_on_sigterm(up: Up) -> None:
    """The whole life of a stack: addresses, what is still to do, kill -9, doctor, the end."""
    up.until(r"ready after [\d.]+ s; Ctrl-C stops it")
    assert [up.ready(service).status_code for service in ("ingest", "pipeline", "notify", "signals")] == [200] * 4
    up.until("nobody can send events yet: `upswing keys --file .*keys.json issue <source>`")

    doctor = up.run("doctor", *up.options)
    assert doctor.returncode == 1
    assert "WRONG keys: there is no write key" in doctor.stdout
    assert doctor.stdout.count("WRONG") == 1, doctor.stdout
    assert up.run("keys", "--file", str(up.folder / "keys.json"), "issue", "web").returncode == 0
    doctor = up.run("doctor", *up.options)
    assert doctor.returncode == 0, doctor.stdout

    (worker,) = [process for process in psutil.Process(up.process.pid).children() if "signals" in process.cmdline()]
    worker.kill()
    up.until(r"signals was ended by SIGKILL.*; starting it again in 0\.5 s")
    up.until("signals is ready again")
    assert up.ready("signals").status_code == 200

    children = psutil.Process(up.process.pid).children(recursive=True)
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(SECONDS) == 0
    assert [process for process in children if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []
    up.reader.join()
    assert up.lines[-1] == "upswing: stopped\n"


def test_a_taken_port_is_one_sentence_and_exit_code_1(jars: list[Path], scratch: Path) -> None:
    """No traceback, nothing left behind."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    up = Up(folder, jars[0].parent)
    up.process.kill()
    up.process.wait()
    up.reader.join()
    with psutil.Popen([sys.executable, "-m", "http.server", str(up.ports["notify"]), "--bind", "127.0.0.1"]) as holder:
        while not [row for row in holder.net_connections() if row.status == psutil.CONN_LISTEN]:
            time.sleep(0.05)
        done = up.run("up", *up.options)
        holder.kill()
    shutil.rmtree(folder, ignore_errors=True)
    assert done.returncode == 1
    assert re.fullmatch(
        rf"upswing: port {up.ports['notify']} for notify is taken by \S+ \(process {holder.pid}\): stop that program, "
        r"or choose another port with --notify-port or UPSWING_LOCAL_NOTIFY_PORT\n",
        done.stderr,
    ), done.stderr
