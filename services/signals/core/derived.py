"""What rules that look at other rules see: those with an open trigger that fired not long ago.

Several scopes or levels are one rule; a level that only counts as fired is none. Source: definitions 18 and 19.
"""

from collections.abc import Container

from services.signals.core.account import Account
from services.signals.core.state import Episode, Key
from services.signals.core.terms import Terms

PASSED = "passed"
CONTRACTION = ("usage_decline", "ticket_surge", "champion_left", "nps_drop", "competitor_mention")


def lately_fired(account: Account, names: Container[str], days: int) -> list[str]:
    """Return which of some rules have an open trigger, held or not, that fired in the window that ends today."""
    oldest = account.head.today - days
    by_rule = account.episodes.by_rule
    return sorted(rule for rule in by_rule if rule in names and _has_fired(by_rule[rule], oldest))


def _has_fired(episodes: dict[Key, Episode], oldest: int) -> bool:
    """Tell whether one of a rule's episodes, the latest last, fired after a day: there may be thousands of them."""
    for episode in reversed(episodes.values()):
        if episode.day <= oldest:
            return False
        if episode.status != PASSED:
            return True
    return False


def contracting(account: Account, terms: Terms) -> list[str]:
    """Return the rules that speak of contraction just now: their number is the contraction score."""
    return lately_fired(account, CONTRACTION, terms.playbook.rules.contraction_risk.days)
