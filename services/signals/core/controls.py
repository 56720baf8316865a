"""What control records do: time, history, playbooks, rules.

Source: design (one input log), definitions 63, 66, 72, 73 and 74.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.signals.core.episodes import change_terms
from services.signals.core.terms import Terms
from shared.kernel.clock import DAY_MS
from shared.kernel.codec import encode_line
from shared.kernel.controls import Backfill, Control, PlaybookSet, RuleSwitched, Tick

if TYPE_CHECKING:
    from services.signals.core.account import Account
    from services.signals.core.engine import Engine


def apply(engine: Engine, control: Control, offset: int, only: str | None = None) -> None:
    """Fold a control record; with `only`, for one account (which is being refolded)."""
    if isinstance(control, Tick):
        _tick(engine, control, offset, only)
    elif isinstance(control, Backfill):
        if control.state == "end":
            engine.meta.phase = "live"
        elif not engine.meta.live_ticked:
            engine.meta.phase = "backfill"
    elif isinstance(control, PlaybookSet):
        _playbook(engine, control, offset, only)
    elif isinstance(control, RuleSwitched):
        _switch(engine, control, offset, only)


def _accounts(engine: Engine, offset: int, only: str | None) -> list[Account]:
    if only is None:
        found = engine.shelf.all()
    else:
        one = engine.shelf.load(only)
        found = [] if one is None else [one]
    return [account for account in found if account.offset < offset]


def _tick(engine: Engine, tick: Tick, offset: int, only: str | None) -> None:
    meta = engine.meta
    meta.live_ticked = meta.live_ticked or tick.live
    if tick.at <= meta.ticked_at:
        return
    day, turned = tick.at // DAY_MS, tick.at // DAY_MS > meta.ticked_at // DAY_MS
    meta.ticked_at = tick.at
    if not turned:
        return
    for account in _accounts(engine, offset, only):
        if account.head.today < day:
            engine.touch(account, offset)
            engine.step(account, day)


def _playbook(engine: Engine, control: PlaybookSet, offset: int, only: str | None) -> None:
    engine.meta.playbook_version = control.version
    if control.version not in engine.playbooks:
        engine.wait_for_playbook(offset, control)
        return
    _judge_by(engine, terms_of(engine), offset, only)


def _switch(engine: Engine, control: RuleSwitched, offset: int, only: str | None) -> None:
    off = set(engine.meta.switched_off)
    if control.enabled:
        off.discard(control.rule)
    else:
        off.add(control.rule)
    engine.meta.switched_off = tuple(sorted(off))
    _judge_by(engine, terms_of(engine), offset, only)


def terms_of(engine: Engine) -> Terms:
    """Return the terms that the partition's meta page names."""
    version = engine.meta.playbook_version or engine.first_version
    return Terms(engine.playbooks[version], frozenset(engine.meta.switched_off))


def _judge_by(engine: Engine, after: Terms, offset: int, only: str | None) -> None:
    before, engine.terms = engine.terms, after
    for account in _accounts(engine, offset, only):
        engine.touch(account, offset)
        change_terms(account, before, after)


def switch_off(rule: str, at_ms: int, why: str) -> bytes:
    """Return the control record that switches a rule off."""
    return encode_line(RuleSwitched(at=at_ms, rule=rule, enabled=False, reason=why[:500]))
