"""How an account is used, counted by day: sessions, and uses and refusals of each feature.

Today's counts lie in the head page, those of days gone by in the days page. Source: definitions 1, 24, 49 and 75.
"""

from services.signals.core import sharing, use_costs, use_counts, use_limits, use_problems, use_purchases, use_sources
from services.signals.core.account import PRUNE_EVERY_DAYS, Account
from services.signals.core.terms import Terms
from services.signals.core.use_state import KEPT_TIMES, Counts


def session_started(account: Account, day: int) -> None:
    """Count a session, whoever started it."""
    if day == account.head.today:
        account.head.use.sessions += 1
    else:
        use_counts.add(account.days.use.sessions, day, 1)
        account.days_dirty = True


def sessions(account: Account, last_day: int, days: int) -> int:
    """Return the sessions of the `days` that end on `last_day`."""
    today = account.head.today
    gone = use_counts.within(account.days.use.sessions, last_day, days)
    return gone + (account.head.use.sessions if last_day - days < today <= last_day else 0)


def feature_tried(account: Account, name: str, day: int, terms: Terms) -> bool:
    """Count a use or refusal of a feature; tell whether a gated one has just reached what a rule waits for."""
    head = account.head
    if name not in head.features:
        return False  # there are too many: see `names`
    if day == head.today:
        times = head.use.times
        times[name] = times.get(name, 0) + 1
    else:
        gone = account.days.use.times
        if name not in gone:
            gone[sharing.word(name)] = Counts()
        use_counts.add(gone[name], day, 1, KEPT_TIMES)
        account.days_dirty = True
        account.quiet_uses = None
    return name in account.gated and tried(account, name, terms.gap_days) == terms.gap_times


def tried(account: Account, name: str, days: int) -> int:
    """Return how often a feature was used or refused within the window that ends today."""
    gone = account.days.use.times.get(name)
    before = 0 if gone is None else use_counts.within(gone, account.head.today, days)
    return before + account.head.use.times.get(name, 0)


def end_day(account: Account, terms: Terms) -> None:
    """End the account's today: arm limits again, put its counts with those of the days before, forget what is old."""
    use_limits.rearm(account, terms)
    _close_day(account)
    use_problems.close_day(account)
    use_costs.close_day(account)
    if account.head.today % PRUNE_EVERY_DAYS == 0:
        _forget(account)


def _close_day(account: Account) -> None:
    head, gone, today = account.head.use, account.days.use, account.head.today
    if head.sessions:
        use_counts.add(gone.sessions, today, head.sessions)
        head.sessions, account.days_dirty = 0, True
    if head.times:
        for name, number in head.times.items():
            if name not in gone.times:
                gone.times[sharing.word(name)] = Counts()
            use_counts.add(gone.times[name], today, number, KEPT_TIMES)
        head.times, account.days_dirty = {}, True


def _forget(account: Account) -> None:
    times, oldest = account.days.use.times, account.head.today - KEPT_TIMES
    for name in [name for name, counts in times.items() if counts.newest <= oldest]:
        del times[name]
    use_problems.forget(account)
    use_purchases.forget(account)
    use_costs.forget(account)
    use_sources.forget(account)
