"""Since when a user has had the seat, whatever the order in which provisionings and departures arrive.

Provisioned since is the earliest provisioning after the cut, to the day, so of each day only the latest provisioning
matters: a cut takes away all of a day or leaves its latest. The first day, the last day and the latest of those between
are kept; when a late cut falls among days between that are not kept, the next one kept stands for them.
Source: definitions 13, 51 and 77.
"""

from services.signals.core.state import Moment
from services.signals.core.user import User
from shared.kernel.clock import DAY_MS

KEPT_BETWEEN = 14
INSTANT_BYTES = 6


def since_day(user: User) -> int | None:
    """Return the day since which the user has had the seat; None without one."""
    moment = user.since or user.given
    return None if moment is None else moment[0] // DAY_MS


def give(user: User, moment: Moment) -> None:
    """Note a provisioning after the cut."""
    first, last, day = user.since, user.given, moment[0] // DAY_MS
    if last is None:
        user.given = moment
    elif day == last[0] // DAY_MS:
        user.given = max(last, moment)
    elif day > last[0] // DAY_MS:
        if first is None:
            user.since = last
        else:
            _between(user, last[0])
        user.given = moment
    elif first is None or day < first[0] // DAY_MS:
        if first is not None:
            _between(user, first[0])
        user.since = moment
    elif day == first[0] // DAY_MS:
        user.since = max(first, moment)
    else:
        _between(user, moment[0])


def take(user: User, cut: Moment) -> None:
    """Take away what was given before a departure."""
    if user.given is None or user.given <= cut:
        user.given = user.since = None
        user.between = b""
    elif user.since is not None and user.since <= cut:
        staying = [instant for instant in _unpacked(user.between) if instant > cut[0]]
        user.since = (staying[0], "", "") if staying else None
        user.between = _packed(staying[1:])


def _between(user: User, instant: int) -> None:
    """Keep an instant of a day between the first and the last, the latest of its day."""
    by_day = {known // DAY_MS: known for known in _unpacked(user.between)}
    day = instant // DAY_MS
    by_day[day] = max(instant, by_day.get(day, instant))
    user.between = _packed([by_day[day] for day in sorted(by_day)][-KEPT_BETWEEN:])


def _packed(instants: list[int]) -> bytes:
    return b"".join(instant.to_bytes(INSTANT_BYTES, "big", signed=True) for instant in instants)


def _unpacked(packed: bytes) -> list[int]:
    starts = range(0, len(packed), INSTANT_BYTES)
    return [int.from_bytes(packed[at : at + INSTANT_BYTES], "big", signed=True) for at in starts]
