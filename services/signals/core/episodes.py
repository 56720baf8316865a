"""The life of a trigger: fires or is held, is released, is resolved; the same for every rule.

Per (rule, scope) levels rise. The highest level that is reached and armed fires and counts for all below it; each level
is armed again by its own threshold less the margin, only when a day changes (see `endings`).

Source: definitions 4, 5, 7, 32, 33, 34 and 66.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from services.signals.core import gate, hooks
from services.signals.core.account import Account
from services.signals.core.causes import Cause, Step
from services.signals.core.comparing import meets, reaches, value_at
from services.signals.core.endings import end_all
from services.signals.core.one_offs import happen, release_happenings
from services.signals.core.rules import RULES
from services.signals.core.rules.movers import CALM, SORTED, STILL, UNUSED
from services.signals.core.rules.row import Measure, RuleRow, spent_from
from services.signals.core.settling import reseat, settle
from services.signals.core.standstill import Standstill
from services.signals.core.state import Episode
from services.signals.core.steps import (
    HELD,
    OPEN,
    PASSED,
    RELEASED,
    Emit,
    RuleFailed,
    begin,
    by_scope,
    measured_one,
    ranked,
    reached,
    rows_after,
    rows_on,
)
from services.signals.core.terms import Terms
from shared.kernel.events.envelope import Event
from shared.kernel.triggers import Kind

Known = dict[str, list[Measure] | None]


def look(
    account: Account,
    terms: Terms,
    cause: Cause,
    emit: Emit,
    *,
    backfill: bool,
    failed: list[RuleFailed] | None = None,
    only: Sequence[RuleRow] | None = None,
) -> None:
    """Look at all rules: fire or hold what has been reached, then release what nothing holds any more.

    With `only`, no other rule can have come to be met. After an event those are measured that it may have moved, unless
    anything may be met: while something is parked, waits to be looked at, or a rule has failed.
    """
    event, begun = cause.event, len(account.episodes)
    known = event is not None and not (account.parked or account.unsettled or account.overlooked)
    still = known and (type(event) in STILL or type(event) in CALM) and account.wanted is None
    if account.now is None:
        account.now = Standstill()  # until all is settled
    if not (known and type(event) in UNUSED):
        hooks.run(hooks.LOOKED, account, terms, failed)
    if account.fact("status") == "churned":
        account.parked.clear()
        end_all(account, terms, cause, emit)
    else:
        rows = rows_after(terms, type(event)) if event is not None and known else only
        values = _fire_all(account, terms, rows, cause, emit, failed, known=known, backfill=backfill)
        if still and type(event) not in STILL:
            reseat(account, terms)
        quiet = len(account.episodes) == begun and not (account.held and account.gate_cache is None)
        if still and type(event) in CALM and quiet:
            account.now = None
            return
        if account.held or account.waiting:
            _release(account, terms, values, cause, emit, failed, backfill=backfill)
    account.overlooked = bool(failed)
    settle(account, terms, backfill=backfill, still=still)


def _fire_all(
    account: Account,
    terms: Terms,
    only: Sequence[RuleRow] | None,
    cause: Cause,
    emit: Emit,
    failed: list[RuleFailed] | None,
    *,
    known: bool,
    backfill: bool,
) -> Known:
    """Measure each rule at its turn, for some look at what those before them have fired, and fire what is reached."""
    values: Known = {}
    begun = len(account.episodes)
    for row in RULES if account.parked else rows_on(terms) if only is None else only:
        if not _is_answered(account, row, cause.event, known=known, begun=begun):
            _measure_and_fire(account, terms, row, values, cause, emit, failed, backfill=backfill)
    return values


def _is_answered(account: Account, row: RuleRow, event: Event | None, *, known: bool, begun: int) -> bool:
    """Tell whether a rule need not be measured: it has fired, or neither the event nor what has just fired moves it."""
    if row.single and not account.parked and row.name in account.episodes.by_rule:
        return True
    if event is None or not known or type(event) not in SORTED:
        return False
    if row.derived and len(account.episodes) == begun:
        return row.moved_by is not None and type(event) not in row.moved_by
    return row.concerns is not None and not row.concerns(event)


def _measure_and_fire(
    account: Account,
    terms: Terms,
    row: RuleRow,
    values: Known,
    cause: Cause,
    emit: Emit,
    failed: list[RuleFailed] | None,
    *,
    backfill: bool,
) -> None:
    measures = measured_one(account, terms, row, failed, cause.event)
    if row.fresh is None:  # otherwise these may be those of some scopes only
        values[row.name] = measures
    if measures is None:
        return
    if account.parked:
        standing = reached(terms, [(row, measures)])
        account.parked = {key for key in account.parked if key[0] != row.name or key in standing}
    if row.by_day is not None and cause.event is not None:
        return
    fire = _fire if row.happening is None else happen
    for measure in measures:
        fire(account, terms, row, measure, cause, emit, backfill=backfill)


def _fire(
    account: Account, terms: Terms, row: RuleRow, measure: Measure, cause: Cause, emit: Emit, *, backfill: bool
) -> None:
    levels = row.levels_for(terms, measure.scope)
    if measure.by_level is None and not meets(measure, levels[0].threshold, levels[0].comparison):
        return  # nor are those above it
    for index in range(len(levels) - 1, -1, -1):
        level = levels[index]
        value = value_at(measure, level.name)
        if value is None or not meets(value, level.threshold, level.comparison):
            continue
        if index < spent_from(account, row.name, measure.scope, levels):
            return
        if (row.name, measure.scope, level.name) in account.parked:
            continue
        status: Literal["fired", "held"] = (
            "fired" if gate.admits(account, terms, row.kind, backfill=backfill) else "held"
        )
        episode = begin(account, row, measure, level, status, cause)
        for lower in levels[:index]:
            if (row.name, measure.scope, lower.name) not in account.episodes:
                begin(account, row, measure, lower, PASSED, cause)
        if status == HELD:
            account.held += 1
        emit(account, Step(status, row, episode, level, value, cause))
        return


def _release(
    account: Account,
    terms: Terms,
    values: Known,
    cause: Cause,
    emit: Emit,
    failed: list[RuleFailed] | None,
    *,
    backfill: bool,
) -> None:
    if backfill or not (account.waiting or gate.admits(account, terms, "expansion", backfill=False)):
        return
    admitted: dict[Kind, bool] = {}
    by_rule = account.episodes.by_rule
    for row in RULES:
        rule = row.name
        if rule not in by_rule or not _is_held(by_rule[rule].values()):
            continue
        if row.kind not in admitted:
            admitted[row.kind] = gate.admits(account, terms, row.kind, backfill=backfill)
        if not admitted[row.kind]:
            continue
        if row.happening is not None:
            release_happenings(account, terms, row, cause, emit)
            continue
        if rule not in values:
            values[rule] = measured_one(account, terms, row, failed, None)
        scopes = {k: some for k, some in by_scope(by_rule[rule]).items() if _is_held(some)}
        for measure in values[rule] or ():
            if measure.scope in scopes:
                _release_scope(account, scopes[measure.scope], terms, row, measure, cause, emit)


def _is_held(episodes: Iterable[Episode]) -> bool:
    return any(episode.status == HELD for episode in episodes)


def _release_scope(
    account: Account, episodes: list[Episode], terms: Terms, row: RuleRow, measure: Measure, cause: Cause, emit: Emit
) -> None:
    standing, account.episodes.moved = False, True
    for episode, level in reversed(ranked(episodes, row, terms, measure.scope)):
        if episode.status != HELD:
            standing = standing or episode.status in OPEN
        elif standing:
            episode.status = PASSED
            emit(account, Step("resolved", row, episode, level, value_at(measure, episode.level), cause))
        elif reaches(measure, episode.level, episode.threshold, episode.comparison):
            episode.status, standing = RELEASED, True
            emit(account, Step("released", row, episode, level, value_at(measure, episode.level), cause))
