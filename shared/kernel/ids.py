"""Identity: where an account's records live, and what a trigger is called.

Source: design (one input log), definition 38.
"""

from hashlib import sha1
from uuid import UUID

import msgspec

TRIGGER_NAMESPACE = UUID("6f0f1c4e-6c1b-5d0e-9a57-2b6f6f1f5a11")
_BEGUN = sha1(TRIGGER_NAMESPACE.bytes, usedforsecurity=False)
_ENCODER = msgspec.json.Encoder()
TEST_ACCOUNTS = "upswing-init-test-"  # accounts of this name are no customers: the scorecard leaves them out


def murmur2(data: bytes) -> int:
    """Return Kafka's default partitioning hash, as the Java client computes it.

    Source: the Apache Kafka protocol's default partitioner (Austin Appleby's MurmurHash2, seed 0x9747b28c).
    """
    mask, multiplier = 0xFFFFFFFF, 0x5BD1E995
    digest = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * multiplier & mask
        word = (word ^ word >> 24) * multiplier & mask
        digest = (digest * multiplier & mask) ^ word
    tail = data[whole:]
    if tail:
        digest = (digest ^ int.from_bytes(tail, "little")) * multiplier & mask
    digest = (digest ^ digest >> 13) * multiplier & mask
    return digest ^ digest >> 15


def partition_for(account_id: str, partitions: int) -> int:
    """Return the partition of `events` that holds an account."""
    return (murmur2(account_id.encode()) & 0x7FFFFFFF) % partitions


def trigger_id(account_id: str, rule: str, scope: str | None, level: str | None, decided_by: str) -> str:
    """Return the name of a trigger, the same at every replay of the log.

    Shape: `decided_by` is `source/id` of the deciding event, or `day/YYYY-MM-DD` for a change of day.
    """
    name = _ENCODER.encode((account_id, rule, scope, level, decided_by))
    begun = _BEGUN.copy()
    begun.update(name)
    digest = bytearray(begun.digest()[:16])  # uuid5, without its objects
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
