"""The flood on the shortest way: the next events of an account at once, as long as no rule has to be looked at.

`Partition.fold_event` is the clear way and says what must come out; what is not usual goes there, event by event, and a
test holds both to the same pages and the same outputs. An event is *quiet* when it is of the flood, lies on the
account's today, was never seen, brings no sum to where a rule watches it, and comes of no user who may change an
answer. What `activity` does to an account is done here to many events: sums are added once, users one by one.
Source: design (throughput), definition 37.
"""

from itertools import islice
from typing import Any

from services.signals.core import use
from services.signals.core.account import Account
from services.signals.core.activity import touched, used_anew
from services.signals.core.partition import Partition
from services.signals.core.quiet_users import act
from services.signals.core.terms import Terms
from services.signals.core.users import core_used, find
from services.signals.core.windows import UseDays
from shared.kernel.clock import DAY_MS
from shared.kernel.events.envelope import Event
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.events.session_started import SessionStarted
from shared.kernel.events.usage_recorded import UsageRecorded
from shared.kernel.quantities import MILLION

ANY = 1 << 60  # more than comes in one unit
LEFT, FED = 0, 1
FLOOD = (FeatureUsed, UsageRecorded, SessionStarted)


def fold_quiet(state: Partition, account: Account, events: list[Event], begin: int, offset: int) -> int:
    """Fold the quiet events from `begin` on; return the number of the first that is not.

    The account is to be stamped with `offset` at the end of the unit.
    """
    if account.unsettled or (account.held and account.gate_cache is None and not state.backfill):
        return begin
    keys = [f"{event.source}\0{event.id}" for event in islice(events, begin, None)]
    quiet = Quiet(account, state.terms)
    wanted = quiet.gather(events, begin, begin + account.recent.unseen(keys))
    end = act(account, events, begin, wanted, state.terms)
    if end < wanted:
        quiet = Quiet(account, state.terms)
        quiet.gather(events, begin, end)
    if end > begin:
        if account.at_record != offset:
            state.touch(account, offset)
        for kind, number in zip(FLOOD, quiet.numbers, strict=True):
            state.kinds[kind] += number
        clocks, ticked_at = quiet.clocks, state.meta.ticked_at
        quiet.settle()
        if clocks[0] < ticked_at:
            clocks = [max(clock, ticked_at) for clock in clocks]
        account.recent.remember(keys[: end - begin], clocks)
    return end


