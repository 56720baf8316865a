"""The ingest service as tests run it: a real process with a real broker, and what it wrote to the log."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil
from aiokafka import TopicPartition

from deploy.local.ports import free_port
from services.ingest.core.keys import WriteKey
from shared.io.kafka import make_consumer
from shared.kernel.dead_letters import DeadLetter, decode_letter
from shared.kernel.topics import DEAD_LETTERS, EVENTS, IDENTITIES
from upswing.commands.keys import issue_key

__all__ = ["IngestProcess", "read_events", "read_letters", "read_records"]

ROOT = Path(__file__).parents[2]
START_SECONDS = 30


class IngestProcess:
    """One ingest in a process of its own. `settings` are those of `Settings`, by their names.

    With a `shared_port` it takes connections there together with others; `url` is then where it answers alone.
    """

    def __init__(
        self, folder: Path, bootstrap: str, prefix: str, *, shared_port: int | None = None, **settings: Any
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.keys_path = folder / "keys.json"
        self.log_path = folder / "ingest.log"
        self.bootstrap = bootstrap
        self.prefix = prefix
        ports = {"port": self.port} if shared_port is None else {"port": shared_port, "own_port": self.port}
        own = {"kafka": bootstrap, "topic_prefix": prefix, "data": folder} | ports | settings
        self._environment = dict(os.environ) | {f"UPSWING_INGEST_{name}".upper(): str(own[name]) for name in own}
        self.process: subprocess.Popen[bytes] | None = None
        self.key = self.issue("web")[1]

    def issue(self, source: str, quota: int | None = None) -> tuple[WriteKey, str]:
        """Issue a key as the command does."""
        return issue_key(self.keys_path, source, quota)

    def start(self, *, ready: bool = True, true: Callable[[], bool] | None = None) -> None:
        """Start the process, and return when it is ready, or when it answers at all, or when `true` is."""
        with self.log_path.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [Path(sys.executable).with_name("upswing"), "ingest"],
                env=self._environment,
                cwd=ROOT,
                stdout=out,
                stderr=out,
            )
        self.wait_for(true or (lambda: self.answers("/readyz" if ready else "/healthz")))

    def wait_for(self, true: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Return when something has become true; raise with the log when it does not, or the process ended."""
        deadline = time.monotonic() + seconds
        while not true():
            ended = self.process is not None and self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"{'ended' if ended else 'too late'}:\n{self.log_path.read_text()[-4000:]}")
            time.sleep(0.02)

    def answers(self, path: str) -> bool:
        """Whether a GET is answered 200."""
        try:
            return self.get(path).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def post(self, path: str, body: Any, **request: Any) -> httpx.Response:
        """Post a body; anything but bytes is encoded as JSON. `key=None` sends no Authorization."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        headers = {"content-type": "application/json"} | request.pop("headers", {})
        key = request.pop("key", self.key)
        auth = None if key is None else (key, "")
        return httpx.post(self.url + path, content=content, headers=headers, auth=auth, timeout=30, **request)

    def get(self, path: str) -> httpx.Response:
        """Get a path."""
        return httpx.get(self.url + path, timeout=5)

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = self.get("/metrics").text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((name + "{", name + " ")))

    def by_label(self, name: str, label: str, **labels: str) -> dict[str, int]:
        """The values of a counter by one of its labels, where the others are as given."""
        found: dict[str, int] = {}
        for line in self.get("/metrics").text.splitlines():
            if not line.startswith(name + "{"):
                continue
            given = dict(re.findall(r'(\w+)="([^"]*)"', line))
            if labels.items() <= given.items():
                found[given[label]] = found.get(given[label], 0) + int(float(line.rsplit(" ", 1)[1]))
        return found

    def memory_bytes(self) -> int:
        """What the process holds of the machine's memory."""
        assert self.process
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def kill(self) -> None:
        """End the process with kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Stop the process as an operator would, and return its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(START_SECONDS)


async def read_records(bootstrap: str, topic: str) -> list[tuple[int, bytes | None, bytes | None]]:
    """Return partition, key and value of every record that a topic holds now."""
    consumer = make_consumer(bootstrap, None)
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()
        partitions = sorted(await consumer._client._wait_on_metadata(topic))
        places = [TopicPartition(topic, number) for number in partitions]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = {place: end for place, end in (await consumer.end_offsets(places)).items() if end}
        found: list[tuple[int, bytes | None, bytes | None]] = []
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                found.extend((place.partition, record.key, record.value) for record in records)
        return found
    finally:
        await consumer.stop()


async def read_events(ingest: IngestProcess) -> list[dict[str, Any]]:
    """Return every event in the log, in the order of each partition."""
    records = await read_records(ingest.bootstrap, ingest.prefix + EVENTS.name)
    return [msgspec.json.decode(line) for _, _, value in records for line in (value or b"").splitlines()]


async def read_letters(ingest: IngestProcess) -> list[DeadLetter]:
    """Return every dead letter."""
    records = await read_records(ingest.bootstrap, ingest.prefix + DEAD_LETTERS.name)
    return [decode_letter(value) for _, _, value in records if value is not None]


async def read_identities(ingest: IngestProcess) -> list[tuple[bytes | None, bytes | None]]:
    """Return key and value of every record of an identity."""
    records = await read_records(ingest.bootstrap, ingest.prefix + IDENTITIES.name)
    return [(key, value) for _, key, value in records]
