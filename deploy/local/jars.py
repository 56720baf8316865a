"""The broker's jars: named and pinned by SHA-256 in `jars.lock`, fetched once, shared by the demo, `up` and the tests.

`jgo` fetches them in pure Python. A jar enters the folder only when its checksum is right, by one rename, so neither a
broken download nor two starts at once leave a bad file. `python -m deploy.local.jars` writes the lock anew.
"""

import hashlib
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jgo
import msgspec
import requests
from jgo.maven import MavenContext

from shared.kernel.errors import ConfigurationError, DependencyError

__all__ = ["Jar", "ensure_jars", "missing_jars", "pinned_jars"]

LOCK = Path(__file__).with_name("jars.lock")
ENDPOINTS = ("org.apache.kafka:kafka_2.13:4.3.0", "org.slf4j:slf4j-simple:1.7.36")
FETCHES_AT_ONCE = 8
FETCH_SECONDS = 60


class Jar(msgspec.Struct, frozen=True):
    """One pinned jar. Shape: `sha256` in hexadecimal, the rest as Maven names it."""

    sha256: str
    group: str
    name: str
    version: str

    @property
    def filename(self) -> str:
        """The file's name in the folder of jars."""
        return f"{self.name}-{self.version}.jar"

    def line(self) -> str:
        """Return the jar's line in the lock."""
        return f"{self.sha256}  {self.group}:{self.name}:{self.version}"


def pinned_jars(lock: Path = LOCK) -> list[Jar]:
    """Return the jars of the lock."""
    rows = (line.split() for line in lock.read_text().splitlines() if line.strip())
    return [Jar(digest, *coordinates.split(":")) for digest, coordinates in rows]


def missing_jars(folder: Path, jars: list[Jar] | None = None) -> list[Jar]:
    """Return the pinned jars that are not in the folder, or whose content is not the pinned one."""
    return [jar for jar in jars or pinned_jars() if not _is_right(folder / jar.filename, jar.sha256)]


def ensure_jars(folder: Path, told: Callable[[int, int], None] = lambda _done, _all: None) -> list[Path]:
    """Return the paths of all pinned jars, fetching what is missing; `told(done, all)` hears of each that arrives.

    Errors: `DependencyError` when a jar is not to be had, `ConfigurationError` when one is not the pinned one.
    """
    jars = pinned_jars()
    if missing := missing_jars(folder, jars):
        folder.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as scratch,
            ThreadPoolExecutor(FETCHES_AT_ONCE) as pool,
        ):
            maven = MavenContext(repo_cache=Path(scratch), timeout=FETCH_SECONDS)
            told(0, len(missing))
            for done, _ in enumerate(pool.map(lambda jar: _fetch(maven, jar, folder), missing), 1):
                told(done, len(missing))
    return [folder / jar.filename for jar in jars]


def _fetch(maven: MavenContext, jar: Jar, folder: Path) -> None:
    try:
        fetched: Path = maven.project(jar.group, jar.name).at_version(jar.version).artifact().resolve()
    except (requests.RequestException, RuntimeError) as error:
        raise DependencyError(
            f"the broker's jar {jar.filename} cannot be fetched: check the network (a proxy is taken from HTTPS_PROXY) "
            f"and run the command again, or put the files of {LOCK.name} into {folder} yourself"
        ) from error
    if not _is_right(fetched, jar.sha256):
        raise ConfigurationError(
            f"the jar {jar.filename} that arrived is not the one pinned in {LOCK.name}: do not use this source of jars"
        )
    fetched.replace(folder / jar.filename)


def _is_right(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


def write_lock(lock: Path = LOCK) -> None:
    """Resolve the endpoints with all they need, and pin what arrives."""
    jars = set()
    for artifact in (artifact for endpoint in ENDPOINTS for artifact in jgo.resolve(endpoint)):
        digest = hashlib.sha256(artifact.resolve().read_bytes()).hexdigest()
        jars.add(Jar(digest, artifact.groupId, artifact.artifactId, artifact.version))
    lines = [jar.line() for jar in sorted(jars, key=lambda jar: (jar.group, jar.name))]
    lock.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write_lock()
