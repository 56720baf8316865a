"""Metadata v10 of the Kafka protocol: the one that carries a topic's id, which aiokafka 0.14 does not speak yet.

Defined with aiokafka's own protocol classes and sent over its connections; the version is negotiated as always, so a
broker older than 2.8 is refused with aiokafka's error. Source: the protocol guide of Apache Kafka, `Metadata`.
"""

import base64
from io import BytesIO

from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

__all__ = ["NO_TOPIC_ID", "TopicIdsRequest"]

UUID_BYTES = 16
API_KEY = 3
API_VERSION = 10
ANY_ID = bytes(UUID_BYTES)


class Uuid(AbstractType[str]):
    """Sixteen bytes, written as Kafka's tools write them: URL-safe base64 without padding."""

    @classmethod
    def encode(cls, value: str) -> bytes:
        """Return the bytes of a written id."""
        return base64.urlsafe_b64decode(value + "==")

    @classmethod
    def decode(cls, data: BytesIO) -> str:
        """Return the written form of the next sixteen bytes."""
        return base64.urlsafe_b64encode(data.read(UUID_BYTES)).decode().rstrip("=")


NO_TOPIC_ID = Uuid.decode(BytesIO(ANY_ID))

BROKER = CompactArray(
    ("node_id", Int32),
    ("host", CompactString("utf-8")),
    ("port", Int32),
    ("rack", CompactString("utf-8")),
    ("tags", TaggedFields),
)
PARTITION = CompactArray(
    ("error_code", Int16),
    ("partition", Int32),
    ("leader", Int32),
    ("leader_epoch", Int32),
    ("replicas", CompactArray(Int32)),
    ("isr", CompactArray(Int32)),
    ("offline_replicas", CompactArray(Int32)),
    ("tags", TaggedFields),
)
TOPIC = CompactArray(
    ("error_code", Int16),
    ("topic", CompactString("utf-8")),
    ("topic_id", Uuid),
    ("is_internal", Boolean),
    ("partitions", PARTITION),
    ("topic_authorized_operations", Int32),
    ("tags", TaggedFields),
)


class TopicIdsResponseV10(Response):
    """The broker's answer: brokers, and topics with their ids."""

    API_KEY = API_KEY
    API_VERSION = API_VERSION
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", BROKER),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        ("topics", TOPIC),
        ("cluster_authorized_operations", Int32),
        ("tags", TaggedFields),
    )


class TopicIdsRequestV10(RequestStruct):
    """The question on the wire: names of topics, none of them to be created."""

    FLEXIBLE_VERSION = True
    API_KEY = API_KEY
    API_VERSION = API_VERSION
    RESPONSE_TYPE = TopicIdsResponseV10
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", Uuid), ("name", CompactString("utf-8")), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class TopicIdsRequest(Request[TopicIdsRequestV10]):
    """Asks for the ids of topics by name."""

    API_KEY = API_KEY

    def __init__(self, topics: list[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[TopicIdsRequestV10]) -> TopicIdsRequestV10:
        """Return the request in the negotiated version."""
        return request_struct_class([(NO_TOPIC_ID, topic, {}) for topic in self._topics], False, False, False, {})
