"""The public record on `dead.letters`: what could not be used, why, and enough to replay it.

Source: design (outputs of signals), definition 78.
"""

import msgspec

from shared.kernel.errors import Reason


class DeadLetter(msgspec.Struct, kw_only=True, frozen=True):
    """One refused line. Shape: `line` is its text (bytes that are not UTF-8 are escaped); `origin` says where it was.

    Units: `at` is an instant in milliseconds. `letter_id` is the same at every replay of the log.
    """

    letter_id: str
    service: str
    reason: Reason
    field: str
    message: str
    line: str
    origin: str
    at: int
    account_id: str | None = None
    event_id: str | None = None
    source: str | None = None


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(DeadLetter)


def encode_letter(letter: DeadLetter) -> bytes:
    """Return a dead letter as JSON."""
    return _ENCODER.encode(letter)


def decode_letter(value: bytes) -> DeadLetter:
    """Return the dead letter in a record's value. Errors: `msgspec.ValidationError` names the path."""
    return _DECODER.decode(value)
