"""Which sources are silent: folded in every partition, told by one.

Every partition keeps it, because rules about accounts look at it (definition 53); the partition that murmur2 gives the
source's name emits the trigger, whose id hangs on the source and the instant that ingest decided for. Repeats are
nothing: of two records about one source the later `at` holds. Source: playbook section 7, definitions 41, 63, 74.
"""

import msgspec

from services.signals.core.output import Output
from services.signals.core.partition import Partition
from services.signals.core.recommend import due_ms, play_of
from services.signals.core.rules.source_silent import ROW
from services.signals.core.source_state import SourceState, silent_now
from shared.kernel.controls import SourceHeard
from shared.kernel.ids import partition_for, trigger_id
from shared.kernel.topics import TRIGGERS
from shared.kernel.triggers import Gate, Health, Recommendation, Record, Trigger, encode_trigger

NO_ACCOUNT = ""
OPEN = frozenset({"fired", "held", "released"})


def hear(state: Partition, control: SourceHeard) -> None:
    """Fold what ingest says of a source; open or end its trigger."""
    known = state.meta.sources.get(control.source)
    if known is not None and control.at <= known.at:
        return
    now = SourceState(
        control.at,
        control.silent,
        control.last_heard_at,
        control.usual_per_hour,
        control.missed_hours,
        control.missed_events,
        *(() if known is None else (known.status, known.opened_at, known.held_since)),
    )
    if control.silent and now.status not in OPEN and state.terms.enabled(ROW.name):
        held = state.backfill
        at_ms = _clock(state, control.at)
        now = msgspec.structs.replace(
            now, status="held" if held else "fired", opened_at=control.at, held_since=at_ms if held else None
        )
        _emit(state, control.source, now, "held" if held else "fired", at_ms)
    elif not control.silent:
        now = _end(state, control.source, now, _clock(state, control.at))
    _keep(state, control.source, now)


def settle(state: Partition, at_ms: int) -> None:
    """Look at what is open again: history has ended, or the rule was switched off."""
    for source, known in state.meta.sources.items():
        if known.status not in OPEN:
            continue
        if not state.terms.enabled(ROW.name):
            _keep(state, source, _end(state, source, known, _clock(state, at_ms)))
        elif known.status == "held" and not state.backfill:
            released = msgspec.structs.replace(known, status="released")
            _emit(state, source, released, "released", _clock(state, at_ms))
            _keep(state, source, released)


def _clock(state: Partition, at_ms: int) -> int:
    return max(at_ms, state.meta.ticked_at)


def _keep(state: Partition, source: str, known: SourceState) -> None:
    state.meta.sources = state.meta.sources | {source: known}  # a new one: the journal holds the one of the last flush
    state.terms.silent = silent_now(state.meta.sources)


def _end(state: Partition, source: str, known: SourceState, at_ms: int) -> SourceState:
    if known.status in OPEN:
        _emit(state, source, known, "resolved", at_ms)
    return msgspec.structs.replace(known, status="", held_since=None)


def _emit(state: Partition, source: str, known: SourceState, record: Record, at_ms: int) -> None:
    if partition_for(source, state.of) != state.number:
        return
    terms, held = state.terms, record == "held"
    name, play = play_of(terms, ROW.name)
    decided_by = f"source/{known.opened_at}"
    trigger = Trigger(
        record=record,
        trigger_id=trigger_id(NO_ACCOUNT, ROW.name, source, None, decided_by),
        rule=ROW.name,
        category="ops",
        kind="ops",
        level=None,
        scope=source,
        scope_type=ROW.scope_type,
        account_id=NO_ACCOUNT,
        segment="",
        occurred_at=at_ms,
        window_days=ROW.window_days(terms),
        evidence=ROW.evidence(source, known),
        gate=Gate(not held, 0 if held else 100, 1.0, (), ("backfill",) if held else ()),
        health=Health(None, {}),
        recommendation=Recommendation(name, "ops", play.owner_role, (), play.response, due_ms(at_ms, play)),
        estimated_acv=None,
        playbook_version=terms.playbook.version,
        decided_by=decided_by,
        received_at=None,
        emitted_at=state.now_ms,
        held_since=known.held_since,
    )
    state.emit(Output(TRIGGERS, source.encode(), encode_trigger(trigger)))
    state.counts["triggers", ROW.name, record] += 1
    if held:
        state.counts["held", "backfill"] += 1
