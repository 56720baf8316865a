"""Acts of users, counted by day: how busy each one is. An act is one event that makes a user active.

Days gone by are counts. Of a user's latest day with an act the latest instants are kept too, so that a departure on
that day takes away exactly what came before it, though it arrive after acts that came later. When it arrives later
still, once the user has acted on a further day, all acts of its day are taken away; likewise those of the latest day
that are not kept one by one. Source: definitions 2, 13 and 23.
"""

from bisect import insort
from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.state import Moment, User
from shared.kernel.clock import DAY_MS

KEPT_DAYS = 62  # today and more than the longest window that the playbook may ask for
KEPT_INSTANTS = 32


def count(account: Account, user: User, at_ms: int) -> None:
    """Count an act that is not cut off."""
    day, instant = divmod(at_ms, DAY_MS)
    if day > user.acts_day:
        _begin_day(account, user, day)
    elif day < user.acts_day:
        _count_late(account, user, day)
        return
    instants = user.instants
    if not instants or instant >= instants[-1]:
        instants.append(instant)
    else:
        insort(instants, instant)
    if len(instants) > KEPT_INSTANTS:
        del instants[0]
        user.earlier += 1


def _begin_day(account: Account, user: User, day: int) -> None:
    if user.acts_day >= 0:
        passed = day - user.acts_day
        if passed < KEPT_DAYS:
            user.acts += [user.earlier + len(user.instants), *[0] * (passed - 1)]
            del user.acts[: 1 - KEPT_DAYS]
        else:
            user.acts.clear()
        user.instants.clear()
        user.earlier = 0
    user.acts_day = day
    note_first(account, day)


def _count_late(account: Account, user: User, day: int) -> None:
    back, acts = user.acts_day - day, user.acts
    if back < KEPT_DAYS:
        if back > len(acts):
            acts[:0] = [0] * (back - len(acts))
        acts[-back] += 1
    note_first(account, day)


def note_first(account: Account, day: int) -> None:
    """Note the account's first day with an act, of whomever: it also tells from when on acts have been heard of."""
    if day < account.head.first_act_day:
        account.head.first_act_day = day


def cut(user: User, moment: Moment) -> None:
    """Take away the acts before a user's departure."""
    day, instant = divmod(moment[0], DAY_MS)
    after = user.acts_day - day
    if after > 0:
        del user.acts[: max(0, len(user.acts) - after + 1)]
        return
    user.acts.clear()
    user.earlier = 0
    user.instants = [at for at in user.instants if at >= instant] if after == 0 else []
    if not user.instants:
        user.acts_day = -1


def in_window(user: User, last_day: int, days: int) -> int:
    """Return a user's acts in the `days` that end on `last_day`."""
    acts, back = user.acts, user.acts_day - last_day  # acts[-n] are those of the n-th day before the latest
    first, after = max(0, len(acts) - back - days + 1), max(0, len(acts) - max(back, 1) + 1)
    number = sum(acts[first:after])
    return number + user.earlier + len(user.instants) if -days < back <= 0 else number


def each(account: Account, last_day: int, days: int) -> Iterator[tuple[int, str]]:
    """Yield every user who acted in the `days` that end on `last_day`, with the number of acts."""
    for page in account.users:
        for user_id, user in page.users.items():
            if user.acts_day > last_day - days:
                number = in_window(user, last_day, days)
                if number:
                    yield number, user_id
