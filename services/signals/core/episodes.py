"""The life of a trigger: fires or is held, is released, is resolved; the same for every rule.

Per (rule, scope) levels rise. The highest level that is reached and armed fires and counts for all below it; each level
is armed again by its own threshold less the margin, only when a day changes (see `endings`).

Source: definitions 4, 5, 7, 32, 33, 34 and 66.
"""

from collections.abc import Sequence
from typing import Literal

from services.signals.core import gate, hooks, use_problems
from services.signals.core.account import Account
from services.signals.core.day_rules import judge
from services.signals.core.endings import end, end_all, over_by_day, over_today
from services.signals.core.one_offs import happen, release_happenings
from services.signals.core.rules import BY_NAME, RULES
from services.signals.core.rules.movers import SORTED, STILL
from services.signals.core.rules.row import Measure, RuleRow, spent_from
from services.signals.core.settling import settle
from services.signals.core.state import Episode
from services.signals.core.steps import (
    HELD,
    OPEN,
    PASSED,
    RELEASED,
    Cause,
    Emit,
    RuleFailed,
    Step,
    begin,
    by_scope,
    measured,
    measured_one,
    ranked,
    reached,
    rows_after,
    rows_of_midnight,
    rows_on,
)
from services.signals.core.terms import Terms
from shared.kernel.clock import iso_day, midnight_ms
from shared.kernel.events.envelope import Event
from shared.kernel.triggers import Kind

Known = dict[str, list[Measure] | None]
RANK = {row.name: rank for rank, row in enumerate(RULES)}


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
    still = known and type(event) in STILL and account.wanted is None
    if account.health_now is None:
        account.health_now = ()  # from now on until all is settled health does not move
    hooks.run(hooks.LOOKED, account, terms, failed)
    if account.fact("status") == "churned":
        account.parked.clear()
        end_all(account, terms, cause, emit)
    else:
        if event is not None and known:
            only = rows_after(terms, type(event))
        rows = RULES if account.parked else rows_on(terms) if only is None else only
        values: Known = {}
        for row in rows:  # each is measured at its turn: some look at what those before them have fired
            if not (known and row.derived and len(account.episodes) == begun and _is_still(row, event)):
                _measure_and_fire(account, terms, row, values, cause, emit, failed, backfill=backfill)
        if account.held or account.waiting:
            _release(account, terms, values, cause, emit, failed, backfill=backfill)
    account.overlooked = bool(failed)
    settle(account, terms, backfill=backfill, still=still and len(account.episodes) == begun)


def _is_still(row: RuleRow, event: Event | None) -> bool:
    """Tell whether a rule cannot have been moved by an event itself."""
    return type(event) in SORTED and row.moved_by is not None and type(event) not in row.moved_by


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
    if measure.by_level is None and not measure.meets(levels[0].threshold, levels[0].comparison):
        return  # nor are those above it
    for index in range(len(levels) - 1, -1, -1):
        level = levels[index]
        value = measure.at(level.name)
        if value is None or not value.meets(level.threshold, level.comparison):
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
    for rule, scopes in by_scope(account, HELD).items():
        row = BY_NAME[rule]
        if row.kind not in admitted:
            admitted[row.kind] = gate.admits(account, terms, row.kind, backfill=backfill)
        if not admitted[row.kind]:
            continue
        if row.happening is not None:
            release_happenings(account, terms, row, cause, emit)
            continue
        if rule not in values:
            values[rule] = measured_one(account, terms, row, failed, None)
        for measure in values[rule] or ():
            if measure.scope in scopes:
                _release_scope(account, scopes[measure.scope], terms, row, measure, cause, emit)


def _release_scope(
    account: Account, episodes: list[Episode], terms: Terms, row: RuleRow, measure: Measure, cause: Cause, emit: Emit
) -> None:
    standing = False
    for episode, level in reversed(ranked(episodes, row, terms, measure.scope)):
        if episode.status != HELD:
            standing = standing or episode.status in OPEN
        elif standing:
            episode.status = PASSED
            emit(account, Step("resolved", row, episode, level, measure.at(episode.level), cause))
        elif measure.reaches(episode.level, episode.threshold, episode.comparison):
            episode.status, standing = RELEASED, True
            emit(account, Step("released", row, episode, level, measure.at(episode.level), cause))


def change_day(
    account: Account, terms: Terms, day: int, emit: Emit, failed: list[RuleFailed], *, backfill: bool
) -> None:
    """Let the account's day become `day`, the one after its today: end, then look at all rules of the new day.

    What is judged or ends by the day that has ended is taken first; then the day turns; then come the rules that judge
    the day that begins. A rule that fails is noted in `failed` and sits this day out: there is no record to blame.
    """
    head = account.head
    cause = Cause(f"day/{iso_day(day)}", midnight_ms(day))
    churned = account.fact("status") == "churned"
    quiet = not (account.parked or account.unsettled or account.overlooked)
    first = judge(account, terms, "ended", failed)
    over = over_today(account, terms, day, failed) if account.episodes and not churned else []
    hooks.run(hooks.ENDED, account, terms, failed)
    if any(head.today in metric.cells for metric in account.metrics.values()):
        account.days_dirty = True
    head.today = day
    terms.turn(account)
    account.parked.clear()
    hooks.run(hooks.BEGUN, account, terms, failed)
    first += judge(account, terms, "begins", failed)
    if not churned:
        if account.episodes:
            over += over_by_day(account, terms)
            quiet = quiet and not over
            for ending in sorted(over, key=lambda ending: RANK[ending[0].name]):
                end(account, ending, cause, emit)
        for row in first:
            _count_as_fired(account, terms, row, cause)
    only = rows_of_midnight(terms) if quiet else None
    look(account, terms, cause, emit, backfill=backfill, failed=failed, only=only)


def _count_as_fired(account: Account, terms: Terms, row: RuleRow, cause: Cause) -> None:
    """Let what holds when a rule's window is first covered count as fired (definition 23)."""
    for measure in account.days.judged.get(row.name) or ():
        for level in row.levels_for(terms, measure.scope):
            if measure.reaches(level.name, level.threshold, level.comparison):
                begin(account, row, measure, level, PASSED, cause)


def change_terms(account: Account, before: Terms, after: Terms, *, backfill: bool) -> None:
    """Judge the account by other terms from now on.

    What becomes true only by the change is parked until the account's next change of day (definition 66).
    """
    known = reached(before, measured(account, before, []))
    after.refresh(account)
    use_problems.keep_only(account, after.problems.keys)
    if account.fact("status") != "churned":
        account.parked |= reached(after, measured(account, after, [])) - known
    settle(account, after, backfill=backfill)
