"""Files made for a test, prepared as `upswing import` would."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from shared.kernel.clock import parse_instant
from upswing.history.calls import Call
from upswing.importing.calls import calls_of
from upswing.importing.plan import digest_of
from upswing.importing.prepare import Asked, choose, prepare
from upswing.importing.quality import Quality

__all__ = ["NOW", "Read", "asked", "digest_of", "import_files", "silent", "write_mapping"]

NOW = parse_instant("2026-06-01")


class Read(msgspec.Struct):
    """What became of files: the report, the events in their order, and their lines as they will lie in the log."""

    quality: Quality
    calls: list[Call]
    lines: list[dict[str, Any]]

    @property
    def reasons(self) -> dict[str, tuple[str, ...]]:
        """The reasons of the report, each with its examples."""
        return {refusal.reason: refusal.examples for refusal in self.quality.refusals}


def silent(_line: str) -> None:
    """Hear a line and say nothing."""


def write_mapping(folder: Path, entries: list[dict[str, Any]], **more: Any) -> Path:
    """Write a mapping beside files, as JSON, which is YAML."""
    path = folder / "mapping.yaml"
    path.write_bytes(msgspec.json.encode({"name": "m", "what": "w", "events": entries, **more}))
    return path


def asked(folder: Path, **more: Any) -> Asked:
    """Return what a person asks for who names a folder."""
    return Asked(**{"given": [folder], "now_ms": NOW} | more)


def import_files(folder: Path, files: Mapping[str, str | bytes], entries: list[dict[str, Any]], **more: Any) -> Read:
    """Write files and a mapping into a folder, and prepare them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    if entries:
        write_mapping(folder, entries)
    wish = asked(folder, **more)
    prepared = prepare(wish, choose(wish), folder / "work", silent)
    try:
        rows = prepared.connection.execute("SELECT line FROM good ORDER BY place").fetchall()
        return Read(prepared.quality, calls_of(prepared.connection), [msgspec.json.decode(line) for (line,) in rows])
    finally:
        prepared.close()
