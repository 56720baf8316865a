"""What is kept of the account's own path, whatever the rules make of it: at each look, as a day ends, as one begins.

Values that are a path are recorded when they happen, churned or not, whether their rule is on or not. Each entry has
the name of the rule that is counted when it fails. Source: definitions 36 and 44.
"""

from collections.abc import Callable

from services.signals.core import standing, use, use_limits, whitespace
from services.signals.core.account import Account
from services.signals.core.steps import RuleFailed
from services.signals.core.terms import Terms

Hook = Callable[[Account, Terms], None]
Hooks = tuple[tuple[str, Hook], ...]

# Before the rules are looked at.
LOOKED: Hooks = (("cross_sell_fit", whitespace.note), ("limit_hit_again", use_limits.note))
# The account's today is the day that has ended, and all values of it have been taken.
ENDED: Hooks = (("cross_sell_fit", standing.close_day), ("limit_hit_again", use.end_day))
# The account's today is the day that begins, and no rule of the day has judged it yet.
BEGUN: Hooks = (("health_declining", standing.record_health),)


def run(hooks: Hooks, account: Account, terms: Terms, failed: list[RuleFailed] | None) -> None:
    """Run each hook. Errors: `RuleFailed`, unless `failed` is given: then it is noted there."""
    for rule, hook in hooks:
        try:
            hook(account, terms)
        except Exception as error:  # like a rule's own failure: the fate of its record
            failure = RuleFailed(rule, error)
            if failed is None:
                raise failure from error
            failed.append(failure)
