"""Acts of users, counted by day: how busy each one is. An act is one event that makes a user active.

Days gone by are counts. Of a user's latest day with an act the latest instants are kept too, so that a departure on
that day takes away exactly what came before it, though it arrive after acts that came later. When it arrives later
still, once the user has acted on a further day, all acts of its day are taken away; likewise those of the latest day
that are not kept one by one. Source: definitions 2, 13 and 23.
"""

from librt.vecs import append, vec
from mypy_extensions import i32, i64

from services.signals.core.account import Account
from services.signals.core.state import Moment
from services.signals.core.user import User
from shared.kernel.clock import DAY_MS

KEPT_DAYS = 62  # today and more than the longest window that the playbook may ask for
KEPT_INSTANTS = 32


def count_first(account: Account, user: User, old_day: int | None, day: int) -> None:
    """Count a user's first act of a day later than all before; `old_day` is that of the latest act so far."""
    if old_day is None:
        note_first(account, day)
    else:
        acts = append(user.acts, i32(user.on_day))
        for _ in range(min(day - old_day, KEPT_DAYS) - 1):  # the days without an act
            acts = append(acts, i32(0))
        user.acts = acts if len(acts) < KEPT_DAYS else acts[1 - KEPT_DAYS :]
    user.on_day = 1
    user.instants = vec[i32]()


def count_more(user: User, last_ms: int) -> None:
    """Count an act that is the user's latest of a day, the one before it at `last_ms`."""
    user.on_day += 1
    kept = user.instants
    if len(kept) == KEPT_INSTANTS:
        kept = kept[1:]
    user.instants = append(kept, i32(last_ms % DAY_MS))


def count_late(account: Account, user: User, at_ms: int) -> None:
    """Count an act that is not later than the user's latest."""
    back = user.last_ms // DAY_MS - at_ms // DAY_MS
    if back == 0:
        user.on_day += 1
        kept = sorted([*user.instants, at_ms % DAY_MS])
        user.instants = vec[i32](kept[-KEPT_INSTANTS:])
        return
    note_first(account, at_ms // DAY_MS)
    if back < KEPT_DAYS:
        acts = user.acts
        if len(acts) < back:
            acts = vec[i32]([0] * (back - len(acts)) + list(acts))
        acts[len(acts) - back] += 1
        user.acts = acts


def note_first(account: Account, day: int) -> None:
    """Note the account's first day with an act, of whomever: it also tells from when on acts have been heard of."""
    if day < account.head.first_act_day:
        account.head.first_act_day = day


def cut(user: User, moment: Moment) -> None:
    """Take away the acts before a user's departure, while the latest act is still known."""
    day, instant = divmod(moment[0], DAY_MS)
    later = user.last_ms // DAY_MS - day
    if later > 0:
        user.acts = user.acts[1 - later :] if later > 1 else vec[i32]()
        return
    staying = [at for at in user.instants if at >= instant] if later == 0 else []
    user.acts, user.instants = vec[i32](), vec[i32](staying)
    user.on_day = len(staying) + 1 if user.last_ms >= moment[0] else 0


def counted(account: Account, days: int) -> list[tuple[int, str]]:
    """Return the number of acts of every user who acted in the `days` that end today, with the user."""
    today = account.head.today
    first_ms = (today - days + 1) * DAY_MS
    found: list[tuple[int, str]] = []
    for page in account.users:
        for user_id, user in page.users.items():
            last_ms = user.last_ms
            if last_ms >= first_ms:
                number = user.on_day
                before = last_ms // DAY_MS - today + days - 1  # days before that of the latest in the window
                if before and len(user.acts):
                    number += _latest(user.acts, before)
                if number:
                    found.append((number, user_id))
    return found


def _latest(acts: vec[i32], days: int) -> int:
    """Return the acts of the last days."""
    found: i64 = 0
    for place in range(max(0, len(acts) - days), len(acts)):
        found += i64(acts[place])
    return found
