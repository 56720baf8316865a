"""From which values on the rules must be looked at again: noted when a look is over, and whenever all has changed.

Source: design (throughput), definition 37.
"""

from services.signals.core import rooms
from services.signals.core.account import Account
from services.signals.core.rules import BY_NAME, RULES
from services.signals.core.rules.row import no_watch
from services.signals.core.state import FAR
from services.signals.core.steps import HELD
from services.signals.core.terms import Terms

WATCHING = tuple(row for row in RULES if row.watch is not no_watch)
WATCHING_HEALTH = tuple(row for row in RULES if row.watches == "health")
WATCHING_SEATS = tuple(row for row in RULES if row.watches == "seats")


def settle(account: Account, terms: Terms, *, backfill: bool, still: bool = False) -> None:
    """Note from which values on the rules must be looked at again.

    When all is `still` but health, what has been noted about all else holds on, and nobody waits for health.
    """
    if account.episodes.moved:
        held = [BY_NAME[episode.rule].kind for episode in account.episodes.values() if episode.status == HELD]
        account.held = held.count("expansion")
        account.waiting = len(held) - account.held
        account.episodes.moved = False
    account.watch_health, account.unsettled, account.wanted = FAR, False, None
    if not still:
        account.watch_active, account.watch_acts, account.watch_late = FAR, FAR, -1
        for metric in account.metrics.values():
            metric.watch = FAR
    for row in WATCHING_HEALTH if still else WATCHING:
        row.watch(account, terms)
    rooms.settle(account, terms, backfill=backfill)
    account.now = None


def reseat(account: Account, terms: Terms) -> None:
    """Note what a seat given to somebody changes."""
    for row in WATCHING_SEATS:
        row.watch(account, terms)
