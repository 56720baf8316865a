"""The reason in a program's log: the last line that says something, for the one sentence about its end."""

from pathlib import Path
from typing import Any

import msgspec

__all__ = ["last_words"]

TAIL_BYTES = 16_384
LONGEST = 300
WORTH = ("error", "critical")


def last_words(log: Path) -> str:
    """Return `: <what the log says last>`, or nothing when it says nothing."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - TAIL_BYTES))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    rows = [_parse(line) for line in lines if line.strip()]
    if not rows:
        return ""
    serious = [text for level, text in rows[-20:] if level in WORTH]
    return f": {(serious or [rows[-1][1]])[-1][:LONGEST]}"


def _parse(line: str) -> tuple[str, str]:
    try:
        row: Any = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return "", line.strip()
    if not isinstance(row, dict) or "event" not in row:
        return "", line.strip()
    exception = str(row.get("exception", "")).strip().splitlines()
    reason = row.get("error") or row.get("reason") or (exception[-1] if exception else "")
    return str(row.get("level", "")), f"{row['event']}{f': {reason}' if reason else ''}"
