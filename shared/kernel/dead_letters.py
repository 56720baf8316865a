"""The public record on `dead.letters`: what could not be used, why, and enough to replay it.

Source: design (outputs of signals), definition 78.
"""

import msgspec

from shared.kernel.errors import Reason


class DeadLetter(msgspec.Struct, kw_only=True, frozen=True):
    """One refused line. Shape: `line` is its text (bytes that are not UTF-8 are escaped); `origin` says where it was.

    `anonymous_id` is the visitor whose account was looked for beside the user's. A record with `retaken_at` says of the
    letter with its `letter_id` that its event was sent to the log after all, for the account `retaken_for`; its own
    `line` is empty. It lies in the same partition, so it is read after the letter. Units: `at` and `retaken_at` are
    instants in milliseconds. `letter_id` is the same at every replay of the log.
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
    anonymous_id: str | None = None
    retaken_at: int | None = None
    retaken_for: str | None = None


def as_retaken(letter: DeadLetter, account_id: str, now_ms: int) -> DeadLetter:
    """Return the record that says that a letter's event was sent to the log."""
    return msgspec.structs.replace(letter, line="", retaken_at=now_ms, retaken_for=account_id)


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(DeadLetter)


def encode_letter(letter: DeadLetter) -> bytes:
    """Return a dead letter as JSON."""
    return _ENCODER.encode(letter)


def decode_letter(value: bytes) -> DeadLetter:
    """Return the dead letter in a record's value. Errors: `msgspec.ValidationError` names the path."""
    return _DECODER.decode(value)
