"""The keys file on disk: written whole and atomically, read again when it changes.

Errors: `ConfigurationError` when the file is there and cannot be used.
"""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from services.ingest.core.keys import KeyFile, KeyRing, decode_keys, encode_keys
from shared.io.logs import get_logger
from shared.kernel.errors import ConfigurationError

__all__ = ["KeyWatch", "change_keys", "read_keys"]

OWNER_ONLY = 0o600
log = get_logger(__name__)


def read_keys(path: Path) -> KeyFile:
    """Return the keys in a file; none when there is no file yet."""
    try:
        return decode_keys(path.read_bytes())
    except FileNotFoundError:
        return KeyFile()
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigurationError(f"the keys file {path} cannot be used: {error}") from error


def change_keys(path: Path, change: Callable[[KeyFile], KeyFile]) -> KeyFile:
    """Replace the keys in a file by what `change` makes of them, one writer at a time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_suffix(".lock")):
            keys = change(read_keys(path))
            fresh = path.with_suffix(".new")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
            with os.fdopen(descriptor, "wb") as out:
                out.write(encode_keys(keys))
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(path)
    except OSError as error:
        raise ConfigurationError(f"the keys file {path} cannot be written: {error.strerror}") from error
    return keys


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class KeyWatch:
    """The valid keys as they are now. Shape: a file that cannot be used leaves the keys of before in force."""

    def __init__(self, path: Path) -> None:
        self.ring = KeyRing()
        self._path = path
        self._seen: tuple[int, int, int] | None = None

    def look(self) -> None:
        """Read the file when it is another than at the last look."""
        seen = self._stamp()
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self.ring = KeyRing(read_keys(self._path).keys)
        except ConfigurationError as error:
            log.warning("keys not read, those of before stay valid", why=str(error))
            return
        log.info("keys read", keys=len(self.ring))
        if not len(self.ring):
            log.warning("no write key is valid: issue one with `upswing keys issue <source>`", file=str(self._path))

    async def keep_looking(self, seconds: float) -> None:
        """Look again and again, so that issuing and revoking need no restart."""
        while True:
            await asyncio.sleep(seconds)
            self.look()

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except OSError:
            return 0, 0, 0
        return found.st_ino, found.st_mtime_ns, found.st_size
