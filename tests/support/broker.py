"""A Kafka broker that tests start, stop, kill and freeze."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.local.kafka import LocalKafka
from deploy.local.ports import free_port, is_free

__all__ = ["Broker"]

START_SECONDS = 60


class Broker:
    """A Kafka broker of the tests: `bootstrap` is its address; it can be stopped, killed, frozen and started again."""

    def __init__(self, folder: Path, jars: list[Path]) -> None:
        self._kafka = LocalKafka(folder, jars, free_port(), free_port())
        self._kafka.prepare()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The broker's address for clients."""
        return self._kafka.bootstrap

    def start(self) -> None:
        """Start the broker and return when it listens."""
        log = self._kafka.folder / "broker.log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self._kafka.command, env=self._kafka.environment, stdout=out, stderr=out, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while is_free(self._kafka.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Kafka does not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the broker as an operator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the broker with kill -9."""
        self._end(signal.SIGKILL)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Hold the broker still (SIGSTOP) for a while."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(START_SECONDS)
