"""Since when each feature has been purchased, whatever order the facts arrive in.

Of each day on which `purchased_features` was given two things are kept: the features that every value of the day holds,
and the day's last value. A feature has been purchased since the day after the last value without it.
Source: definitions 3, 10 and 57.
"""

from services.signals.core.account import Account
from services.signals.core.state import Moment, Register
from services.signals.core.use_state import KEPT_DAYS, Purchased
from shared.kernel.clock import DAY_MS


def given(account: Account, in_force: Register | None, value: list[str] | None, moment: Moment) -> None:
    """Note a value of `purchased_features`; `in_force` is the fact as it was before."""
    days = account.days.use.purchased
    if not days and in_force is not None:  # it was given before this history was kept
        _note(days, in_force[0] or [], in_force[1:])
    _note(days, value or [], moment)
    account.days_dirty = True


def _note(days: dict[int, Purchased], value: list[str], moment: Moment) -> None:
    day = moment[0] // DAY_MS
    known = days.get(day)
    if known is None:
        days[day] = Purchased(value, value, moment)
        return
    held = frozenset(value)
    known.throughout = [name for name in known.throughout if name in held]
    if moment >= known.at:
        known.last, known.at = value, moment


def since(account: Account, feature: str) -> int:
    """Return the day since which a feature that is purchased now has been so without a gap."""
    days = account.days.use.purchased
    return _since(days, sorted(days, reverse=True), feature, account.head.facts["purchased_features"][1] // DAY_MS)


def _since(days: dict[int, Purchased], backwards: list[int], feature: str, first: int) -> int:
    for day in backwards:
        if feature not in days[day].last:
            break
        first = day
        if feature not in days[day].throughout:
            break
    return first


def forget(account: Account) -> None:
    """Let the days before the horizon tell no more than since when what they end with has been purchased."""
    days = account.days.use.purchased
    gone = sorted((day for day in days if day < account.head.today - KEPT_DAYS), reverse=True)
    if len(gone) <= 1:
        return
    newest = gone[0]
    begun = {feature: _since(days, gone, feature, newest) for feature in days[newest].last}
    carried = {newest: days[newest]}
    for day in set(begun.values()) - {newest}:
        held = [feature for feature, since_day in begun.items() if since_day <= day]
        carried[day] = Purchased(held, held, (day * DAY_MS, "", ""))
    for day in gone:
        del days[day]
    days.update(carried)
