"""What a change of day does to an account, and a change of the playbook.

Source: definitions 7, 23, 33, 35 and 66.
"""

from services.signals.core import hooks, use_problems
from services.signals.core.account import Account
from services.signals.core.causes import Cause
from services.signals.core.comparing import reaches
from services.signals.core.day_rules import judge
from services.signals.core.endings import end, over_by_day, over_today
from services.signals.core.episodes import look
from services.signals.core.rules import RULES
from services.signals.core.rules.row import RuleRow
from services.signals.core.settling import settle
from services.signals.core.steps import PASSED, Emit, RuleFailed, begin, measured, reached, rows_of_midnight
from services.signals.core.terms import Terms
from shared.kernel.clock import iso_day, midnight_ms

RANK = {row.name: rank for rank, row in enumerate(RULES)}


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
            if reaches(measure, level.name, level.threshold, level.comparison):
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
