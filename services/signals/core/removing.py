"""An operator removes an account: its triggers end, its pages and its snapshot give way to tombstones.

Source: design (erasure), reliability (what follows for us, 10).
"""

from services.signals.core.account import Account
from services.signals.core.causes import Cause, Step
from services.signals.core.endings import end_all
from services.signals.core.output import Output
from services.signals.core.partition import Partition
from services.signals.core.steps import RuleFailed
from shared.kernel.controls import AccountRemoved
from shared.kernel.topics import SNAPSHOTS


def remove(state: Partition, control: AccountRemoved, offset: int) -> None:
    """Remove an account, if there is one that has not been removed by this record already."""
    name = control.account_id
    account = state.shelf.load(name)
    if account is None or account.offset >= offset:
        return

    def record(changed: Account, step: Step) -> None:
        try:
            state.record(changed, step)
        except RuleFailed as failure:
            state.failures.append(failure)

    end_all(account, state.terms, Cause("removed", max(account.head.clock_ms, state.meta.ticked_at)), record)
    state.shelf.remove(account, offset)
    state.dirty.pop(name, None)
    state.unshown.pop(name, None)
    state.counts["removed_accounts",] += 1
    state.emit(Output(SNAPSHOTS, name.encode(), None))
