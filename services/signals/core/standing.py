"""How an account stands, day by day: its acts, mentions of competitors, requests, and health at each change of day.

Health by day is a path (definition 36): it is recorded when the day changes, by the terms of that day, and never
reworked. Source: definitions 2, 36, 41, 55, 56 and 60.
"""

from collections.abc import Iterator
from fractions import Fraction

from services.signals.core import health, names, sharing
from services.signals.core.account import Account
from services.signals.core.standing_state import Whole
from services.signals.core.standstill import Standstill
from services.signals.core.terms import Terms
from services.signals.core.windows import day_sum
from shared.kernel.events.capability_requested import CapabilityRequested

LARGEST = 1 << 63


def comparable(name: str | None) -> str:
    """Return a name as it is compared: without regard to case and outer blanks; empty for none."""
    return "" if name is None else name.strip().casefold()


def acted(account: Account, day: int, terms: Terms) -> bool:
    """Count an event that makes a user active, anonymous or not; tell whether a rule may have been reached."""
    standing = account.head.standing
    if day == account.head.today:
        standing.acts_today += 1
    else:
        acts = account.days.standing.acts
        acts[sharing.number(day)] = acts.get(day, 0) + 1
        account.days_dirty = True
        if day > account.head.today - terms.month_days:
            account.acts_before += 1
            account.watch_acts -= 1
    return standing.acts_today >= account.watch_acts


def acts(account: Account) -> int:
    """Return the acts of the window of active users, today's included."""
    return account.acts_before + account.head.standing.acts_today


def mentioned(account: Account, day: int) -> bool:
    """Count an event that mentions a competitor; the rules are to be looked at."""
    mentions = account.days.standing.mentions
    mentions[sharing.number(day)] = mentions.get(day, 0) + 1
    account.days_dirty = True
    return True


def requested(account: Account, event: CapabilityRequested, day: int, terms: Terms) -> None:
    """Count a request for a product, a feature or both; one that names neither is nobody's."""
    product, feature = comparable(event.properties.product), event.properties.feature or ""
    known = feature in account.days.standing.requests.get(product, {})
    if (product or feature) and (known or names.takes_request(account, product, feature, terms)):
        cells = account.days.standing.requests.setdefault(product, {}).setdefault(feature, {})
        cells[sharing.number(day)] = cells.get(day, 0) + 1
        account.days_dirty = True


def requests(account: Account, product: str, features: frozenset[str], days: int) -> int:
    """Return the requests of a window for a product: those that name it, and those for one of its features."""
    today = account.head.today
    return sum(
        day_sum(cells, today, days)
        for name, by_feature in account.days.standing.requests.items()
        for feature, cells in by_feature.items()
        if name == product or feature in features
    )


def close_day(account: Account, _terms: Terms) -> None:
    """Put the acts of the day that has ended, the account's today, with those of the days before."""
    standing = account.head.standing
    if standing.acts_today:
        account.days.standing.acts[sharing.number(account.head.today)] = standing.acts_today
        standing.acts_today, account.days_dirty = 0, True


def record_health(account: Account, terms: Terms) -> None:
    """Record the health of the day that begins; until the account moves on, whoever asks for it gets this one."""
    account.now = Standstill()
    value = health.score(account, terms)
    standing, today = account.days.standing, account.head.today
    exact = None if value is None else (_packed(value.numerator), _packed(value.denominator))
    if not standing.health or standing.health[-1][1] != exact:
        standing.health.append((sharing.number(today), None if exact is None else sharing.pair(exact)))
        account.days_dirty = True


def recorded(account: Account, days: int) -> Iterator[tuple[int, int] | None]:
    """Yield the different values recorded in the window that ends today, the newest first; None is no value.

    Shape: numerator and denominator, as these are compared many times a day. A window that begins before the first
    record has one day at least without a value.
    """
    standing, first = account.days.standing, account.head.today - days + 1
    for day, exact in reversed(standing.health):
        yield None if exact is None else (_unpacked(exact[0]), _unpacked(exact[1]))
        if day <= first:
            return
    yield None


def lowest(account: Account, days: int) -> tuple[int, int] | None:
    """Return the least health recorded in the window that ends today, as a share; None when a day had none."""
    least: tuple[int, int] | None = None
    for pair in recorded(account, days):
        if pair is None:
            return None
        if least is None or pair[0] * least[1] < least[0] * pair[1]:
            least = pair
    return least


def peak(account: Account, days: int) -> Fraction | None:
    """Return the greatest health recorded in the window that ends today; the same all day."""
    known = account.peak
    if known is None or known[:2] != (account.head.today, days):
        most: tuple[int, int] | None = None
        for pair in recorded(account, days):
            if pair is not None and (most is None or pair[0] * most[1] > most[0] * pair[1]):
                most = pair
        known = account.peak = (account.head.today, days, None if most is None else Fraction(*most))
    return known[2]


def _packed(number: int) -> Whole:
    return number if -LARGEST <= number < LARGEST else f"{number:x}"


def _unpacked(number: Whole) -> int:
    return number if isinstance(number, int) else int(number, 16)
