"""Rules of the day: their values are taken when the day changes, as of the day that ended or begins.

Between two changes of day the values stand still, so that an account of many users is gone through once a day. They lie
in the days page: a restart at noon knows what was judged at midnight. Source: definitions 23, 35, 36 and 67.
"""

from typing import Literal

from services.signals.core.account import Account
from services.signals.core.measures import Measure
from services.signals.core.rules import RULES
from services.signals.core.rules.row import RuleRow
from services.signals.core.steps import RuleFailed
from services.signals.core.terms import Terms

Phase = Literal["ended", "begins"]
BY_DAY: dict[Phase, tuple[RuleRow, ...]] = {
    "ended": tuple(row for row in RULES if row.by_day == "ended"),
    "begins": tuple(row for row in RULES if row.by_day == "begins"),
}


def judge(account: Account, terms: Terms, phase: Phase, failed: list[RuleFailed]) -> list[RuleRow]:
    """Take the values of a phase's rules as of the account's today; return the rules first covered by it.

    A rule that fails is noted in `failed` and has no answer until the next change of day.
    """
    first: list[RuleRow] = []
    for row in BY_DAY[phase]:
        values: list[Measure] | None = None
        try:
            covered = row.covered is None or row.covered(account, terms)
            values = list(row.measure(account, terms)) if covered and terms.enabled(row.name) else []
        except Exception as error:  # noqa: BLE001 - fate: the rule sits this day out, whatever it raises
            failed.append(RuleFailed(row.name, error))
        else:
            if covered and row.covered is not None and row.name not in account.head.covered:
                account.head.covered = (*account.head.covered, row.name)
                first.append(row)
        if account.days.judged.get(row.name, []) != values:
            account.days.judged[row.name] = values
            account.days_dirty = True
    return first
