"""Rules of the day: their values are taken when the day changes, over the windows that end on the day that has ended.

Between two changes of day the values stand still, so that an account of many users is gone through once a day. They lie
in the days page: a restart at noon knows what was judged at midnight. Source: definitions 23, 35, 36 and 67.
"""

from services.signals.core.account import Account
from services.signals.core.measures import Measure
from services.signals.core.rules import RULES
from services.signals.core.rules.row import RuleRow
from services.signals.core.steps import RuleFailed
from services.signals.core.terms import Terms

BY_DAY = tuple(row for row in RULES if row.by_day)


def judge(account: Account, terms: Terms, failed: list[RuleFailed]) -> list[RuleRow]:
    """Take the values of the day that has ended, the account's today; return the rules first covered by it.

    A rule that fails is noted in `failed` and has no answer until the next change of day.
    """
    first: list[RuleRow] = []
    for row in BY_DAY:
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


def forget(account: Account, user_id: str) -> None:
    """Take a person who is erased out of what was judged."""
    for values in account.days.judged.values():
        for measure in values or ():
            account.days_dirty = measure.forget(user_id) or account.days_dirty
