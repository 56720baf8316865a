"""Write keys: issued once, kept as hashes, found by what a client shows."""

import msgspec
import pytest

from services.ingest.core.keys import KeyFile, KeyRing, decode_keys, digest, encode_keys, make_key

ENTROPY = bytes(range(32))


def test_a_key_is_found_by_its_secret_and_kept_without_it() -> None:
    """Only the hash is in the file."""
    key, secret = make_key("web", ENTROPY, issued_at=5, quota=100)
    ring = KeyRing((key,))
    assert ring.find(secret) == key
    assert ring.find(secret[:-1]) is None
    assert ring.find("\udcff") is None
    assert len(ring) == 1
    assert ring.sources == {"web"}
    stored = encode_keys(KeyFile(keys=(key,)))
    assert secret.encode() not in stored
    assert digest(secret).encode() in stored
    assert decode_keys(stored).keys == (key,)


@pytest.mark.parametrize("source", ["", "Web", "-x", "a b", "a" * 64, "a/b"])
def test_a_source_has_a_plain_name(source: str) -> None:
    """It is a label of metrics."""
    with pytest.raises(msgspec.ValidationError):
        make_key(source, ENTROPY, issued_at=5)


@pytest.mark.parametrize("content", [b"", b"{}x", b'{"keys":[{}]}', b'{"keyz":[]}'])
def test_a_broken_keys_file_is_refused(content: bytes) -> None:
    """A key with a typing error must not silently be no key."""
    with pytest.raises(msgspec.DecodeError):
        decode_keys(content)
