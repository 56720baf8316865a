"""The playbooks that have been published, from their compacted topic.

Shape of the topic: key is the version, value the body as canonical JSON, or as YAML. The log tells which is in force
(`in_force`): a command that was stopped has written no more than a body, and signals refuses what it cannot use.
"""

import msgspec

from shared.io.playbooks import load_playbook
from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook import Playbook, playbook_from_json
from shared.kernel.topics import PLAYBOOKS
from upswing.trace.logbook import Logbook

__all__ = ["Published", "published"]


class Published(msgspec.Struct, frozen=True):
    """One version on the topic. Units: `at` is the time of its publisher in milliseconds, whose clock may be wrong.

    Shape: `playbook` is None when the body cannot be used, and `why` says why.
    """

    version: str
    at: int
    playbook: Playbook | None = None
    why: str = ""


async def published(book: Logbook) -> list[Published]:
    """Return the published versions in the order in which they were last written.

    Errors: `DependencyError` when the broker or the topic is not there.
    """
    found: dict[str, Published] = {}
    async for record in book.read(PLAYBOOKS.name, await book.partitions(PLAYBOOKS.name), 0):
        version = (record.key or b"").decode(errors="replace")
        found.pop(version, None)  # published again: it is the newest now
        if record.value is not None:
            found[version] = _read(version, record.timestamp, record.value)
    return list(found.values())


def _read(version: str, at: int, body: bytes) -> Published:
    try:
        playbook = playbook_from_json(body) if body.lstrip().startswith(b"{") else load_playbook(body.decode())
    except (ConfigurationError, UnicodeDecodeError) as error:
        return Published(version, at, None, str(error))
    if playbook.version != version:
        return Published(version, at, None, f"its body says that it is version {playbook.version}")
    return Published(version, at, playbook)
