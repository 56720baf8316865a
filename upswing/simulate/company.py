"""All accounts, day by day, as one stream in the order of arrival; what is known of each is kept beside it.

Memory: the accounts' state, and the events of one day (with those that arrive later). Nothing reads a clock.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from shared.kernel.clock import day_of
from upswing.simulate.diary import Diary, Situation
from upswing.simulate.life import Life
from upswing.simulate.request import Request
from upswing.simulate.troubles import Delivery, Trouble, Troubles
from upswing.simulate.values import Values

Arrival = tuple[int, int, dict[str, Any], str | None]


class Subject:
    """One account: its life, what is sent of it, and what is true of it and of what was sent."""

    def __init__(self, request: Request, index: int) -> None:
        self.life = Life(request, index)
        self._troubles = Troubles(request, self.life.latent, self.life.rng)
        first_day = self.life.latent.first_day
        self._real = Values(request.playbook, first_day)
        self.real = Diary(request.playbook, self._real)
        disturbed = bool(self._troubles.rows)
        self._sent = Values(request.playbook, first_day) if disturbed else self._real
        self.sent = Diary(request.playbook, self._sent) if disturbed else self.real
        self._waiting: dict[int, list[Delivery]] = {}
        self._left = False
        self.counts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.duplicates = 0
        self.churned_day: int | None = None

    @property
    def troubles(self) -> list[Trouble]:
        """What went wrong with its events."""
        return self._troubles.rows

    def day(self, day: int) -> list[Delivery]:
        """Live a day, and return what arrives on it."""
        if day < self.life.latent.first_day:
            return []
        values, disturbed = self._real, self._sent is not self._real
        if not self._left:
            values.begin(day)
        events = self.life.day(day)
        for event in events:
            values.take(event)
            self.counts[event["type"]] += 1
        deliveries = self._troubles.deliver(day, events)
        if disturbed:
            deliveries = self._receive(day, events, deliveries)
        self._close(day)
        return deliveries

    def _receive(self, day: int, events: list[dict[str, Any]], made: list[Delivery]) -> list[Delivery]:
        """Keep back what arrives later, take in what arrives today, and count what goes wrong."""
        named = {delivery[1]["id"] for delivery in made}
        self.lost.update(event["type"] for event in events if event["id"] not in named)
        self.refused.update(bad for _, _, bad in made if bad is not None)
        self.duplicates += len(made) - len(named)
        arrived = self._waiting.pop(day, [])
        for delivery in made:
            later = day_of(delivery[0])
            (arrived if later == day else self._waiting.setdefault(later, [])).append(delivery)
        if not self._left:
            self._sent.begin(day)
            seen: set[str] = set()
            for _, event, bad in sorted(arrived, key=lambda delivery: delivery[0]):
                if bad is None and event["id"] not in seen:
                    seen.add(event["id"])
                    self._sent.take(event)
        return arrived

    def _close(self, day: int) -> None:
        if self._left:
            return
        diaries = (self.real,) if self.sent is self.real else (self.real, self.sent)
        self._left = self.life.status == "churned"
        for diary in diaries:
            if self._left:
                diary.end(day)
            else:
                diary.close(day)
        if self._left:
            self.churned_day = day

    def illusions(self) -> list[Situation]:
        """Return what was sent shows and is not true: broken instrumentation, or the story's beginning, made it."""
        made = [] if self.sent is self.real else [one for one in self.sent.situations if not _meets(one, self.real)]
        return [*self.sent.beginnings, *made]

    def seen_from(self, situation: Situation) -> int | None:
        """Return the day from which the sent events show a situation, None when they never do."""
        if self.sent is self.real:
            return situation.begins
        found = [one.begins for one in self.sent.situations if _same(one, situation)]
        return min(found, default=None)


class Company:
    """All accounts of one request."""

    def __init__(self, request: Request) -> None:
        request.check()
        self.request = request
        self.subjects = [Subject(request, index) for index in range(request.accounts)]

    def days(self) -> Iterator[list[Arrival]]:
        """Yield for each day what arrives on it, in order; what is still under way at the end never arrives."""
        for day in range(self.request.first_day, self.request.end_day + 1):
            deliveries = [one for subject in self.subjects for one in subject.day(day)]
            arrivals = [(at_ms, number, event, bad) for number, (at_ms, event, bad) in enumerate(deliveries)]
            arrivals.sort(key=_order)
            yield arrivals


def _order(arrival: Arrival) -> tuple[int, int]:
    return arrival[0], arrival[1]


def _same(one: Situation, other: Situation) -> bool:
    """Tell whether two are the same: of one rule and scope, and standing at the same time, or just after."""
    if (one.rule, one.scope) != (other.rule, other.scope):
        return False
    begins, ends = max(one.begins, other.begins), min(one.ends or 1 << 30, other.ends or 1 << 30)
    return begins <= ends + 1


def _meets(one: Situation, diary: Diary) -> bool:
    return any(_same(one, other) for other in diary.situations)
