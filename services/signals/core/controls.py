"""What control records do: time, history, playbooks, rules.

Source: design (one input log), definitions 63, 66, 72, 73 and 74.
"""

from collections.abc import Callable
from typing import Any

from services.signals.core import removing, sources
from services.signals.core.account import Account
from services.signals.core.midnights import change_terms
from services.signals.core.partition import Partition
from services.signals.core.settling import settle
from services.signals.core.terms import Terms
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
    HANDLERS[type(control)](state, control, offset, only)


def _backfill(state: Partition, control: Backfill, _offset: int, only: str | None) -> None:
    if control.state == "end":
        state.meta.phase = "live"
        _hand_over(state, only)
        sources.settle(state, control.at)
    elif state.meta.live_ticked:
        state.counts["backfill_refused",] += 1
    else:
        state.meta.phase = "backfill"


def _playbook(state: Partition, control: PlaybookSet, offset: int, only: str | None) -> None:
    state.meta.playbook_version = control.version
    _judge_by(state, state.terms_in_force(), offset, only)
    sources.settle(state, control.at)


def _rule(state: Partition, control: RuleSwitched, offset: int, only: str | None) -> None:
    off = set(state.meta.switched_off) - {control.rule}
    after = tuple(sorted(off if control.enabled else off | {control.rule}))
    if after != state.meta.switched_off:
        state.meta.switched_off = after
        _judge_by(state, state.terms_in_force(), offset, only)
        sources.settle(state, control.at)


def _source(state: Partition, control: SourceHeard, _offset: int, _only: str | None) -> None:
    sources.hear(state, control)


def _removed(state: Partition, control: AccountRemoved, offset: int, only: str | None) -> None:
    if only is None or only == control.account_id:
        removing.remove(state, control, offset)


def _accounts(state: Partition, only: str | None) -> list[Account]:
    if only is None:
        return state.shelf.all()
    one = state.shelf.load(only)
    return [] if one is None else [one]


def _tick(state: Partition, tick: Tick, offset: int, only: str | None) -> None:
    meta = state.meta
    meta.live_ticked = meta.live_ticked or tick.live
    if tick.at <= meta.ticked_at:
        return
    day, turned = tick.at // DAY_MS, tick.at // DAY_MS > meta.ticked_at // DAY_MS
    meta.ticked_at = tick.at
    if not turned:
        return
    for account in _accounts(state, only):
        if account.offset < offset and account.head.today < day:
            state.touch(account, offset)
            state.step(account, day)


def _judge_by(state: Partition, after: Terms, offset: int, only: str | None) -> None:
    accounts = _accounts(state, only)  # loaded by the terms before, so that both can be compared
    before, state.terms = state.terms, after
    for account in accounts:
        if account.offset < offset:
            state.touch(account, offset)
            change_terms(account, before, after, backfill=state.backfill)
        else:  # a flush was torn: its pages were judged by these terms already, but loaded under those before
            state.prepare(account)


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


HANDLERS: dict[type[Control], Callable[[Partition, Any, int, str | None], None]] = {
    Tick: _tick,
    Backfill: _backfill,
    PlaybookSet: _playbook,
    RuleSwitched: _rule,
    SourceHeard: _source,
    Quintiles: _place,
    AccountRemoved: _removed,
}
