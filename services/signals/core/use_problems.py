"""Problems that an add-on would help with: events of one type with certain properties, counted by day.

A problem is its type and its `where`; add-ons with the same one share its counts. An event counts when the problem was
in the playbook in force as it arrived; when a playbook drops a problem, its counts go. Source: definition 68.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from services.signals.core import use_counts
from services.signals.core.account import Account
from services.signals.core.use_state import KEPT_DAYS, Counts
from shared.kernel.events import BY_NAME
from shared.kernel.events.envelope import Event
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.playbook import Playbook
from shared.kernel.playbook.offers import Problem

MISSING = object()
ANY = 1 << 60  # more than comes in a day


@dataclass(frozen=True, eq=False)
class Indicator:
    """A problem as events are held against it. Shape: `reached` are the (days, count) that add-ons wait for."""

    key: str
    where: tuple[tuple[str, str | int | bool], ...]
    reached: frozenset[tuple[int, int]]


Indicators = tuple[Indicator, ...]


def key_of(problem: Problem) -> str:
    """Return what identifies a problem: its type and where, however they are written."""
    return msgspec.json.encode([problem.type, sorted(problem.where.items())]).decode()


class Watched:
    """The problems of a playbook, by what an event must be looked up with.

    Shape: `of_type` by the event's type; those on the use of one named feature are in `of_feature` instead, so that
    every other use costs one look-up; `types` are those of `of_type`.
    """

    def __init__(self, playbook: Playbook) -> None:
        self.keys = frozenset(key_of(addon.problem) for addon in playbook.addons.values())
        self.of_type: dict[type[Event], Indicators] = {}
        self.of_feature: dict[str, Indicators] = {}
        for key in sorted(self.keys):
            same = [addon.problem for addon in playbook.addons.values() if key_of(addon.problem) == key]
            problem, reached = same[0], frozenset((one.days, one.count) for one in same)
            indicator = Indicator(key, tuple(sorted(problem.where.items())), reached)
            feature = problem.where.get("feature")
            shape = BY_NAME[problem.type].shape
            if shape is FeatureUsed and isinstance(feature, str):
                self.of_feature[feature] = (*self.of_feature.get(feature, ()), indicator)
            else:
                self.of_type[shape] = (*self.of_type.get(shape, ()), indicator)
        self.types = frozenset(self.of_type)


def happened(account: Account, event: Event, day: int, indicators: Indicators) -> bool:
    """Count an event for the problems that it shows; tell whether one has just reached what an add-on waits for."""
    look, today = False, account.head.today
    for indicator in indicators:
        if not shows(event, indicator.where):
            continue
        if day == today:
            problems = account.head.use.problems
            problems[indicator.key] = problems.get(indicator.key, 0) + 1
        else:
            gone = account.days.use.problems
            if indicator.key not in gone:
                gone[indicator.key] = Counts()
            use_counts.add(gone[indicator.key], day, 1)
            account.days_dirty = True
        look = look or any(times(account, indicator.key, days) == count for days, count in indicator.reached)
    return look


def room(account: Account, feature: str, indicators: Indicators) -> int:
    """Return how many uses of a feature, whatever else they say, may come today before an add-on may be told of."""
    most = ANY
    for indicator in indicators:
        if indicator.where != (("feature", feature),):
            return 0
        for days, count in indicator.reached:
            missing = count - times(account, indicator.key, days)
            if missing > 0:
                most = min(most, missing - 1)
    return most


def used(account: Account, indicators: Indicators) -> None:
    """Count a use of today that nobody is told of."""
    problems = account.head.use.problems
    for indicator in indicators:
        problems[indicator.key] = problems.get(indicator.key, 0) + 1


def shows(event: Event, where: Iterable[tuple[str, str | int | bool]]) -> bool:
    """Tell whether an event's properties equal every item; true and false are no numbers."""
    properties = event.properties  # type: ignore[attr-defined]  # every shape of an event has some
    for name, wanted in where:
        given = getattr(properties, name, MISSING)
        if given != wanted or isinstance(given, bool) is not isinstance(wanted, bool):
            return False
    return True


def times(account: Account, key: str, days: int) -> int:
    """Return how often a problem was met within the window that ends today."""
    gone = account.days.use.problems.get(key)
    before = 0 if gone is None else use_counts.within(gone, account.head.today, days)
    return before + account.head.use.problems.get(key, 0)


def close_day(account: Account) -> None:
    """Put the counts of the day that has ended with those of the days before."""
    head, gone, today = account.head.use, account.days.use.problems, account.head.today
    if head.problems:
        for key, number in head.problems.items():
            if key not in gone:
                gone[key] = Counts()
            use_counts.add(gone[key], today, number)
        head.problems, account.days_dirty = {}, True


def keep_only(account: Account, keys: frozenset[str]) -> None:
    """Forget the counts of problems that are in the playbook no more."""
    head, gone = account.head.use.problems, account.days.use.problems
    for key in [key for key in head if key not in keys]:
        del head[key]
    for key in [key for key in gone if key not in keys]:
        del gone[key]
        account.days_dirty = True


def forget(account: Account) -> None:
    """Forget what has left every window."""
    gone = account.days.use.problems
    for key in [key for key, counts in gone.items() if counts.newest <= account.head.today - KEPT_DAYS]:
        del gone[key]
