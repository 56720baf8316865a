"""Processes under measurement: what CPU time and memory they take, and one that the benchmark itself starts."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import psutil

__all__ = ["Meter", "Started", "Strangers"]

FIRST = b"FIRST"
GRACE_SECONDS = 15.0
LAST_WORDS_CHARS = 300


class Meter:
    """Process trees. Shape: `cpu_seconds` is user and system time of each since the beginning, ended children included.

    Units: `rss_bytes` is the peak of what was seen at the readings.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._roots = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._begun = {name: _cpu(root) for name, root in self._roots.items()}
        self.cpu_seconds = dict.fromkeys(pids, 0.0)
        self.rss_bytes = dict.fromkeys(pids, 0)
        self.read()

    def read(self) -> Self:
        """Look now."""
        for name, root in self._roots.items():
            self.cpu_seconds[name] = max(self.cpu_seconds[name], _cpu(root) - self._begun[name])
            self.rss_bytes[name] = max(self.rss_bytes[name], _rss(root))
        return self


def _tree(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _cpu(root: psutil.Process) -> float:
    total = 0.0
    for process in _tree(root):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _rss(root: psutil.Process) -> int:
    total = 0
    for process in _tree(root):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total


class Strangers:
    """What others take of this machine while we measure: they make every figure worse.

    Shape: ours are this process and its descendants; a daemon of ours that is none is named by its id.
    """

    def __init__(self, *daemons: int) -> None:
        self._ours = [psutil.Process(), *(psutil.Process(pid) for pid in daemons)]
        self._began, self._busy, self._stolen = time.monotonic(), *_machine()
        self._own = self._used()

    def _used(self) -> float:
        return sum(_cpu(process) for process in self._ours)

    def cores(self) -> float:
        """Return how many cores others have used since the beginning, another virtual machine's share included."""
        busy, stolen = _machine()
        taken = (busy - self._busy) - (self._used() - self._own) + (stolen - self._stolen)
        return max(0.0, taken / (time.monotonic() - self._began))


def _machine() -> tuple[float, float]:
    """Return the seconds that all processes have used, and those that the host gave to other machines."""
    times = psutil.cpu_times()
    return times.user + getattr(times, "nice", 0.0) + times.system, getattr(times, "steal", 0.0)


class Started:
    """A program that the benchmark starts, its output in a log.

    Shape: `first_at` is the instant at which it wrote the line FIRST (its first event is near), None before. Units:
    seconds of `time.monotonic`.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        self.first_at: float | None = None
        self.process = subprocess.Popen(  # noqa: S603 - our own commands
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout
        with self.log.open("wb") as log:
            for line in self.process.stdout:
                if line.startswith(FIRST) and self.first_at is None:
                    self.first_at = time.monotonic()
                log.write(line)
                log.flush()

    def check(self) -> None:
        """Return while it runs. Errors: `RuntimeError` with its last words when it has ended."""
        if (code := self.process.poll()) is not None:
            raise RuntimeError(f"it ended with code {code}: {self.last_words()} (log: {self.log})")

    def last_words(self) -> str:
        """Return the end of its log."""
        return self.log.read_text(errors="replace").strip()[-LAST_WORDS_CHARS:] or "it wrote nothing"

    def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE_SECONDS)
                break
        self._listener.join(GRACE_SECONDS)
