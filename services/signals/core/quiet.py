"""The flood on the shortest way: the next events of an account at once, as long as no rule has to be looked at.

`Partition.fold_event` is the clear way and says what must come out; what is not usual goes there, event by event, and a
test holds both to the same pages and the same outputs. An event is *quiet* when it is of the flood, lies on the
account's today, was never seen, brings no sum to where a rule watches it, and comes of no user who may change an
answer: what judging it notes, the clear way notes as well, or it is taken back.
Source: design (throughput), definition 37.
"""

from services.signals.core.account import Account
from services.signals.core.columns import INDEX_BITS, Columns
from services.signals.core.partition import Partition
from services.signals.core.quiet_stretch import Stretch
from services.signals.core.recent import ZERO
from shared.kernel.clock import DAY_MS
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.events.session_started import SessionStarted
from shared.kernel.events.usage_recorded import UsageRecorded


def fold_quiet(state: Partition, account: Account, columns: Columns, begin: int, offset: int) -> int:
    """Fold the quiet events from `begin` on, those of one source; return the number of the first that is not.

    The account is to be stamped with `offset` at the end of the unit. Errors: after any the account is half-changed.
    """
    if account.unsettled or (account.held and account.gate_cache is None and not state.backfill):
        return begin
    standing = account.head.standing
    source, end = columns.source(begin)
    end = min(end, begin + account.watch_acts - standing.acts_today - 1)
    if end <= begin or ZERO in source:
        return begin
    stretch = Stretch(account, state.terms, columns, source)
    done = stretch.fold(begin, end, state.meta.ticked_at)
    if not done:
        return begin
    if account.at_record != offset:
        state.touch(account, offset)
    standing.acts_today += done
    kinds = state.kinds
    kinds[FeatureUsed] += stretch.uses
    kinds[UsageRecorded] += stretch.quantities
    kinds[SessionStarted] += stretch.sessions
    return begin + done


def turn_day(state: Partition, account: Account, columns: Columns, place: int) -> None:
    """Let the account's day become that of an event, when that is a later one and the event new to the account.

    The clear way does the same at that event, before it does anything else. Errors: as `fold_quiet`.
    """
    day = int(columns.marks[place] >> INDEX_BITS) // DAY_MS
    if day <= account.head.today or account.recent.knows(columns.source(place)[0], columns.event_id(place)):
        return
    state.step(account, day)
