"""Topics and their ids: created and compared with the table in code. Import these names from `shared.io.kafka`."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, TopicAlreadyExistsError, for_code
from aiokafka.protocol.metadata import MetadataRequest

from shared.io.kafka_metadata import TopicIdsRequest
from shared.kernel.errors import DependencyError
from shared.kernel.topics import LOCAL_PARTITIONS, TOPICS, Topic

REQUEST_TIMEOUT_MS = 10_000
SAFE_REPLICATION = 3
CREATE_TIMEOUT_MS = 30_000
POLL_SECONDS = 0.02


class Described(msgspec.Struct, frozen=True):
    """What a broker says about a topic."""

    partitions: int
    replication: int
    settings: Mapping[str, str]


@asynccontextmanager
async def connect_admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Give an admin client. Errors: `DependencyError` when no broker answers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await admin.start()
    except (KafkaConnectionError, OSError) as error:
        await admin.close()
        raise DependencyError(f"no Kafka broker answers at {bootstrap}: start it, or correct the address") from error
    try:
        yield admin
    except KafkaConnectionError as error:
        raise DependencyError(f"the connection to the Kafka broker at {bootstrap} was lost: {error}") from error
    finally:
        await admin.close()


async def check_broker(bootstrap: str) -> None:
    """Return when a broker answers. Errors: `DependencyError` when none does. Made for `Readiness.probe`."""
    async with connect_admin(bootstrap):
        return


async def ensure_topics(
    bootstrap: str,
    partitions: int = LOCAL_PARTITIONS,
    replication: int = 1,
    prefix: str = "",
    topics: Sequence[Topic] = TOPICS,
) -> list[str]:
    """Create the topics that do not exist and return their names; existing ones are left as they are.

    Errors: `DependencyError` when the broker is not there or refuses a topic.
    """
    async with connect_admin(bootstrap) as admin:
        existing = set(await admin.list_topics())
        missing = [topic for topic in topics if prefix + topic.name not in existing]
        if not missing:
            return []
        wanted = [
            NewTopic(
                prefix + topic.name,
                topic.partitions or partitions,
                replication,
                topic_configs=_settings(topic, replication),
            )
            for topic in missing
        ]
        response = await admin.create_topics(wanted, timeout_ms=CREATE_TIMEOUT_MS)
        created = [name for name, *answer in response.topic_errors if _was_created(name, *answer)]
        await _await_leaders(admin, {topic.name: topic.num_partitions for topic in wanted})
        return created


async def compare_topics(
    bootstrap: str,
    partitions: int = LOCAL_PARTITIONS,
    replication: int = 1,
    prefix: str = "",
    topics: Sequence[Topic] = TOPICS,
) -> list[str]:
    """Return how the broker's topics differ from the table in code, one sentence each."""
    async with connect_admin(bootstrap) as admin:
        found = await _describe(admin, [prefix + topic.name for topic in topics])
    differences: list[str] = []
    for topic in topics:
        name = prefix + topic.name
        if name not in found:
            differences.append(f"topic {name} does not exist: run `upswing topics create`")
            continue
        wanted = Described(topic.partitions or partitions, replication, _settings(topic, replication))
        differences.extend(f"topic {name} {difference}" for difference in _differences(wanted, found[name]))
    return differences


async def repair_topics(
    bootstrap: str, replication: int = 1, prefix: str = "", topics: Sequence[Topic] = TOPICS
) -> None:
    """Give existing topics the settings of the table in code. Partitions and replicas stay: they cannot be set.

    Errors: `DependencyError` when the broker is not there or refuses a setting.
    """
    async with connect_admin(bootstrap) as admin:
        existing = await _shapes(admin)
        wanted = [
            ConfigResource(ConfigResourceType.TOPIC, prefix + topic.name, _settings(topic, replication))
            for topic in topics
            if prefix + topic.name in existing
        ]
        for response in await admin.alter_configs(wanted):
            for error_code, message, _kind, name in response.resources:
                if error_code:
                    raise DependencyError(f"the broker refused the settings of topic {name}: {message}")


async def topic_id(bootstrap: str, topic: str) -> str:
    """Return the id that the broker gave a topic when it was created: the epoch of its log.

    Shape: as Kafka's tools print it, 22 characters. A topic deleted and created again has another one.
    Errors: `DependencyError` when the broker or the topic is not there.
    """
    async with connect_admin(bootstrap) as admin:
        client = admin._client  # noqa: SLF001 - aiokafka's admin has no public way to send a request it does not know
        response = await client.send(client.get_random_node(), TopicIdsRequest([topic]))
    ((error_code, _name, found, *_rest),) = response.topics
    if error_code:
        raise DependencyError(f"topic {topic} has no id at {bootstrap}: {for_code(error_code).__name__}")
    return str(found)


def _settings(topic: Topic, replication: int) -> dict[str, str]:
    if replication < SAFE_REPLICATION:
        return dict(topic.settings)
    return dict(topic.settings) | {"min.insync.replicas": str(replication - 1)}


def _was_created(name: str, error_code: int, message: str | None = None) -> bool:
    error = for_code(error_code)
    if error is TopicAlreadyExistsError:
        return False
    if error_code:
        raise DependencyError(f"the broker refused topic {name}: {message or error.__name__}")
    return True


async def _await_leaders(admin: AIOKafkaAdminClient, wanted: Mapping[str, int]) -> None:
    """Return when every partition has a leader: the broker's answer to a creation comes before it can be used."""
    try:
        async with asyncio.timeout(CREATE_TIMEOUT_MS / 1000):
            while not _have_leaders(await _shapes(admin), wanted):
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise DependencyError(
            f"the broker created topics, but not all partitions have a leader after {CREATE_TIMEOUT_MS // 1000} s: "
            "look at its log"
        ) from None


def _have_leaders(shapes: Mapping[str, list[Any]], wanted: Mapping[str, int]) -> bool:
    return all(len([part for part in shapes.get(name, []) if part[2] >= 0]) == count for name, count in wanted.items())


async def _shapes(admin: AIOKafkaAdminClient) -> dict[str, list[Any]]:
    metadata = await admin._send_request(MetadataRequest(None))  # noqa: SLF001 - describe_topics would create topics
    return {name: parts for error, name, _internal, parts in metadata.topics if not error}


async def _describe(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, Described]:
    shapes = {name: parts for name, parts in (await _shapes(admin)).items() if name in names}
    responses = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in shapes])
    settings: dict[str, dict[str, str]] = {}
    for response in responses:
        for error_code, message, _kind, name, entries in response.resources:
            if error_code:
                raise DependencyError(f"cannot read the settings of topic {name}: {message}")
            settings[name] = {entry[0]: entry[1] for entry in entries}
    return {name: Described(len(parts), len(parts[0][3]), settings[name]) for name, parts in shapes.items() if parts}


def _differences(wanted: Described, found: Described) -> list[str]:
    differences = []
    if found.partitions != wanted.partitions:
        differences.append(
            f"has {found.partitions} partitions, not {wanted.partitions}: their count is fixed for a log's life, so "
            "correct the setting, or migrate the log"
        )
    if found.replication != wanted.replication:
        differences.append(f"has {found.replication} replicas, not {wanted.replication}: reassign its partitions")
    for key, value in wanted.settings.items():
        if found.settings.get(key) != value:
            differences.append(
                f"has {key}={found.settings.get(key)}, not {value}: run `upswing topics create --repair`"
            )
    return differences
