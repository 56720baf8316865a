"""A person who is given a seat and has never been heard of: mostly nobody need look at the rules because of it.

Nobody has acted, so health and the number of active users stay as they are, of the account and of each department; only
the seats given away become more. Source: design (throughput), definitions 13, 21 and 50.
"""

from services.signals.core.account import Account
from services.signals.core.rules import seat_saturation
from services.signals.core.settling import reseat
from services.signals.core.terms import Terms
from shared.kernel.events.user_provisioned import UserProvisioned


def are_quiet(account: Account, department: str | None, terms: Terms) -> bool:
    """Tell whether a newcomer brings no rule about, whichever seat it is; asked before the seat is given."""
    if account.held or account.parked or account.overlooked or account.wanted is not None or account.forgotten:
        return False
    if account.fact("status") == "churned" or UserProvisioned in terms.problems.types:
        return False
    return department is None or department in account.people.assigned_in


def seated(account: Account, terms: Terms) -> bool:
    """Note what the seat of a quiet newcomer changes; tell whether the rules must be looked at all the same."""
    if seat_saturation.is_filled(account, terms):
        return True
    reseat(account, terms)
    return False
