"""One partition: its accounts, its meta page, its terms, and what an event does to them.

Source: design (one input log; state), definitions 2, 8, 35, 37, 39.
"""

from collections import Counter

from services.signals.core import criteria, gate, hooks, standing, use_problems
from services.signals.core.account import Account
from services.signals.core.activity import ACTIVITY
from services.signals.core.causes import Cause, Step
from services.signals.core.emit import trigger_for
from services.signals.core.endings import end_scope
from services.signals.core.episodes import look
from services.signals.core.fold import HANDLERS
from services.signals.core.meta import Meta
from services.signals.core.midnights import change_day
from services.signals.core.output import Output
from services.signals.core.settling import settle
from services.signals.core.shelf import PageReader, Shelf
from services.signals.core.source_state import silent_now
from services.signals.core.steps import RuleFailed
from services.signals.core.terms import Terms
from shared.kernel.clock import DAY_MS, MINUTE_MS
from shared.kernel.codec import encode_line
from shared.kernel.errors import ConfigurationError
from shared.kernel.events import BY_NAME, FACT_SHAPES
from shared.kernel.events.competitor_mentioned import CompetitorMentioned
from shared.kernel.events.envelope import Event
from shared.kernel.events.user_erased import UserErased
from shared.kernel.ids import partition_for
from shared.kernel.playbook import Playbook
from shared.kernel.topics import EVENTS, FACTS, TRIGGERS
from shared.kernel.triggers import encode_trigger

AGELESS = frozenset(
    BY_NAME[name].shape
    for name in ("account.updated", "user.provisioned", "user.deactivated", "user.erased", "subscription.set")
)
TYPE_NAMES = {row.shape: row.name for row in BY_NAME.values()}


