"""A stretch of quiet events: what is asked about each is prepared once for all, and what they add is added up.

Source: design (throughput), definitions 2, 12, 13 and 75.
"""

from services.signals.core import quiet_features, use_costs, use_problems
from services.signals.core.account import Account
from services.signals.core.acts import KEPT_INSTANTS
from services.signals.core.columns import INDEX_BITS, Columns
from services.signals.core.quiet_users import act, adopts, is_quiet
from services.signals.core.state import Metric, User
from services.signals.core.terms import Terms
from services.signals.core.users import core_used, find, known
from shared.kernel.clock import DAY_MS
from shared.kernel.events.envelope import Event
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.events.session_started import SessionStarted
from shared.kernel.events.usage_recorded import UsageRecorded
from shared.kernel.quantities import MILLION


class Stretch:
    """Events of one source that an account has never seen, for the beginning of which it may be that nobody need look.

    Shape: `clocks` are the account's clock after each event folded so far; `uses`, `quantities` and `sessions` count
    them by type. The account's today lies between `_first_ms` and `_end_ms`; who acted at `_lively_ms` or later changes
    no answer by acting again. What has been added to one metric stands in `_added`, of which uses of features `_fed`,
    until another metric comes; `_most` is how much may be added to it.
    """

    __slots__ = (
        "_account",
        "_added",
        "_clock",
        "_columns",
        "_core",
        "_end_ms",
        "_fed",
        "_feeds",
        "_first_ms",
        "_latest_ms",
        "_lively_ms",
        "_metric",
        "_metric_name",
        "_most",
        "_most_times",
        "_problems",
        "_source",
        "_terms",
        "_times",
        "_users",
        "clocks",
        "quantities",
        "sessions",
        "uses",
    )

    def __init__(self, account: Account, terms: Terms, columns: Columns, source: str, ticked_at: int) -> None:
        head, self._columns = account.head, columns
        self._account, self._terms, self._source, self._core = account, terms, source, terms.core
        self._first_ms: int = head.today * DAY_MS
        self._end_ms: int = self._first_ms + DAY_MS
        self._lively_ms: int = max(0, self._first_ms - (terms.shortest_days - 1) * DAY_MS)
        self._latest_ms: int = head.clock_ms
        self._clock: int = max(head.clock_ms, ticked_at)
        self.clocks: list[int] = []
        self.uses, self.quantities, self.sessions = 0, 0, 0
        self._times: dict[str, int] = head.use.times
        self._problems = terms.problems.of_feature
        self._most_times: dict[str, int] = quiet_features.known(account, terms)
        self._users: dict[str, User] | None = account.users[0].users if len(account.users) == 1 else None
        self._metric: Metric | None = None
        self._metric_name, self._most, self._added, self._fed, self._feeds = "", 0, 0, 0, False

    def fold(self, begin: int, number: int) -> int:
        """Fold the quiet ones that the `number` events from `begin` on begin with; return how many these are."""
        columns, clocks, clock, latest = self._columns, self.clocks, self._clock, self._latest_ms
        first_ms, end_ms, source = self._first_ms, self._end_ms, self._source
        counted = self._terms.problems.types  # each event of these types is held against what shows a problem
        done = 0
        for place in range(begin, begin + number):
            at_ms = columns.marks[place] >> INDEX_BITS
            if not first_ms <= at_ms < end_ms or columns.quantities[place] < 0 or columns.sources[place] != source:
                break
            if not self._fold_one(place, at_ms, counted):
                break
            latest, clock = max(latest, at_ms), max(clock, at_ms)
            clocks.append(clock)
            done += 1
        self._add_up()
        self._account.head.clock_ms = latest
        return done

    def _fold_one(self, place: int, at_ms: int, counted: frozenset[type[Event]]) -> bool:
        """Fold an event if it is quiet; tell whether it was."""
        columns = self._columns
        user, user_id = None, columns.users[place]
        if user_id is not None:
            user = self._quiet_user(user_id)
            if user is None:
                return False
        name, metric = columns.names[place], columns.metrics[place]
        if name:
            if FeatureUsed in counted or not self._use(name, metric, columns.quantities[place], user, at_ms):
                return False
            self.uses += 1
        elif metric:
            if UsageRecorded in counted or not self._record(metric, columns.quantities[place]):
                return False
            self.quantities += 1
        else:
            if SessionStarted in counted:
                return False
            self._account.head.use.sessions += 1
            self.sessions += 1
        if user is not None and user_id is not None:
            self._act(user, user_id, at_ms)
        return True

    def _quiet_user(self, user_id: str) -> User | None:
        """Return the user, None when an act of today may change an answer."""
        users = self._users
        user = known(self._account, user_id) if users is None else users.get(user_id)
        if user is None or user.cut is not None:
            return None
        return user if user.last_ms >= self._lively_ms or is_quiet(self._account, user) else None

    def _act(self, user: User, user_id: str, at_ms: int) -> None:
        """Note an act of today that is quiet."""
        last_ms, instants = user.last_ms, user.instants
        if instants is not None and self._first_ms <= last_ms < at_ms and len(instants) < KEPT_INSTANTS:
            user.on_day += 1
            user.last_ms = at_ms
            instants.append(last_ms - self._first_ms)
        else:
            act(self._account, user, at_ms, self._terms)
        if self._users is None:
            find(self._account, user_id)  # its page is to be written
        else:
            self._account.dirty_users.add(0)

    def _use(self, name: str, metric: str, quantity: int, user: User | None, at_ms: int) -> bool:
        """Note the use of a feature, if it is quiet."""
        account = self._account
        core = user if user is not None and name in self._core else None
        if core is not None and adopts(account, core, name, self._terms):
            return False
        if metric and not self._has_room(metric, quantity):
            return False
        times = self._times.get(name, 0)
        if times >= self._most_times.get(name, 0) and not quiet_features.allows(account, name, self._terms):
            return False
        self._times[name] = times + 1
        if name in self._problems:
            use_problems.used(account, self._problems[name])
        if metric:
            self._added += quantity
            self._fed += quantity
            self._feeds = True
        if core is not None:
            core_used(account, core, name, at_ms, account.head.today, self._terms)
        return True

    def _record(self, name: str, quantity: int) -> bool:
        """Add a quantity to a metric, if it is quiet."""
        if not self._has_room(name, quantity) or self._metric is None:
            return False
        if self._metric.costly:
            return self._costs_little(self._metric, name, quantity)
        self._added += quantity
        return True

    def _has_room(self, name: str, quantity: int) -> bool:
        """Tell whether a quantity of today brings a metric to nothing that is watched."""
        return (name == self._metric_name or self._turn_to(name)) and self._added + quantity <= self._most

    def _turn_to(self, name: str) -> bool:
        """Go on with another metric; tell whether its quantities of today may be quiet."""
        self._add_up()
        account, today = self._account, self._account.head.today
        metric = account.metrics.get(name)
        if metric is None or today not in metric.cells or metric.heard.get(self._source) != today:
            self._metric_name, self._metric = "", None
            return False
        self._metric_name, self._metric = name, metric
        self._most = min(use_problems.ANY, (metric.watch - metric.total - 1) // MILLION)
        return True

    def _add_up(self) -> None:
        """Add what has come to the metric at hand."""
        metric, added = self._metric, self._added
        if metric is None or (not added and not self._feeds):
            return
        metric.cells[self._account.head.today] += added * MILLION
        metric.total += added * MILLION
        if self._feeds:
            fed = self._account.head.use.by_features
            fed[self._metric_name] = fed.get(self._metric_name, 0) + self._fed * MILLION
        self._most -= added
        self._added, self._fed, self._feeds = 0, 0, False

    def _costs_little(self, metric: Metric, name: str, quantity: int) -> bool:
        """Add a quantity of a metric that has had costs, if the rules need not be looked at; tell whether."""
        self._add_up()
        self._added = quantity
        self._add_up()
        if not use_costs.reached(self._account, name, metric, self._terms):
            return True
        self._added = -quantity
        self._add_up()
        return False