class Quiet:
    """What some events of one account come to, all together.

    Shape: `clocks` are the account's clock after each event; `tries` tells for each feature how many more uses are
    quiet, of those in `tries_first`; `spots` for each metric how much more, in units, is quiet, and how much of it
    features have added (-1: none); `rooms` what was quiet in the beginning, `fed` the metrics that features add to.
    """

    __slots__ = ("account", "clocks", "core", "fed", "numbers", "rooms", "spots", "terms", "tries", "tries_first")

    def __init__(self, account: Account, terms: Terms) -> None:
        self.account, self.terms = account, terms
        self.clocks: list[int] = []
        self.core: list[tuple[str, str, int]] = []
        self.tries: dict[str, int] = {}
        self.tries_first: dict[str, int] = {}
        self.spots: dict[str, list[int]] = {}
        self.rooms: dict[str, int] = {}
        self.fed: list[str] = []
        self.numbers = (0, 0, 0)

    def gather(self, events: list[Event], begin: int, end: int) -> int:  # noqa: C901, PLR0912 - calls cost more
        """Add up the quiet events of a range, and change nothing; return the number of the first that is not."""
        account, clocks, tries, core = self.account, self.clocks, self.tries, self.terms.core
        clock, last, source, spot = account.head.clock_ms, None, None, [0, 0]
        counted = self.terms.problems.types.intersection(FLOOD)  # that show a problem: each is held against it
        first_ms = account.head.today * DAY_MS
        end_ms, uses, sessions = first_ms + DAY_MS, 0, 0
        end = max(begin, min(end, begin + account.watch_acts - account.head.standing.acts_today - 1))
        event: Any
        for event in islice(events, begin, end):
            kind, at_ms, given = type(event), event.occurred_at, event.properties
            if not first_ms <= at_ms < end_ms or given.mentions_competitor or (counted and kind in counted):
                break
            if kind is SessionStarted:
                sessions += 1
            elif kind is FeatureUsed:
                name, metric = given.feature, given.metric
                left = tries.get(name)
                if left is None:
                    left = self._tries(name)
                if not left:
                    break
                if metric is not None:
                    if metric != last or event.source != source:
                        last, source, spot = metric, event.source, self._spot(metric, event.source)
                    quantity = given.quantity
                    if type(quantity) is not int or quantity > spot[LEFT]:
                        break
                    spot[LEFT] -= quantity
                    if spot[FED] < 0:
                        spot[FED] = 0
                        self.fed.append(metric)
                    spot[FED] += quantity
                tries[name] = left - 1
                if name in core and event.user_id is not None:
                    self.core.append((event.user_id, name, at_ms))
                uses += 1
            elif kind is UsageRecorded:
                metric, quantity = given.metric, given.quantity
                if metric != last or event.source != source:
                    last, source, spot = metric, event.source, self._spot(metric, event.source)
                if type(quantity) is not int or quantity > spot[LEFT] or given.cost is not None or self._costly(metric):
                    break
                spot[LEFT] -= quantity
            else:
                break
            if at_ms > clock:
                clock = at_ms
            clocks.append(clock)
        done = len(clocks)
        self.numbers = (uses, done - uses - sessions, sessions)
        return begin + done

    def _costly(self, metric: str) -> bool:
        return self.account.metrics[metric].costly

    def _tries(self, name: str) -> int:
        """Return how often a feature may be used before a rule must be looked at; 0: not at all."""
        account, terms = self.account, self.terms
        today, feature, gated, left = account.head.today, account.head.features.get(name), name in account.gated, ANY
        if name in terms.problems.of_feature:
            left = 0
        elif feature is None or feature.newest != today:
            after = UseDays() if feature is None else UseDays(feature.newest, feature.bits, feature.touched)
            if touched(account, name, after, today, terms):
                left = 0
            after.used(today)
            adopted = after.days_used(today, terms.adopted_window_days) == terms.adopted_days
            if adopted and (account.held or name in terms.prerequisites):
                left = 0
        if gated and left:
            missing = terms.gap_times - use.tried(account, name, terms.gap_days)
            left = missing - 1 if missing > 0 else ANY
        self.tries[name] = self.tries_first[name] = left
        return left

    def _spot(self, name: str, source: str) -> list[int]:
        """Return how much of a metric may come before a rule must be looked at, and what features have added."""
        spot = self.spots.get(name)
        metric = self.account.metrics.get(name)
        today = self.account.head.today
        if metric is None or today not in metric.cells or metric.heard.get(source) != today:
            return [-1, 0]
        if spot is None:
            room = min(ANY, (metric.watch - metric.total - 1) // MILLION)
            self.rooms[name] = room
            spot = self.spots[name] = [room, -1]
        return spot

    def settle(self) -> None:
        """Change the account by what has been gathered."""
        account, terms, head = self.account, self.terms, self.account.head
        today, times = head.today, head.use.times
        for name, left in self.tries.items():
            number = self.tries_first[name] - left
            if number:
                feature = head.features.get(name)
                if feature is None or feature.newest != today:
                    used_anew(account, name, feature, today, terms)
                if name in head.features:  # else there are too many
                    times[name] = times.get(name, 0) + number
        for name, (left, _) in self.spots.items():
            metric, amount = account.metrics[name], (self.rooms[name] - left) * MILLION
            metric.cells[today] += amount
            metric.total += amount
        fed = head.use.by_features
        for name in self.fed:
            fed[name] = fed.get(name, 0) + self.spots[name][FED] * MILLION
        for user_id, name, at_ms in self.core:
            core_used(account, find(account, user_id), name, at_ms, today, terms)
        uses, records, sessions = self.numbers
        head.use.sessions += sessions
        head.standing.acts_today += uses + records + sessions
        head.clock_ms = self.clocks[-1]