class Partition:
    """The state that records are folded into. While `muted` nothing is emitted: an account is being refolded."""

    def __init__(self, number: int, of: int, epoch: str, adopt: bool, playbook: Playbook, pages: PageReader) -> None:
        self.number, self.of, self.epoch = number, of, epoch
        self.shelf = Shelf(pages, playbook.time.dedup_minutes * MINUTE_MS, self.prepare)
        self.accounts = self.shelf.accounts
        self.meta = self.shelf.meta() or Meta()
        self.stored_epochs = self.meta.epochs
        self._enter(adopt)
        self.first_version = playbook.version
        self.playbooks = {playbook.version: playbook}
        self.terms = self._terms(playbook, self.meta.switched_off)
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.kinds = dict.fromkeys(TYPE_NAMES, 0)
        self.outputs, self.dirty = list[Output](), dict[str, Account]()
        self.unshown, self.changed = dict[str, None](), dict[str, None]()  # names; the latter are to be shown at once
        self.touched, self.failures = list[Account](), list[RuleFailed]()
        self.muted, self.now_ms = False, 0

    def _enter(self, adopt: bool) -> None:
        """Go on with the stored log, or with another one that an operator has adopted. Errors: `ConfigurationError`."""
        known, meta = self.meta.epochs, self.meta
        if known and known[-1] != self.epoch and not adopt:
            raise ConfigurationError(
                f"the log of partition {self.number} is {self.epoch}, but the state was built on {known[-1]}: "
                f"if the topic was replaced on purpose, set adopt_log={self.epoch}"
            )
        if not known or known[-1] != self.epoch:
            meta.epochs = (*known, self.epoch)
            meta.stamp = (len(known), -1)
        self.shelf.generation = len(meta.epochs) - 1

    def prepare(self, account: Account) -> None:
        """Derive what an account's pages do not hold, by the terms in force."""
        self.terms.refresh(account)
        settle(account, self.terms, backfill=self.backfill)

    @property
    def backfill(self) -> bool:
        """Tell whether every trigger is held because history is being loaded."""
        return self.meta.phase == "backfill"

    def terms_by(self, meta: Meta) -> Terms:
        """Return the terms that a meta page names."""
        return self._terms(self.playbooks[meta.playbook_version or self.first_version], meta.switched_off)

    def _terms(self, playbook: Playbook, switched_off: tuple[str, ...]) -> Terms:
        terms = Terms(playbook, frozenset(switched_off))
        terms.bounds = self.meta.quintiles
        terms.silent = silent_now(self.meta.sources)
        return terms

    def close(self, offset: int) -> None:
        """End a record: the accounts it touched are stamped with it."""
        for account in self.touched:
            account.at_record = offset
        self.close_all()

    def close_all(self) -> None:
        """End several records: each account they touched is stamped with the last one that did."""
        for account in self.touched:
            account.offset = account.at_record
            if account.changed:
                self.changed[account.head.account_id] = None
        self.touched.clear()

    def touch(self, account: Account, offset: int) -> None:
        """Note that a record changes an account: it is stamped at the record's end and written at the next flush."""
        account.at_record = offset
        self.touched.append(account)
        name = account.head.account_id
        self.dirty[name] = account
        self.unshown.setdefault(name)

    def fold_event(self, offset: int, event: Event) -> None:
        """Fold one event into its account, unless the account has it already. Errors: whatever a rule raises."""
        account = self.accounts.get(event.account_id) or self._find(event, offset)
        if account is None or account.offset >= offset:
            return
        kind = type(event)
        self.kinds[kind] += 1
        at_ms: int = event.occurred_at  # type: ignore[assignment]  # the codec has settled it
        head, ticked_at = account.head, self.meta.ticked_at
        clock_ms = head.clock_ms
        ahead = at_ms > clock_ms
        if ahead:
            clock_ms = at_ms
        if ticked_at > clock_ms:
            clock_ms = ticked_at
        if account.recent.repeated(event.source, event.id, clock_ms):
            self.counts["duplicates",] += 1
            return
        if account.at_record != offset:
            self.touch(account, offset)
        day = at_ms // DAY_MS
        if day != head.today and not self._advance(account, kind, day):
            self.counts["too_old",] += 1
            return
        if ahead:
            head.clock_ms = at_ms
        handler = ACTIVITY.get(kind)
        if handler is None:
            needed = self._fold_other(account, event, at_ms)
        else:
            needed = handler(account, event, at_ms, day, self.terms)
        problems = self.terms.problems.of_type.get(kind)
        counted = problems is not None and use_problems.happened(account, event, day, problems)
        needed = needed or counted or account.unsettled
        if needed or (account.gate_cache is None and account.held and self._may_release(account)):
            self._look(account, event, clock_ms)

    def _fold_other(self, account: Account, event: Event, at_ms: int) -> bool:
        """Fold an event that is no mere activity; tell whether the rules must be looked at."""
        kind = type(event)
        handler = HANDLERS.get(kind)
        needed = handler is not None and handler(account, event, at_ms, self.terms)
        if event.properties.mentions_competitor or kind is CompetitorMentioned:  # type: ignore[attr-defined]  # all have
            needed = standing.mentioned(account, at_ms // DAY_MS)
        criteria.moved_by(account, kind)
        if kind in FACT_SHAPES:
            self.emit(Output(FACTS, event.account_id.encode(), encode_line(event)))
        return needed

    def _look(self, account: Account, event: Event, clock_ms: int) -> None:
        """Look at the rules after an event."""
        at_ms: int = event.occurred_at  # type: ignore[assignment]  # the codec has settled it
        received_at = event.received_at if isinstance(event.received_at, int) else None
        cause = Cause(f"{event.source}/{event.id}", clock_ms, at_ms, received_at, event)
        if isinstance(event, UserErased) and event.user_id is not None:
            end_scope(account, self.terms, "user", event.user_id, cause, self.record)
        look(account, self.terms, cause, self.record, backfill=self.backfill)

    def _advance(self, account: Account, kind: type[Event], day: int) -> bool:
        """Move the account's day to a later one; tell whether an event of that day is young enough to be folded."""
        if day > account.head.today:
            self.step(account, day)
        return day >= account.head.today - self.terms.horizon_days or kind in AGELESS

    def _may_release(self, account: Account) -> bool:
        """Tell whether nothing but health holds what is held, now that the criteria have moved."""
        return not self.backfill and not gate.is_shut(account, self.terms)

    def _find(self, event: Event, offset: int) -> Account | None:
        """Return the event's account from the store, or a new one; None when it is not for this partition."""
        name = event.account_id
        right = partition_for(name, self.of)
        if right != self.number:
            self.counts["misplaced",] += 1
            self.emit(Output(EVENTS, name.encode(), encode_line(event), right))
            return None
        account = self.shelf.load(name)
        if account is None and self.shelf.removals.is_past(name, (self.shelf.generation, offset)):
            return None
        if account is None:
            at_day = event.occurred_at // DAY_MS  # type: ignore[operator]  # the codec has settled it
            today = max(self.meta.ticked_at // DAY_MS, at_day)
            if at_day < today - self.terms.horizon_days and type(event) not in AGELESS:
                self.counts["too_old",] += 1
                return None
            account = self.shelf.keep(self.shelf.new(name, today))
        return account

    def step(self, account: Account, day: int) -> None:
        """Let an account's day become `day`, one midnight after the other; a rule that fails sits its day out.

        Of a jump of years only the last days are stepped, as many as the horizon has: no window reaches back further.
        """
        failed: list[RuleFailed] = []
        first = day - self.terms.horizon_days - 1
        if account.head.today < first:
            hooks.run(hooks.ENDED, account, self.terms, failed)
            account.head.today, account.days_dirty = first, True
            self.terms.refresh(account)

        def record(changed: Account, step: Step) -> None:
            try:
                self.record(changed, step)
            except RuleFailed as failure:
                failed.append(failure)

        while account.head.today < day:
            change_day(account, self.terms, account.head.today + 1, record, failed, backfill=self.backfill)
        account.prune()
        if not self.muted:
            self.failures += failed

    def take_failures(self) -> list[RuleFailed]:
        """Return the rules that failed at changes of day since the last call."""
        failures, self.failures = self.failures, []
        return failures

    def record(self, account: Account, step: Step) -> None:
        """Emit one step of an episode's life. Errors: `RuleFailed` when the rule's record cannot be made."""
        account.changed = True
        try:
            trigger = trigger_for(account, self.terms, step, self.now_ms, backfill=self.backfill)
        except Exception as error:
            raise RuleFailed(step.row.name, error) from error
        self.emit(Output(TRIGGERS, account.head.account_id.encode(), encode_trigger(trigger)))
        self.counts["triggers", step.row.name, step.record] += 1
        for reason in trigger.gate.held_because if step.record == "held" else ():
            self.counts["held", reason] += 1

    def emit(self, output: Output) -> None:
        """Put something out for delivery."""
        if not self.muted:
            self.outputs.append(output)
