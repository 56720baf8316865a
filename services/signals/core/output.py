"""What an engine says: records for topics, already encoded."""

import msgspec

from shared.kernel.topics import Topic


class Output(msgspec.Struct, frozen=True):
    """Something to deliver, already encoded. `partition` None: by the key; `value` None: a tombstone."""

    topic: Topic
    key: bytes
    value: bytes | None
    partition: int | None = None
