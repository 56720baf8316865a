"""The brief that goes with a lead to the account executive: what the customer success manager knows of the account.

Source: playbook section 8.
"""

from collections.abc import Callable

from services.signals.core.account import Account
from services.signals.core.terms import Terms, days_to_renewal
from shared.kernel.clock import iso_day
from shared.kernel.triggers import Handoff


def brief(account: Account, terms: Terms) -> Handoff:
    """Return what the playbook wants in the brief, as far as it is known."""
    ownership = terms.playbook.ownership
    asked = [(name, FACTS[name](account, terms)) for name in ownership.handoff_brief if name in FACTS]
    return Handoff({name: text for name, text in asked if text}, ownership.ae_quote_hours)


def _usage(account: Account, terms: Terms) -> str:
    seats, days = account.fact("seats"), terms.month_days
    of_seats = f" of {seats:,} seats" if seats else " users"
    plan = account.fact("plan")
    return f"{account.active_month:,}{of_seats} active in {days} days" + (f" on the plan {plan}" if plan else "")


def _champion(account: Account, _terms: Terms) -> str:
    named = [(role, account.fact(fact)) for role, fact in (("champion", "champion"), ("sponsor", "exec_sponsor"))]
    return ", ".join(f"{role} {who}" if isinstance(who, str) else role for role, who in named if who)


def _goals(account: Account, _terms: Terms) -> str:
    reached = ["primary outcome"] * account.head.primary_outcome + list(account.head.milestones)
    return f"reached: {', '.join(reached)}" if reached else ""


def _timing(account: Account, _terms: Terms) -> str:
    left, month = days_to_renewal(account), account.fact("budget_month")
    renewal = (
        f"renews on {iso_day(account.head.today + left)}, in {left} days" if left is not None and left >= 0 else ""
    )
    return ", ".join(filter(None, (renewal, f"budget in month {month}" if month else "")))


FACTS: dict[str, Callable[[Account, Terms], str]] = {
    "usage": _usage,
    "champion": _champion,
    "goals": _goals,
    "timing": _timing,
}
