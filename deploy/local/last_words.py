"""The reason in a program's log: the last line that says something, for the one sentence about its end."""

import re
from pathlib import Path
from typing import Any

import msgspec

__all__ = ["last_words"]

TAIL_BYTES = 16_384
LONGEST = 300
SERIOUS = re.compile(r"^upswing: |\b(ERROR|FATAL)\b")
LAST_LINES = 40
WORTH = ("error", "critical")


def last_words(log: Path, since: int = 0, *, killed: bool = False) -> str:
    """Return `: <what the log says last>`, an error before all else. Units: `since` is a place, in bytes.

    A program that was `killed` had no time for words: only an error in its very last line may be the reason.
    """
    try:
        with log.open("rb") as file:
            file.seek(max(since, file.seek(0, 2) - TAIL_BYTES))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    rows = [_parse(line) for line in lines[-LAST_LINES:] if line.strip()]
    serious = [text for level, text in rows if level in WORTH]
    last = [text for level, text in rows[-1:] if level in WORTH or not killed]
    return "".join(f": {text[:LONGEST]}" for text in (last if killed else serious[-1:] or last))


def _parse(line: str) -> tuple[str, str]:
    try:
        row: Any = msgspec.json.decode(line)
    except msgspec.DecodeError:
        text = line.strip()
        return ("error" if SERIOUS.search(text) else ""), text
    if not isinstance(row, dict) or "event" not in row:
        return "", line.strip()
    exception = str(row.get("exception", "")).strip().splitlines()
    reason = row.get("error") or row.get("reason") or (exception[-1] if exception else "")
    return str(row.get("level", "")), f"{row['event']}{f': {reason}' if reason else ''}"
