"""When an account's snapshot is due: at once when something changed, else now and then.

Source: design (outputs of signals).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from services.signals.core import gate, health
from services.signals.core.snapshot import explain
from shared.kernel.snapshots import LogPosition, encode_snapshot
from shared.kernel.topics import SNAPSHOTS, Topic

if TYPE_CHECKING:
    from services.signals.core.account import Account
    from services.signals.core.engine import Engine

CHECKED_EVERY_MS = 5_000


class Showcase:
    """The accounts touched since they were last shown."""

    def __init__(self) -> None:
        self._waiting: dict[str, Account] = {}

    def touched(self, account: Account) -> None:
        """Note that an account may have to be shown."""
        self._waiting[account.head.account_id] = account

    def due(self, engine: Engine, now_ms: int) -> Iterator[tuple[Topic, bytes, bytes]]:
        """Yield the snapshots that are due."""
        every_ms = engine.terms.playbook.time.snapshot_seconds * 1000
        for name, waiting in list(self._waiting.items()):
            account = engine.shelf.accounts.get(name, waiting)
            if account.changed or now_ms - account.shown_at >= every_ms or self._moved(engine, account, now_ms):
                del self._waiting[name]
                account.changed, account.shown_at = False, now_ms
                account.shown = self._face(engine, account)
                log = LogPosition(engine.epoch, engine.partition, engine.offset)
                snapshot = explain(account, engine.terms, log, engine.ticked_at, backfill=engine.backfill)
                yield SNAPSHOTS, name.encode(), encode_snapshot(snapshot)

    def _face(self, engine: Engine, account: Account) -> object:
        score = health.score(account, engine.terms)
        return None if score is None else int(score), gate.is_open(account, engine.terms, backfill=engine.backfill)

    def _moved(self, engine: Engine, account: Account, now_ms: int) -> bool:
        """Tell whether a health point or the gate has changed; looked at every few seconds."""
        if now_ms - account.checked_at < CHECKED_EVERY_MS:
            return False
        account.checked_at = now_ms
        return self._face(engine, account) != account.shown
