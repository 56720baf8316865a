"""Which departments an account has: since when, and how many of its users are active in each.

A user is of the department of the latest provisioning that names one; users who move are counted where they are now.
Source: definitions 21 and 25.
"""

from services.signals.core import sharing
from services.signals.core.account import Account
from services.signals.core.terms import Terms

MOST = 1_000  # departments of an account whose beginning is kept; those heard of later are never new


def named(account: Account, department: str, day: int) -> None:
    """Note that a provisioning of a day names a department, whatever becomes of the user."""
    known = account.days.people.departments
    if day < known.get(department, day + 1) and (department in known or len(known) < MOST):
        known[sharing.word(department)] = sharing.number(day)
        account.days_dirty = True


def filled(account: Account, department: str, before: int, day: int, terms: Terms, to_come: int = 0) -> bool:
    """Tell whether a user of a department who acts on `day`, after `before`, brings a rule on departments about.

    Shape: `to_come` is 1 when the act has not been counted yet.
    """
    people, today, rules = account.people, account.head.today, terms.playbook.rules
    for wanted, days in (
        (people.watch_new.get(department), rules.department_expansion.days),
        (people.watch_busy.get(department), rules.department_adjacent.days),
    ):
        if wanted is None or not day > today - days >= before:
            continue
        if people.active(department, today, days) + to_come >= wanted:
            return True
    return False
