"""When an account's snapshot is due: at once when something changed, else now and then.

Source: design (outputs of signals).
"""

from collections.abc import Iterator

from services.signals.core import gate, health
from services.signals.core.account import Account
from services.signals.core.output import Output
from services.signals.core.partition import Partition
from services.signals.core.snapshot import explain
from shared.kernel.snapshots import LogPosition, encode_snapshot
from shared.kernel.topics import SNAPSHOTS

CHECKED_EVERY_MS = 5_000


def due(state: Partition, offset: int, now_ms: int) -> Iterator[Output]:
    """Yield the snapshots that are due among the accounts touched since they were last shown."""
    every_ms = state.terms.playbook.time.snapshot_seconds * 1000
    log = LogPosition(state.epoch, state.number, offset)
    for name, waiting in list(state.unshown.items()):
        account = state.shelf.accounts.get(name, waiting)
        if account.changed or now_ms - account.shown_at >= every_ms or _moved(state, account, now_ms):
            del state.unshown[name]
            account.changed, account.shown_at, account.shown = False, now_ms, _face(state, account)
            snapshot = explain(account, state.terms, log, state.meta.ticked_at, backfill=state.backfill)
            state.counts["noticed",] += bool(snapshot.notices)
            yield Output(SNAPSHOTS, name.encode(), encode_snapshot(snapshot))


def _face(state: Partition, account: Account) -> object:
    score = health.score(account, state.terms)
    reasons = tuple(gate.other_reasons(account, state.terms, backfill=state.backfill))
    return None if score is None else int(score), gate.is_open(account, state.terms, backfill=state.backfill), reasons


def _moved(state: Partition, account: Account, now_ms: int) -> bool:
    """Tell whether a health point or the gate has changed; looked at every few seconds."""
    if now_ms - account.checked_at < CHECKED_EVERY_MS:
        return False
    account.checked_at = now_ms
    return _face(state, account) != account.shown
