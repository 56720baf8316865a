"""How many employees an account had, day by day, whatever the order in which it was told.

A day keeps the lowest number above 0 that was given on it, and its latest fact, which is carried into the days after
it. Source: definition 22.
"""

from services.signals.core.state import Register

Employees = dict[int, tuple[int | None, Register]]


def note(days: Employees, day: int, register: Register) -> None:
    """Let a fact join the history."""
    given: int | None = register[0] or None
    known = days.get(day)
    if known is None:
        days[day] = (given, register)
        return
    lowest, latest = known
    if given is not None and (lowest is None or given < lowest):
        lowest = given
    days[day] = (lowest, register if register[1:] >= latest[1:] else latest)


def lowest(days: Employees, today: int, window_days: int) -> tuple[int, int]:
    """Return the lowest number in force in the window that ends today, and the day on which it was given.

    There is one when a number above 0 is in force today.
    """
    first = today - window_days + 1
    found = [(number, day) for day, (number, _) in days.items() if first <= day and number]
    carried = max((day for day in days if day < first), default=None)
    if carried is not None and days[carried][1][0]:
        found.append((days[carried][1][0], carried))
    return min(found)


def prune(days: Employees, oldest_day: int) -> None:
    """Forget what lies before a day, but for the number carried into it."""
    before = sorted(day for day in days if day < oldest_day)
    for day in before[:-1]:
        del days[day]
