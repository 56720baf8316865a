"""What rules that look at other rules see: those with an open trigger that fired not long ago.

Several scopes or levels are one rule; a level that only counts as fired is none. Source: definitions 18 and 19.
"""

from collections.abc import Container

from services.signals.core.account import Account
from services.signals.core.terms import Terms

PASSED = "passed"
CONTRACTION = ("usage_decline", "ticket_surge", "champion_left", "nps_drop", "competitor_mention")


def lately_fired(account: Account, names: Container[str], days: int) -> list[str]:
    """Return which of some rules have an open trigger, held or not, that fired in the window that ends today."""
    oldest = account.head.today - days
    return sorted(
        {
            episode.rule
            for episode in account.episodes.values()
            if episode.day > oldest and episode.status != PASSED and episode.rule in names
        }
    )


def contracting(account: Account, terms: Terms) -> list[str]:
    """Return the rules that speak of contraction just now: their number is the contraction score."""
    return lately_fired(account, CONTRACTION, terms.playbook.rules.contraction_risk.days)
