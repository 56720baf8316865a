"""Users of quiet events: what `users.active` does, with what is usual written out.

Source: definitions 2 and 13.
"""

from services.signals.core import acts, departments, users
from services.signals.core.account import Account
from services.signals.core.terms import Terms
from services.signals.core.user import User
from shared.kernel.clock import DAY_MS


def is_quiet(account: Account, user: User, terms: Terms) -> bool:
    """Tell whether an act of today changes no answer, of a user who is not in every window yet."""
    if account.waits_for("active_share_percent"):
        return False
    department, today = user.department, account.head.today
    if department is not None and departments.filled(account, department, user.last_ms // DAY_MS, today, terms, 1):
        return False
    return account.active_rule + 1 < account.watch_active and account.active_health + 1 < account.watch_health


def act(account: Account, user: User, at_ms: int, terms: Terms) -> None:
    """Note an act of today that is quiet."""
    last_ms, today = user.last_ms, account.head.today
    first_ms = today * DAY_MS
    if last_ms >= at_ms:
        acts.count_late(account, user, at_ms)
    elif last_ms >= first_ms:
        user.last_ms = at_ms
        acts.count_more(user, last_ms)
    else:
        users.active(account, user, at_ms, today, terms)


def adopts(account: Account, user: User, feature: str, terms: Terms) -> bool:
    """Tell whether the use of a core feature counts anew for the user's department, which may open the gate."""
    if not account.waits_for("core_departments"):
        return False
    last_ms = user.core_ms(user.core_place(feature))
    return user.department is not None and last_ms < (account.head.today - terms.adopted_window_days + 1) * DAY_MS
