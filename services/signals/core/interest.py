"""Interest in more: requests for capabilities, views of prices, webinars.

Requests and webinars are counted by day. Of each person the latest view of prices is kept, and of all unknown ones
together: so many different viewers a window has. Source: definitions 59 and 67.
"""

from services.signals.core import sharing, users
from services.signals.core.account import Account
from services.signals.core.terms import Terms
from shared.kernel.clock import DAY_MS


def requested(account: Account, day: int) -> None:
    """Count a request for a capability."""
    _count(account, account.days.people.requests, day)


def attended(account: Account, day: int) -> None:
    """Count a webinar that somebody attended."""
    _count(account, account.days.people.webinars, day)


def _count(account: Account, cells: dict[int, int], day: int) -> None:
    cells[sharing.number(day)] = cells.get(day, 0) + 1
    account.days_dirty = True


def viewed(account: Account, user_id: str | None, at_ms: int, terms: Terms) -> bool:
    """Note a view of prices; tell whether the viewers of the rule's window have become more."""
    day, oldest = at_ms // DAY_MS, account.head.today - terms.playbook.rules.buying_intent.days
    if user_id is None:
        people = account.head.people
        before, people.viewed_ms = people.viewed_ms, max(people.viewed_ms, at_ms)
        return day > oldest >= before // DAY_MS
    user = users.find(account, user_id)
    before = user.viewed_ms
    if at_ms <= before or (user.erased is not None and at_ms < user.erased[0]):
        return False
    user.viewed_ms = at_ms
    account.people.viewers.move(before // DAY_MS if before >= 0 else None, day)
    return day > oldest >= before // DAY_MS


def viewers(account: Account, days: int) -> int:
    """Return how many have viewed the prices in the window that ends today, all unknown ones together as one."""
    today = account.head.today
    unknown = account.head.people.viewed_ms // DAY_MS > today - days
    return account.people.viewers.distinct(today, days) + unknown
