"""What a client is told about a body that was taken.

Source: design (contracts, ingest HTTP).
"""

import msgspec

from services.ingest.core.intake import Rejected


class Reply(msgspec.Struct):
    """The answer to a body that was taken. Shape: `duplicates` are those of `accepted` that repeat a recent event."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]


OK, NO_CONTENT, BAD_REQUEST = 200, 204, 400


class Answer(msgspec.Struct, frozen=True):
    """A reply as it goes out: its status, and its JSON, which is empty where the client wants no body."""

    status: int
    body: bytes
