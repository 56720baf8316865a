"""The plan of an import: what it was made from and how far that is fixed, kept beside its staging file.

The log tells how far the import has come; the plan only says which import that is. Source: design (durability 7).
"""

import hashlib
from pathlib import Path
from uuid import uuid4

import msgspec

from shared.kernel.errors import ConfigurationError
from shared.kernel.identities import Identity
from upswing.importing.log import PIECE_BYTES
from upswing.importing.prepare import STAGED, Asked, Chosen
from upswing.importing.quality import Quality
from upswing.importing.units import EVENTS_AT_ONCE

FILE = "plan.json"
LAYOUT = 2  # of the staging file: what another version has staged is not gone on with


class Plan(msgspec.Struct, kw_only=True):
    """One import. Shape: `made_from` changes with a file, the mapping, the playbook, the cut. Units: instants."""

    import_id: str
    made_from: str
    now_ms: int
    step_ms: int
    identities: list[Identity]
    quality: Quality
    done: bool = False


def digest_of(asked: Asked, chosen: Chosen) -> str:
    """Return what an import is made from, as a digest: files by path, size and time of change; mapping; playbook."""
    digest = hashlib.sha256()
    for path in chosen.files:
        seen = path.stat()
        digest.update(f"{path.resolve()}\0{seen.st_size}\0{seen.st_mtime_ns}\n".encode())
    digest.update(msgspec.json.encode([LAYOUT, EVENTS_AT_ONCE, PIECE_BYTES]))
    digest.update(msgspec.json.encode([chosen.found.mapping, chosen.playbook, chosen.source, asked.since_ms]))
    return digest.hexdigest()


def new_plan(asked: Asked, chosen: Chosen, step_ms: int, identities: list[Identity], quality: Quality) -> Plan:
    """Return the plan of an import that is staged."""
    return Plan(
        import_id=uuid4().hex,
        made_from=digest_of(asked, chosen),
        now_ms=asked.now_ms,
        step_ms=step_ms,
        identities=identities,
        quality=quality,
    )


def read_plan(work: Path) -> Plan | None:
    """Return the plan in a folder, None when there is none. Errors: `ConfigurationError` when it cannot be read."""
    try:
        return msgspec.json.decode((work / FILE).read_bytes(), type=Plan)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigurationError(f"the plan of an earlier import, {work / FILE}, cannot be read: {error}") from None


def write_plan(work: Path, plan: Plan) -> None:
    """Keep a plan, whole or not at all."""
    fresh = work / f"{FILE}.new"
    fresh.write_bytes(msgspec.json.encode(plan))
    fresh.replace(work / FILE)


def forget(work: Path) -> None:
    """Remove what was staged."""
    for name in (FILE, STAGED, f"{STAGED}.wal"):
        (work / name).unlink(missing_ok=True)
