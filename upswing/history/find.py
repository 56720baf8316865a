"""Finds the mapping for a folder of files: named, in the folder itself, or one of those that are shipped."""

from pathlib import Path

import msgspec

from shared.kernel.errors import ConfigurationError
from upswing.history.convert import missing_columns
from upswing.history.mapping import Mapping, read_mapping

SHIPPED = Path(__file__).parents[2] / "playbooks" / "mappings"
OWN_NAMES = ("mapping.yaml", "mapping.yml")


class Found(msgspec.Struct, frozen=True):
    """A mapping, where it was found, and the playbook's file: its own, or None for the default one."""

    mapping: Mapping
    path: Path
    playbook: Path | None


def find_mapping(folder: Path, named: Path | None) -> Found:
    """Return the mapping to read a folder by.

    Errors: `ConfigurationError` when the folder is not there, no mapping fits, or the one named does not.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"there is no folder {folder}: name one that holds CSV files")
    own = [folder / name for name in OWN_NAMES if (folder / name).is_file()]
    if named is not None or own:
        path = named or own[0]
        mapping = read_mapping(path)
        missing = missing_columns(mapping, folder)
        if missing:
            raise ConfigurationError(f"the mapping {path} does not fit {folder}: {'; '.join(missing)}")
        return _found(mapping, path)
    refused = []
    for path in sorted(SHIPPED.glob("*.yaml")):
        mapping = read_mapping(path)
        missing = missing_columns(mapping, folder)
        if not missing:
            return _found(mapping, path)
        refused.append(f"{mapping.name} ({missing[0]})")
    raise ConfigurationError(
        f"no mapping fits the files in {folder}: write {folder / OWN_NAMES[0]} or name one with MAPPING=<file>; "
        f"tried {', '.join(refused)}"
    )


def _found(mapping: Mapping, path: Path) -> Found:
    playbook = (path.parent / mapping.playbook).resolve() if mapping.playbook else None
    return Found(mapping, path, playbook)
