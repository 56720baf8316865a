"""Playbook bodies: the initial file, and the versions on the compacted topic `playbooks`.

A `control.playbook` record names a version; its body must be on the topic before the record is in the log, since a
partition cannot be folded any further without it. Shape of the topic: key is the version, value the playbook as YAML or
canonical JSON.
"""

import asyncio
import hashlib
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.signals.settings import Settings
from shared.io.kafka import make_consumer
from shared.io.logs import get_logger
from shared.io.playbooks import load_playbook, read_playbook
from shared.kernel.errors import ConfigurationError, DependencyError
from shared.kernel.playbook import Playbook, playbook_from_json
from shared.kernel.topics import PLAYBOOKS

__all__ = ["Playbooks"]

POLL_MS = 500

log = get_logger(__name__)


class Playbooks:
    """Playbooks by version, kept up with the topic."""

    def __init__(self, settings: Settings) -> None:
        self.initial = read_playbook(settings.playbook)
        self._topic = settings.topic_prefix + PLAYBOOKS.name
        self._bootstrap = settings.kafka
        self._deadline = settings.playbook_seconds
        self._bodies: dict[str, Playbook] = {}
        self._unusable: dict[str, str] = {}  # versions whose body on the topic cannot be used, with why
        self._arrived = asyncio.Condition()
        self._told = self.initial.version

    async def supply(self, engine: Any, version: str) -> None:
        """Give an engine the playbook it needs, or say that its body cannot be used.

        Errors: `DependencyError` when it does not arrive in time; `ConfigurationError` when the state needs it.
        """
        if version not in self._bodies and version not in self._unusable:
            log.warning("waiting for a playbook", version=version)
            try:
                async with asyncio.timeout(self._deadline), self._arrived:
                    await self._arrived.wait_for(lambda: version in self._bodies or version in self._unusable)
            except TimeoutError:
                raise DependencyError(
                    f"the log asks for playbook {version}, but topic {self._topic} does not have it: publish it"
                ) from None
        if version in self._unusable:
            log.error("a playbook is refused; the one before stays", version=version, why=self._unusable[version])
            engine.refuse_playbook(self._unusable[version])
        else:
            if version != self._told:
                self._told = version
                log.info("judging by a published playbook", version=version, file=self.initial.version)
            engine.add_playbook(version, self._bodies[version])

    async def follow(self) -> None:
        """Read the topic for ever."""
        consumer = make_consumer(self._bootstrap, None)
        await consumer.start()
        try:
            partition = TopicPartition(self._topic, 0)
            consumer.assign([partition])
            await consumer.seek_to_beginning(partition)
            while True:
                await self._take(consumer)
        finally:
            await consumer.stop()

    async def _take(self, consumer: AIOKafkaConsumer) -> None:
        for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
            async with self._arrived:
                for record in records:
                    self._learn(record.key, record.value)
                self._arrived.notify_all()

    def _learn(self, key: bytes | None, value: bytes | None) -> None:
        version = (key or b"").decode(errors="replace")
        if value is None:
            return
        try:
            self._bodies[version] = _parse(value)
            self._unusable.pop(version, None)
        except (ConfigurationError, UnicodeDecodeError) as error:
            self._unusable[version] = str(error)
            self._bodies.pop(version, None)
            log.warning("a published playbook cannot be used", version=version, why=str(error))


def _parse(body: bytes) -> Playbook:
    """Return the playbook; the digest of a JSON body is that of its bytes, so that new fields do not change it."""
    if not body.lstrip().startswith(b"{"):
        return load_playbook(body.decode())
    return msgspec.structs.replace(playbook_from_json(body), digest=hashlib.sha256(body).hexdigest())
