"""The life of a trigger: fires or is held, is released, is resolved; the same for every rule.

Per (rule, scope) levels rise. The highest level that is reached and armed fires and counts for all below it; each level
is armed again by its own threshold less the margin, only when a day changes (see `endings`).

Source: definitions 4, 5, 7, 32, 33, 34 and 66.
"""

from typing import Literal

from services.signals.core import gate
from services.signals.core.account import Account
from services.signals.core.day_rules import judge
from services.signals.core.endings import end_all, end_of_day
from services.signals.core.one_offs import happen, release_happenings
from services.signals.core.rules import RULES
from services.signals.core.rules.row import Measure, RuleRow, spent_from
from services.signals.core.state import FAR
from services.signals.core.steps import (
    HELD,
    OPEN,
    PASSED,
    RELEASED,
    Cause,
    Emit,
    RuleFailed,
    Step,
    Values,
    begin,
    measured,
    measured_one,
    ranked,
    reached,
)
from services.signals.core.terms import Terms
from shared.kernel.clock import iso_day, midnight_ms


def look(
    account: Account,
    terms: Terms,
    cause: Cause,
    emit: Emit,
    *,
    backfill: bool,
    failed: list[RuleFailed] | None = None,
) -> None:
    """Look at all rules: fire or hold what has been reached, then release what nothing holds any more."""
    if account.fact("status") == "churned":
        account.parked.clear()
        end_all(account, terms, cause, emit)
    else:
        values: Values = []
        for row in RULES:  # each is measured at its turn: some look at what those before them have fired
            measures = measured_one(account, terms, row, failed, cause.event)
            if measures is None:
                continue
            values.append((row, measures))
            if account.parked:
                standing = reached(terms, values[-1:])
                account.parked = {key for key in account.parked if key[0] != row.name or key in standing}
            if row.by_day and cause.event is not None:
                continue
            fire = _fire if row.happening is None else happen
            for measure in measures:
                fire(account, terms, row, measure, cause, emit, backfill=backfill)
        if account.held:
            _release(account, terms, values, cause, emit, backfill=backfill)
    settle(account, terms)


def settle(account: Account, terms: Terms) -> None:
    """Note from which values on the rules must be looked at again."""
    account.held = sum(episode.status == HELD for episode in account.episodes.values())
    account.watch_usage, account.watch_active = None, FAR
    for metric in account.metrics.values():
        metric.watch = FAR
    for row in RULES:
        row.watch(account, terms)


def _fire(
    account: Account, terms: Terms, row: RuleRow, measure: Measure, cause: Cause, emit: Emit, *, backfill: bool
) -> None:
    levels = row.levels_for(terms, measure.scope)
    for index in range(len(levels) - 1, -1, -1):
        level = levels[index]
        if not measure.meets(level.threshold, level.comparison):
            continue
        if index < spent_from(account, row.name, measure.scope, levels):
            return
        if (row.name, measure.scope, level.name) in account.parked:
            continue
        status: Literal["fired", "held"] = "fired" if gate.is_open(account, terms, backfill=backfill) else "held"
        episode = begin(account, row, measure, level, status, cause)
        for lower in levels[:index]:
            if (row.name, measure.scope, lower.name) not in account.episodes:
                begin(account, row, measure, lower, PASSED, cause)
        if status == HELD:
            account.held += 1
        emit(account, Step(status, row, episode, level, measure, cause))
        return


def _release(
    account: Account,
    terms: Terms,
    values: Values,
    cause: Cause,
    emit: Emit,
    *,
    backfill: bool,
) -> None:
    if not gate.is_open(account, terms, backfill=backfill):
        return
    for row, measures in values:
        if row.happening is not None:
            release_happenings(account, terms, row, cause, emit)
            continue
        for measure in measures:
            _release_scope(account, terms, row, measure, cause, emit)


def _release_scope(account: Account, terms: Terms, row: RuleRow, measure: Measure, cause: Cause, emit: Emit) -> None:
    levels = list(ranked(account, row, terms, measure.scope))
    standing = False
    for episode, level in reversed(levels):
        if episode.status != HELD:
            standing = standing or episode.status in OPEN
        elif standing:
            episode.status = PASSED
            emit(account, Step("resolved", row, episode, level, measure, cause))
        elif measure.meets(episode.threshold, episode.comparison):
            episode.status, standing = RELEASED, True
            emit(account, Step("released", row, episode, level, measure, cause))


def change_day(
    account: Account, terms: Terms, day: int, emit: Emit, failed: list[RuleFailed], *, backfill: bool
) -> None:
    """Let the account's day become `day`, the one after its today: end, then look at all rules of the new day.

    A rule that fails at a change of day is noted in `failed` and sits this day out: there is no record to blame.
    """
    head = account.head
    cause = Cause(f"day/{iso_day(day)}", midnight_ms(day))
    churned = account.fact("status") == "churned"
    first = judge(account, terms, failed)
    if account.episodes and not churned:
        end_of_day(account, terms, day, cause, emit, failed)
    if any(head.today in metric.cells for metric in account.metrics.values()):
        account.days_dirty = True
    head.today = day
    terms.turn(account)
    account.parked.clear()
    for row in first if not churned else ():
        _count_as_fired(account, terms, row, cause)
    look(account, terms, cause, emit, backfill=backfill, failed=failed)


def _count_as_fired(account: Account, terms: Terms, row: RuleRow, cause: Cause) -> None:
    """Let what holds when a rule's window is first covered count as fired (definition 23)."""
    for measure in account.days.judged.get(row.name) or ():
        for level in row.levels_for(terms, measure.scope):
            if measure.meets(level.threshold, level.comparison):
                begin(account, row, measure, level, PASSED, cause)


def change_terms(account: Account, before: Terms, after: Terms) -> None:
    """Judge the account by other terms from now on.

    What becomes true only by the change is parked until the account's next change of day (definition 66).
    """
    known = reached(before, measured(account, before, []))
    after.refresh(account)
    if account.fact("status") != "churned":
        account.parked |= reached(after, measured(account, after, [])) - known
    settle(account, after)
