"""A stretch of quiet events: what is asked about each is prepared once for all, and what they add is added up.

Source: design (throughput), definitions 2, 8, 12, 13 and 75.
"""

from typing import Any

from librt.vecs import append
from mypy_extensions import i32, mypyc_attr

from services.signals.core import quiet_features, use_problems
from services.signals.core.account import Account
from services.signals.core.acts import KEPT_INSTANTS, count_first
from services.signals.core.columns import INDEX_BITS, TEXTS, Columns
from services.signals.core.quiet_features import Use
from services.signals.core.quiet_sums import Sum
from services.signals.core.quiet_users import act, adopts, is_quiet
from services.signals.core.terms import Terms
from services.signals.core.user import User
from services.signals.core.users import core_used, find, known, welcome
from shared.kernel.clock import DAY_MS
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.events.session_started import SessionStarted
from shared.kernel.events.usage_recorded import UsageRecorded


@mypyc_attr(acyclic=True)
class Stretch:
    """Events of one source, for the beginning of which it may be that nobody need look.

    Shape: `clocks` are the account's clock after each event folded so far; `uses`, `quantities` and `sessions` count
    them by type. The account's today lies between `_first_ms` and `_end_ms`; who acted at `_lively_ms` or later changes
    no answer by acting again. `_met` are the features used so far; one of the only page of users `_has_acted`. `_moved`
    have acted today for the first time since `_old_day`.
    """

    __slots__ = (
        "_account",
        "_columns",
        "_counted",
        "_end_ms",
        "_first_ms",
        "_has_acted",
        "_lively_ms",
        "_met",
        "_moved",
        "_old_day",
        "_source",
        "_sum",
        "_terms",
        "_users",
        "_uses",
        "clocks",
        "quantities",
        "sessions",
        "uses",
    )

    def __init__(self, account: Account, terms: Terms, columns: Columns, source: str) -> None:
        self._account, self._terms, self._columns, self._source = account, terms, columns, source
        self._first_ms: int = account.head.today * DAY_MS
        self._end_ms: int = self._first_ms + DAY_MS
        self._lively_ms: int = max(0, self._first_ms - (terms.shortest_days - 1) * DAY_MS)
        self._counted = terms.problems.types  # each event of these types is held against what shows a problem
        self._uses: dict[str, Use] = quiet_features.known(account, terms)
        self._met: list[Use] = []
        self._users: dict[str, User] | None = account.users[0].users if len(account.users) == 1 else None
        self._sum = Sum(account, terms, source, columns.costs)
        self.clocks: list[int] = []
        self.uses, self.quantities, self.sessions, self._has_acted = 0, 0, 0, False
        self._moved, self._old_day = 0, -1

    def fold(self, begin: int, end: int, ticked_at: int) -> int:
        """Fold the quiet ones that the events from `begin` to `end` begin with; return how many these are."""
        columns, clocks = self._columns, self.clocks
        texts, marks, quantities = columns.texts, columns.marks, columns.quantities
        head, recent, first_ms, end_ms = self._account.head, self._account.recent, self._first_ms, self._end_ms
        latest: int = head.clock_ms
        clock = max(latest, ticked_at)
        known, before = recent.open(self._source, clock)
        place = begin
        while place < end:
            at_ms, event_id = int(marks[place] >> INDEX_BITS), texts[TEXTS * place]
            if at_ms < first_ms or at_ms >= end_ms or quantities[place] < 0 or event_id in known or event_id in before:
                break
            if not self._fold_one(place, at_ms):
                break
            if at_ms > latest:
                latest = at_ms
                clock = max(clock, at_ms)
            boxed: Any = clock  # once for both
            known[event_id] = boxed
            clocks.append(boxed)
            place += 1
        if clocks:
            recent.note(self._source, texts[TEXTS * begin : TEXTS * place : TEXTS], clocks)
            head.clock_ms = latest
            self._end()
        return place - begin

    def _end(self) -> None:
        """Put down what has been added up."""
        self._sum.add_up()
        self._move()
        times: dict[str, int] = self._account.head.use.times
        for use in self._met:
            times[use.name] = use.times
            use.is_met = False
        if self._has_acted:
            self._account.dirty_users.add(0)

    def _fold_one(self, place: int, at_ms: int) -> bool:
        """Fold an event if it is quiet; tell whether it was."""
        texts, first, quantity = self._columns.texts, TEXTS * place, int(self._columns.quantities[place])
        user, user_id, name, metric = None, texts[first + 1], texts[first + 2], texts[first + 3]
        if user_id:
            user = self._who(user_id)
            if user is None:
                return False
        if name:
            if not self._use(name, metric, quantity, user, at_ms):
                return False
            self.uses += 1
        elif metric:
            if UsageRecorded in self._counted or not self._sum.record(metric, quantity, place):
                return False
            self.quantities += 1
        else:
            if SessionStarted in self._counted:
                return False
            self._account.head.use.sessions += 1
            self.sessions += 1
        if user is not None:
            self._act(user, user_id, at_ms)
        return True

    def _who(self, user_id: str) -> User | None:
        """Return who acts, if one more act of theirs is quiet; a new user, who is nowhere yet, for one unheard of."""
        users = self._users
        user = known(self._account, user_id) if users is None else users.get(user_id)
        if user is None:
            if self._account.forgotten:  # it may be somebody who was erased
                return None
            user = User()
        if user.cut is not None:
            return None
        if user.last_ms < self._lively_ms and not is_quiet(self._account, user, self._terms):
            return None
        return user

    def _act(self, user: User, user_id: str, at_ms: int) -> None:
        """Note an act of today that is quiet."""
        last_ms, instants = user.last_ms, user.instants
        if self._first_ms <= last_ms < at_ms and len(instants) < KEPT_INSTANTS:
            user.on_day += 1
            user.last_ms = at_ms
            user.instants = append(instants, i32(last_ms - self._first_ms))
        elif self._lively_ms <= last_ms < self._first_ms and user.department is None:
            user.last_ms = at_ms
            self._begin_day(user, last_ms // DAY_MS)
        else:
            if last_ms < 0:
                self._welcome(user, user_id)
            act(self._account, user, at_ms, self._terms)
        if self._users is None:
            find(self._account, user_id)  # its page is to be written
        else:
            self._has_acted = True

    def _begin_day(self, user: User, old_day: int) -> None:
        """Note a user's first act of today; the account's count of active users moves with the next ones."""
        count_first(self._account, user, old_day, self._account.head.today)
        if old_day != self._old_day:
            self._move()
            self._old_day = old_day
        self._moved += 1

    def _move(self) -> None:
        """Move those who acted today for the first time since `_old_day`."""
        if self._moved:
            self._account.active.move(self._old_day, self._account.head.today, self._moved)
            self._moved = 0

    def _welcome(self, user: User, user_id: str) -> None:
        """Take in a user whose first act this is, unless they are known already."""
        welcome(self._account, user_id, user)
        if len(self._account.users) > 1:
            self._users = None

    def _allows(self, use: Use) -> bool:
        """Tell whether one more use of a feature changes no answer, where that is not known already."""
        return FeatureUsed not in self._counted and quiet_features.allows(self._account, use, self._terms)

    def _use(self, name: str, metric: str, quantity: int, user: User | None, at_ms: int) -> bool:
        """Note the use of a feature, if it is quiet."""
        account = self._account
        use = self._uses.get(name) or Use(name, account, self._terms)
        core = user if use.is_core else None
        if core is not None and adopts(account, core, name, self._terms):
            return False
        if metric and not self._sum.has_room(metric, quantity):
            return False
        if not use.is_met:
            use.begin(account.head.today, account.head.use.times.get(name, 0))
        if use.times >= use.most and not self._allows(use):
            return False
        if not use.is_met:
            use.is_met = True
            self._met.append(use)
            self._uses[name] = use
            account.head.use.times[name] = use.times  # so that features stand in the order of their first use
        use.times += 1
        if use.problems is not None:
            use_problems.used(account, use.problems)
        if metric:
            self._sum.feed(quantity)
        if core is not None:
            core_used(account, core, name, at_ms, account.head.today, self._terms)
        return True
