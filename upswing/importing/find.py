"""Finds the mapping for files: named, a preset, in their folder, or the first of those that are shipped and fit."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from shared.kernel.errors import ConfigurationError
from upswing.importing.mapping import Mapping, read_mapping
from upswing.importing.sources import belongs, list_files
from upswing.importing.staging import tables_of

SHIPPED = Path(__file__).parents[2] / "playbooks" / "mappings"
HOW = "docs/importing.md#the-mapping"
OWN_NAMES = ("mapping.yaml", "mapping.yml")


class Found(msgspec.Struct, frozen=True):
    """A mapping, where it was found, and the playbook's file: its own, or None for the default one."""

    mapping: Mapping
    path: Path
    playbook: Path | None


def presets() -> dict[str, Path]:
    """Return the mappings that are shipped, by their names."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.yaml"))}


def find_mapping(given: Sequence[Path], named: Path | None = None, preset: str | None = None) -> Found:
    """Return the mapping to read files by. Errors: `ConfigurationError` when none is named and none fits."""
    if preset is not None and preset not in presets():
        raise ConfigurationError(f"there is no preset {preset!r}: there are {', '.join(presets())}")
    if named is not None or preset is not None:
        return _found(named or presets()[preset or ""])
    for folder in (path for path in given if path.is_dir()):
        for name in OWN_NAMES:
            if (folder / name).is_file():
                return _found(folder / name)
    files = list_files(given)
    refused = []
    for path in presets().values():
        found = _found(path)
        missing = _missing(found.mapping, files)
        if not missing:
            return found
        refused.append(f"{path.stem} (no file {missing[0]})")
    raise ConfigurationError(
        f"no mapping fits these files: a mapping says what their columns mean. Put a {OWN_NAMES[0]} beside them, or "
        f"name one with --mapping; how to write one: {HOW}. Or name a preset with --preset; tried {', '.join(refused)}"
    )


def _missing(mapping: Mapping, files: Sequence[Path]) -> list[str]:
    tables = [table for entry in mapping.events if entry.needed for table in tables_of(entry)]
    if not tables:
        return [table for entry in mapping.events for table in tables_of(entry)]
    return [table for table in tables if not any(belongs(path, table) for path in files)]


def _found(path: Path) -> Found:
    mapping = read_mapping(path)
    playbook = (path.parent / mapping.playbook).resolve() if mapping.playbook else None
    return Found(mapping, path, playbook)
