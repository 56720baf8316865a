"""What makes one bad line harmless: the journal of records not flushed yet, and dead letters.

A line at which a rule fails has already changed its account. The account is loaded as it was flushed, and the journal is
folded again without the line. Source: design (durability 3), definition 72.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from shared.kernel.codec import Line, decode_record
from shared.kernel.dead_letters import DeadLetter, encode_letter
from shared.kernel.events.envelope import Event

if TYPE_CHECKING:
    from services.signals.core.engine import Engine
    from services.signals.core.shelf import Meta
    from shared.kernel.errors import Problem

LONGEST_LINE_CHARS = 400_000  # escaped it may grow fourfold, and a record of `dead.letters` holds 4 MiB


class Envelope(msgspec.Struct):
    """What can be told of a line that cannot be used."""

    id: str | None = None
    account_id: str | None = None
    source: str | None = None


class Journal:
    """The records since the last flush, the lines that were excluded, and how often rules have failed."""

    def __init__(self, meta: Meta) -> None:
        self._records: list[tuple[int, bytes]] = []
        self._excluded: set[tuple[int, int]] = set()
        self._failures: dict[str, deque[int]] = {}
        self._meta = msgspec.structs.replace(meta)

    def append(self, offset: int, value: bytes) -> None:
        """Note a record before it is folded."""
        self._records.append((offset, value))

    def exclude(self, offset: int, number: int) -> None:
        """Leave a line out of every refold."""
        self._excluded.add((offset, number))

    def flushed(self, meta: Meta) -> None:
        """Forget: the pages hold what has been folded."""
        self._records.clear()
        self._excluded.clear()
        self._meta = msgspec.structs.replace(meta)

    def begin(self) -> Meta:
        """Return the partition's state as it was flushed."""
        return msgspec.structs.replace(self._meta)

    def lines(self, account_id: str, offset: int, number: int) -> Iterator[tuple[int, int | None, Line | None]]:
        """Yield the controls and the account's events up to a line, which is left out.

        Shape: (offset, number of the line, line); after a record's last line (offset, None, None).
        """
        for at, value in self._records:
            for position, line in decode_record(value)[0]:
                if at == offset and position >= number:
                    return
                if isinstance(line, Event) and (line.account_id != account_id or (at, position) in self._excluded):
                    continue
                yield at, position, line
            yield at, None, None

    def too_often(self, rule: str, ticked_at: int, failures: int, seconds: int) -> bool:
        """Note a failure; tell whether there were `failures` of them within `seconds` of tick time, and begin anew."""
        seen = self._failures.setdefault(rule, deque())
        seen.append(ticked_at)
        while seen[0] < ticked_at - seconds * 1000:
            seen.popleft()
        if len(seen) < failures:
            return False
        seen.clear()
        return True


def letter_for(engine: Engine, offset: int, number: int, raw: bytes, problem: Problem) -> tuple[bytes, bytes]:
    """Return key and value of the dead letter for one line of the log."""
    try:
        known = msgspec.json.decode(raw, type=Envelope, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError):
        known = Envelope()
    letter = DeadLetter(
        letter_id=f"{engine.epoch}/{engine.partition}/{offset}/{number}",
        service="signals",
        reason=problem.reason,
        field=problem.field,
        message=problem.message,
        line=raw.decode(errors="backslashreplace")[:LONGEST_LINE_CHARS],
        origin=f"events/{engine.partition}/{offset}/{number}",
        at=engine.ticked_at,
        account_id=known.account_id,
        event_id=known.id,
        source=known.source,
    )
    return (known.account_id or "").encode(), encode_letter(letter)
