"""What an account and its partition have recorded on their way; it is never reworked (definition 36).

Shape: days at a limit, health at each change of day, and since when the playbook has known the problems of add-ons.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from shared.kernel.controls import Quintiles
from shared.kernel.events.envelope import Event, Quantity
from shared.kernel.events.limit_reached import LimitReached
from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.offers import Problem
from tests.oracle.history import Facts, History
from tests.oracle.periods import is_first_day, limits, use

ProblemKey = tuple[str, tuple[tuple[str, str], ...]]


def problem_key(problem: Problem) -> ProblemKey:
    """Return what makes a problem the same one: its type and its `where`."""
    return problem.type, tuple(sorted((name, repr(value)) for name, value in problem.where.items()))


@dataclass
class World:
    """What a partition knows that is about no account.

    Shape: `silent` are the sources that are silent now; `quintiles` the bounds of each segment, told for `compared_at`.
    """

    silent: set[str] = field(default_factory=set)
    quintiles: Mapping[str, tuple[Quantity, ...]] = field(default_factory=dict)
    compared_at: int = 0

    def compare(self, told: Quintiles) -> None:
        """Take the bounds of all segments, unless newer ones are known (definition 41)."""
        if told.at >= self.compared_at:
            self.compared_at, self.quintiles = told.at, told.segments


@dataclass
class Past:
    """The path of one account.

    Shape: `reached` are the days at the limit of each metric, `disarmed` those metrics whose limit cannot be reached
    again yet; `health` is that of each change of day; `problems` maps each problem to the number of events before it.
    """

    reached: dict[str, set[int]] = field(default_factory=dict)
    disarmed: set[str] = field(default_factory=set)
    health: dict[int, Fraction | None] = field(default_factory=dict)
    problems: dict[ProblemKey, int] = field(default_factory=dict)

    def reach(self, history: History, facts: Facts, playbook: Playbook, today: int, event: Event | None) -> None:
        """Note the limits that are reached after a record, or after a change of day without one (definition 44)."""
        if isinstance(event, LimitReached):
            self._mark(event.properties.metric, today)
        percent = playbook.rules.limit_hit_again.reached_percent
        for metric, limit in limits(facts, playbook).items():
            if 100 * use(history, facts, playbook, metric, today) >= percent * limit:
                self._mark(metric, today)

    def _mark(self, metric: str, today: int) -> None:
        if metric not in self.disarmed:
            self.disarmed.add(metric)
            self.reached.setdefault(metric, set()).add(today)

    def rearm(self, history: History, facts: Facts, playbook: Playbook, ended: int) -> None:
        """Let limits be reached again at a change of day: by the use of the day that has ended, or by a turn."""
        percent = playbook.rules.limit_hit_again.rearm_percent
        known = limits(facts, playbook)
        for metric in sorted(self.disarmed):
            low = metric in known and 100 * use(history, facts, playbook, metric, ended) <= percent * known[metric]
            turns = is_first_day(ended + 1, facts, playbook) and history.gauge(metric) is None
            if low or turns:
                self.disarmed.discard(metric)

    def know(self, playbook: Playbook, events: int) -> None:
        """Take note of a playbook's problems: one that was there before keeps counting, a new one begins now."""
        asked = {problem_key(addon.problem) for addon in playbook.addons.values()}
        self.problems = {key: self.problems.get(key, events) for key in asked}
