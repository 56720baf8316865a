"""From plain data to a validated playbook: types and bounds first, then what only makes sense together.

Errors: `ConfigurationError` naming the path, what was found and what is allowed. Source: definition 74.
"""

import hashlib
from collections.abc import Mapping

import msgspec

from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook.checks import CHECKS, STORED_CHECKS, Check
from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.problems import misfits

COMPUTED = frozenset({"digest"})


def build_playbook(data: Mapping[str, object], checks: tuple[Check, ...] = CHECKS) -> Playbook:
    """Return the playbook that the data describes, with its digest.

    Errors: `ConfigurationError`, one sentence: the first of `playbook_problems`, and how many more there are.
    """
    problems = playbook_problems(data, checks)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ConfigurationError(f"playbook: {problems[0]}{more}")
    playbook = msgspec.convert(data, Playbook)
    return msgspec.structs.replace(playbook, digest=digest_of(playbook))


def playbook_problems(data: Mapping[str, object], checks: tuple[Check, ...] = CHECKS) -> list[str]:
    """Return all that is wrong with a playbook's data, a sentence each: path, what was found, what is allowed.

    Shape: what only makes sense together is looked at when each part by itself is right.
    """
    if isinstance(data, dict) and data.get("digest"):
        return ["digest: is computed, not written; remove it"]
    problems = list(misfits(Playbook, data, computed=COMPUTED))
    if problems:
        return problems
    playbook = msgspec.convert(data, Playbook)
    return [problem for check in checks for problem in check(playbook)]


def digest_of(playbook: Playbook) -> str:
    """Return the SHA-256 of the playbook's canonical JSON: sorted keys, no digest."""
    plain = msgspec.structs.replace(playbook, digest="")
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()


def playbook_to_json(playbook: Playbook) -> bytes:
    """Return the playbook's body as canonical JSON, as it lies on the topic `playbooks`."""
    return msgspec.json.encode(msgspec.structs.replace(playbook, digest=""), order="sorted")


def playbook_from_json(body: bytes) -> Playbook:
    """Return the playbook in a canonical body. Errors: as `build_playbook`.

    Shape: rows of the tracking plan are taken as they are: ingest has made its events by them, and a log whose playbook
    was written before they were checked must stay readable.
    """
    try:
        data = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"playbook: not readable as JSON: {error}") from None
    return build_playbook(data, STORED_CHECKS)
