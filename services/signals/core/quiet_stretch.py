"""A stretch of quiet events: what is asked about each, prepared once for all of them.

Source: design (throughput).
"""

from services.signals.core.account import Account
from services.signals.core.terms import Terms
from shared.kernel.clock import DAY_MS
from shared.kernel.events.envelope import Event


class Stretch:
    """Events of one source that an account has never seen, for the beginning of which it may be that nobody need look.

    Shape: `clocks` are the account's clock after each event folded so far, `clock` the latest; `free` are features
    whose use on the account's today, between `first_ms` and `end_ms`, can bring nothing about.
    """

    __slots__ = ("account", "clock", "clocks", "end_ms", "events", "first_ms", "free", "source", "terms")

    def __init__(self, account: Account, terms: Terms, events: list[Event], ticked_at: int) -> None:
        head = account.head
        self.account, self.terms, self.events = account, terms, events
        self.source = events[0].source
        self.first_ms = head.today * DAY_MS
        self.end_ms = self.first_ms + DAY_MS
        self.clock = max(head.clock_ms, ticked_at)
        self.clocks: list[int] = []
        known, judged_by = account.free, (head.today, terms, account.gated)
        if known is None or known[0] != judged_by:
            known = account.free = (judged_by, set())
        self.free = known[1]
