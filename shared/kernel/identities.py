"""The public record on the compacted topic `identities`: which account a user of a source belongs to.

Source: playbook section 2 (identity), definition 67.
"""

import msgspec


class Identity(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the latest `group` call of a user said. Units: `at` is the call's instant in milliseconds."""

    source: str
    user_id: str
    account_id: str
    at: int


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Identity)
_KEY_DECODER = msgspec.json.Decoder(tuple[str, str])


def identity_key(source: str, user_id: str) -> bytes:
    """Return the record's key; a record of that key without a value says that the user was forgotten."""
    return _ENCODER.encode((source, user_id))


def decode_identity_key(key: bytes) -> tuple[str, str]:
    """Return source and user of a key. Errors: `msgspec.ValidationError`."""
    return _KEY_DECODER.decode(key)


def encode_identity(identity: Identity) -> bytes:
    """Return an identity as JSON."""
    return _ENCODER.encode(identity)


def decode_identity(value: bytes) -> Identity:
    """Return the identity in a record's value. Errors: `msgspec.ValidationError` names the path."""
    return _DECODER.decode(value)
