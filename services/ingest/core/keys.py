"""Write keys: who may send, kept only as hashes.

A key is 32 random bytes, so a plain SHA-256 of it cannot be searched for. Source: reliability (security 8).
"""

import hashlib
from typing import Annotated

import msgspec

KEY_PREFIX = "upw_"
SourceName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class WriteKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One key as the file holds it.

    Shape: `key_id` names it in lists and when it is revoked; its events carry `source`; `quota` events a second, none
    is unbounded. Units: `issued_at` is an instant in milliseconds.
    """

    key_id: str
    source: SourceName
    sha256: Digest
    issued_at: int
    quota: Annotated[int, msgspec.Meta(ge=1)] | None = None


class KeyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys file: every key that is valid. A revoked key is no longer in it."""

    keys: tuple[WriteKey, ...] = ()


class KeyRing:
    """The valid keys, by hash."""

    def __init__(self, keys: tuple[WriteKey, ...] = ()) -> None:
        self._by_hash = {key.sha256: key for key in keys}

    def __len__(self) -> int:
        return len(self._by_hash)

    @property
    def sources(self) -> frozenset[str]:
        """The sources that have a valid key."""
        return frozenset(key.source for key in self._by_hash.values())

    def find(self, secret: str) -> WriteKey | None:
        """Return the key that a client showed, if it is valid."""
        return self._by_hash.get(digest(secret))


def digest(secret: str) -> str:
    """Return the hash under which a key is kept."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def make_key(source: str, entropy: bytes, issued_at: int, quota: int | None = None) -> tuple[WriteKey, str]:
    """Return a new key as it is kept, and its secret. Errors: `ValueError` for a bad source name."""
    secret = KEY_PREFIX + entropy.hex()
    found = digest(secret)
    key = WriteKey(key_id=f"key_{found[:12]}", source=source, sha256=found, issued_at=issued_at, quota=quota)
    return msgspec.convert(msgspec.to_builtins(key), WriteKey), secret


def decode_keys(value: bytes) -> KeyFile:
    """Return the keys in a file. Errors: `msgspec.DecodeError` says what is wrong with it."""
    return msgspec.json.decode(value, type=KeyFile)


def encode_keys(keys: KeyFile) -> bytes:
    """Return keys as a file."""
    return msgspec.json.format(msgspec.json.encode(keys), indent=2) + b"\n"
