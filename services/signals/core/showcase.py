"""When an account's snapshot is due: at once when something changed, else now and then.

Source: design (outputs of signals).
"""

from collections.abc import Iterator
from itertools import islice

from services.signals.core import gate, health
from services.signals.core.account import Account
from services.signals.core.output import Output
from services.signals.core.partition import Partition
from services.signals.core.snapshot import explain
from services.signals.core.standstill import Standstill
from shared.kernel.snapshots import LogPosition, encode_snapshot
from shared.kernel.topics import SNAPSHOTS

CHECKED_EVERY_MS = 5_000
MOST_LOOKED_AT = 1_000  # of those who wait: a million may
MOST_AT_ONCE = 40  # a snapshot takes about a millisecond, and no event is folded meanwhile


def due(state: Partition, offset: int, now_ms: int) -> Iterator[Output]:
    """Yield the snapshots that are due among the accounts touched since they were last shown, changed ones first.

    At midnight all are due at once: the fold waits for no more than some, the others are due still when asked next.
    """
    log = LogPosition(state.epoch, state.number, offset)
    for name, account in islice(_in_turn(state, now_ms), MOST_AT_ONCE):
        del state.unshown[name]
        state.changed.pop(name, None)
        account.now = Standstill()
        account.changed, account.shown_at, account.shown = False, now_ms, _face(state, account)
        snapshot = explain(account, state.terms, log, state.meta.ticked_at, backfill=state.backfill)
        account.now = None
        state.counts["noticed",] += bool(snapshot.notices)
        yield Output(SNAPSHOTS, name.encode(), encode_snapshot(snapshot))


def _in_turn(state: Partition, now_ms: int) -> Iterator[tuple[str, Account]]:
    """Yield who is due: first what has changed, then what was shown long ago, was let go, or has moved a little."""
    every_ms = state.terms.playbook.time.snapshot_seconds * 1000
    yield from _loaded(state, _changed(state))
    shown = state.shelf.shown
    if len(shown) > MOST_LOOKED_AT:
        for name in [name for name, (at_ms, _face) in shown.items() if now_ms - at_ms >= every_ms]:
            del shown[name]
    known, checks = state.accounts, MOST_AT_ONCE
    for name in list(islice(state.unshown, MOST_LOOKED_AT)):
        account = known.get(name)
        if account is None:
            if name not in shown or now_ms - shown[name][0] >= every_ms:
                yield from _loaded(state, [name])
        elif now_ms - account.shown_at >= every_ms:
            yield name, account
        elif checks and now_ms - account.checked_at >= CHECKED_EVERY_MS:
            checks -= 1
            if _moved(state, account, now_ms):
                yield name, account
        if name in state.unshown:  # it was not due: others have their turn first
            state.unshown[name] = state.unshown.pop(name)


def _changed(state: Partition) -> list[str]:
    """Return those to be shown at once, as many as may be."""
    while gone := [name for name in islice(state.changed, MOST_AT_ONCE) if name not in state.unshown]:
        for name in gone:  # it was removed, or what had changed was undone
            del state.changed[name]
    return list(islice(state.changed, MOST_AT_ONCE))


def _loaded(state: Partition, names: list[str]) -> Iterator[tuple[str, Account]]:
    """Yield accounts by name, loading those that were let go."""
    for name in names:
        account = state.shelf.load(name)
        if account is not None:  # pragma: no branch - who is removed does not wait to be shown
            yield name, account


def _face(state: Partition, account: Account) -> object:
    score = health.score(account, state.terms)
    reasons = tuple(gate.other_reasons(account, state.terms, backfill=state.backfill))
    return None if score is None else int(score), gate.is_open(account, state.terms, backfill=state.backfill), reasons


def _moved(state: Partition, account: Account, now_ms: int) -> bool:
    """Tell whether a health point or the gate has changed; looked at every few seconds."""
    account.checked_at = now_ms
    return _face(state, account) != account.shown
