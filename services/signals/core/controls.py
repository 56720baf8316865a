"""What control records do: time, history, playbooks, rules.

Source: design (one input log), definitions 63, 66, 72, 73 and 74.
"""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from services.signals.core import removing, sources
from services.signals.core.account import Account
from services.signals.core.meta import Meta
from services.signals.core.midnights import change_terms
from services.signals.core.partition import Partition
from services.signals.core.settling import settle
from shared.kernel.clock import DAY_MS
from shared.kernel.codec import encode_line
from shared.kernel.controls import (
    AccountRemoved,
    Backfill,
    Control,
    PlaybookSet,
    Quintiles,
    RuleSwitched,
    SourceHeard,
    Tick,
)
from shared.kernel.quantities import millionths


def apply(state: Partition, control: Control, offset: int, only: str | None = None) -> None:
    """Fold a control record; with `only`, for one account (which is being refolded)."""
    for _ in sweep(state, control, offset, only):
        pass


def sweep(state: Partition, control: Control, offset: int, only: str | None = None) -> Iterator[None]:
    """Fold a control record account by account, and stop after each, changed or not: each may have been loaded.

    Whoever stops may write accounts and let them go. The partition's own state is that of before until all are through,
    so a worker that dies in between begins again, and passes over the accounts that were written.
    """
    kind = type(control)
    if kind in SWEEPS:
        yield from SWEEPS[kind](state, control, offset, only)
    else:
        HANDLERS[kind](state, control, offset, only)


def _backfill(state: Partition, control: Backfill, _offset: int, only: str | None) -> None:
    if control.state == "end":
        state.meta.phase = "live"
        _hand_over(state, only)
        sources.settle(state, control.at)
    elif state.meta.live_ticked:
        state.counts["backfill_refused",] += 1
    else:
        state.meta.phase = "backfill"


def _playbook(state: Partition, control: PlaybookSet, offset: int, only: str | None) -> Iterator[None]:
    yield from _judge_by(state, replace(state.meta, playbook_version=control.version), offset, only)
    state.meta.playbook_version = control.version
    sources.settle(state, control.at)


def _rule(state: Partition, control: RuleSwitched, offset: int, only: str | None) -> Iterator[None]:
    off = set(state.meta.switched_off) - {control.rule}
    after = tuple(sorted(off if control.enabled else off | {control.rule}))
    if after != state.meta.switched_off:
        yield from _judge_by(state, replace(state.meta, switched_off=after), offset, only)
        state.meta.switched_off = after
        sources.settle(state, control.at)


def _source(state: Partition, control: SourceHeard, _offset: int, _only: str | None) -> None:
    sources.hear(state, control)


def _removed(state: Partition, control: AccountRemoved, offset: int, only: str | None) -> None:
    if only is None or only == control.account_id:
        removing.remove(state, control, offset)


def _accounts(state: Partition, only: str | None) -> Iterator[Account]:
    if only is None:
        yield from state.shelf.each()
    elif (one := state.shelf.load(only)) is not None:
        yield one


def _tick(state: Partition, tick: Tick, offset: int, only: str | None) -> Iterator[None]:
    meta, day = state.meta, tick.at // DAY_MS
    if day > meta.ticked_at // DAY_MS:
        for account in _accounts(state, only):
            if account.offset < offset and account.head.today < day:
                state.touch(account, offset)
                state.step(account, day)
            yield
    meta.live_ticked = meta.live_ticked or tick.live
    meta.ticked_at = max(meta.ticked_at, tick.at)


def _judge_by(state: Partition, named: Meta, offset: int, only: str | None) -> Iterator[None]:
    """Judge all accounts by the terms that a meta page names; they are loaded by those before, to compare both."""
    before, after = state.terms, state.terms_by(named)
    for account in _accounts(state, only):
        if account.offset < offset:
            state.touch(account, offset)
            change_terms(account, before, after, backfill=state.backfill)
        else:  # its pages were judged by these terms already, before a flush was torn or the worker died in between
            after.refresh(account)
            settle(account, after, backfill=state.backfill)
        yield
    state.terms = after


def _hand_over(state: Partition, only: str | None) -> None:
    """Let accounts that hold something be looked at with their next record; those not in memory are when they are."""
    for name, account in state.shelf.accounts.items():
        if (only is None or name == only) and (account.held or account.waiting):
            settle(account, state.terms, backfill=False)


def _place(state: Partition, control: Quintiles, _offset: int, only: str | None) -> None:
    """Take other bounds of usage per seat; accounts that they move are looked at with their next record."""
    meta = state.meta
    if meta.quintiles_at is not None and control.at < meta.quintiles_at:
        return
    meta.quintiles_at = control.at
    meta.quintiles = {
        key: (millionths(a), millionths(b), millionths(c), millionths(d))
        for key, (a, b, c, d) in control.segments.items()
    }
    state.terms.bounds = meta.quintiles
    for name, account in state.shelf.accounts.items():
        if only is None or name == only:
            settle(account, state.terms, backfill=state.backfill)


def switch_off(rule: str, at_ms: int, why: str) -> bytes:
    """Return the control record that switches a rule off."""
    return encode_line(RuleSwitched(at=at_ms, rule=rule, enabled=False, reason=why[:500]))


SWEEPS: dict[type[Control], Callable[[Partition, Any, int, str | None], Iterator[None]]] = {
    Tick: _tick,
    PlaybookSet: _playbook,
    RuleSwitched: _rule,
}
HANDLERS: dict[type[Control], Callable[[Partition, Any, int, str | None], None]] = {
    Backfill: _backfill,
    SourceHeard: _source,
    Quintiles: _place,
    AccountRemoved: _removed,
}
