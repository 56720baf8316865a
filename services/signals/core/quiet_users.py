"""Users of quiet events: what `users.active` does, with what is usual written out.

Source: definitions 2 and 13.
"""

from itertools import islice
from typing import Any

from services.signals.core import acts, users
from services.signals.core.account import Account
from services.signals.core.state import User
from services.signals.core.terms import Terms
from shared.kernel.clock import DAY_MS
from shared.kernel.events.envelope import Event


def act(account: Account, events: list[Event], begin: int, end: int, terms: Terms) -> int:
    """Note the activity of the users of some events of today; return the number of the first that may be looked at."""
    pages, today = account.users, account.head.today
    page = pages[0].users if len(pages) == 1 else None
    first_ms, grown_ms = today * DAY_MS, (today - terms.shortest_days + 1) * DAY_MS
    held, done = account.held, begin
    event: Any
    for event in islice(events, begin, end):
        user_id = event.user_id
        if user_id is not None:
            at_ms = event.occurred_at
            user = users.known(account, user_id) if page is None else page.get(user_id)
            if user is None or user.cut is not None or (held and user.department is not None):
                break
            last_ms = user.last_ms
            if last_ms < first_ms:
                if last_ms < grown_ms and _may_matter(account, user):
                    break
                users.active(account, user, at_ms, today, terms)
            elif at_ms <= last_ms:
                acts.count_late(account, user, at_ms)
            else:
                user.last_ms = at_ms
                acts.count_more(user, last_ms)
            if page is None:
                users.find(account, user_id)
        done += 1
    if page is not None:
        account.dirty_users.add(0)
    return done


def _may_matter(account: Account, user: User) -> bool:
    """Tell whether a user who comes into a window might make a rule be looked at."""
    if account.held or user.department is not None:
        return True
    return account.active_rule + 1 >= account.watch_active or account.active_health + 1 >= account.watch_health
