"""One partition's engine: the state after offset n is a pure function of records 0..n.

A record's lines are folded in their order; after each the rules are looked at. A line that cannot be used, or at which a
rule fails, becomes a dead letter and changes nothing. Source: design (one input log; durability), definitions 1-8, 37.
"""

from collections import Counter

import msgspec

from services.signals.core import controls, gate
from services.signals.core.account import Account
from services.signals.core.emit import trigger_for
from services.signals.core.episodes import Cause, RuleFailed, Step, change_day, look, settle
from services.signals.core.fold import HANDLERS, PLAIN
from services.signals.core.poison import Journal, letter_for
from services.signals.core.shelf import Group, Meta, PageReader, Shelf
from services.signals.core.showcase import Showcase
from services.signals.core.terms import Terms
from shared.kernel.clock import DAY_MS
from shared.kernel.codec import Line, decode_record, encode_line
from shared.kernel.controls import Control
from shared.kernel.errors import ConfigurationError, InvariantError, Problem, Reason
from shared.kernel.events import BY_NAME, FACT_SHAPES
from shared.kernel.events.envelope import Event
from shared.kernel.ids import partition_for
from shared.kernel.playbook import Playbook
from shared.kernel.topics import DEAD_LETTERS, EVENTS, FACTS, TRIGGERS, Topic
from shared.kernel.triggers import encode_trigger

AGELESS = tuple(
    BY_NAME[name].shape
    for name in ("account.updated", "user.provisioned", "user.deactivated", "user.erased", "subscription.set")
)
TYPE_NAMES = {row.shape: row.name for row in BY_NAME.values()}


class Output(msgspec.Struct, frozen=True):
    """Something to deliver, already encoded. `partition` None: by the key."""

    topic: Topic
    key: bytes
    value: bytes
    partition: int | None = None


class Engine:
    """The fold of one owned partition. Sync and single-threaded; it never raises for bad data."""

    def __init__(
        self, partition: int, partitions: int, epoch: str, adopt: bool, playbook: Playbook, pages: PageReader
    ) -> None:
        self.partition, self.partitions, self.epoch = partition, partitions, epoch
        self.shelf = Shelf(pages, playbook.time.dedup_minutes * 60_000, self._prepare)
        self.meta = self.shelf.meta() or Meta()
        self.stored_epochs = self.meta.epochs
        if self.stored_epochs and self.stored_epochs[-1] != epoch and not adopt:
            raise ConfigurationError(
                f"the log of partition {partition} is {epoch}, but the state was built on {self.stored_epochs[-1]}: "
                f"if the topic was replaced on purpose, set adopt_log={epoch}"
            )
        if not self.stored_epochs or self.stored_epochs[-1] != epoch:
            self.meta.epochs = (*self.stored_epochs, epoch)
            self.meta.stamp = (len(self.stored_epochs), -1)
        self.shelf.generation = len(self.meta.epochs) - 1
        self.offset = self.meta.stamp[1]
        self.first_version = playbook.version
        self.playbooks = {playbook.version: playbook}
        self.terms = Terms(playbook, frozenset(self.meta.switched_off))
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.journal = Journal(self.meta)
        self.showcase = Showcase()
        self._pending: tuple[int, Control] | None = None
        self._outputs: list[Output] = []
        self._dirty: dict[str, Account] = {}
        self._touched: list[Account] = []
        self._muted = False
        self._kinds: dict[type[Event], int] = {}
        self._now_ms = 0

    @property
    def phase(self) -> str:
        """`backfill` while history is being loaded, else `live`."""
        return self.meta.phase

    @property
    def ticked_at(self) -> int:
        """The instant of the latest tick folded, 0 when there was none."""
        return self.meta.ticked_at

    def needs_playbook(self) -> str | None:
        """Return the version whose body must be added before anything more can be folded."""
        wanted = self.meta.playbook_version
        return wanted if wanted and wanted not in self.playbooks else None

    def add_playbook(self, version: str, playbook: Playbook) -> None:
        """Take a playbook's body; a control record that waited for it is applied."""
        self.playbooks[version] = playbook
        if self._pending is not None:
            (offset, control), self._pending = self._pending, None
            controls.apply(self, control, offset)
        elif version == self.meta.playbook_version:
            self.terms = Terms(playbook, self.terms.switched_off)

    def wait_for_playbook(self, offset: int, control: Control) -> None:
        """Put a control record aside until the body it names is there."""
        self._pending = (offset, control)

    def fold(self, offset: int, value: bytes, now_ms: int) -> None:
        """Fold one record of the log. Errors: `InvariantError` when a playbook's body is still missing."""
        if self.needs_playbook() is not None:
            raise InvariantError(f"partition {self.partition} waits for playbook {self.needs_playbook()}")
        self._now_ms = now_ms
        self.journal.append(offset, value)
        lines, bad = decode_record(value)
        for number, raw, problem in bad:
            self.refuse(offset, number, raw, problem)
        for number, line in lines:
            if isinstance(line, Event):
                try:
                    self._event(offset, line)
                except Exception as error:  # noqa: BLE001  # fate: the record; the line is undone and dead-lettered
                    self._poisoned(offset, number, line, error)
            else:
                controls.apply(self, line, offset)
        self._close(offset)

    def _close(self, offset: int) -> None:
        for account in self._touched:
            account.offset = offset
        self._touched.clear()
        self.offset = offset

    def _event(self, offset: int, event: Event) -> None:
        """Fold one event into its account, unless the account has it already."""
        account = self.shelf.accounts.get(event.account_id) or self._find(event)
        if account is None or account.offset >= offset:
            return
        kind = type(event)
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        at_ms: int = event.occurred_at  # type: ignore[assignment]  # the codec has settled it
        head = account.head
        clock_ms = head.clock_ms if head.clock_ms > at_ms else at_ms
        if self.meta.ticked_at > clock_ms:
            clock_ms = self.meta.ticked_at
        if account.recent.repeated(f"{event.source}\0{event.id}", clock_ms):
            self.counts["duplicates",] += 1
            return
        if account.at_record != offset:
            self.touch(account, offset)
        day = at_ms // DAY_MS
        if day > head.today:
            self.step(account, day)
        if at_ms > head.clock_ms:
            head.clock_ms = at_ms
        if day < head.today - self.terms.horizon_days and kind not in AGELESS:
            self.counts["too_old",] += 1
            return
        if kind in FACT_SHAPES:
            self._emit(Output(FACTS, event.account_id.encode(), encode_line(event)))
        handler = HANDLERS.get(kind)
        needed = handler is not None and handler(account, event, at_ms, self.terms)
        if kind not in PLAIN:
            account.gate_cache = None
        if needed or (
            account.held and not account.gate_cache and gate.is_open(account, self.terms, backfill=self.backfill)
        ):
            received_at = event.received_at if isinstance(event.received_at, int) else None
            cause = Cause(f"{event.source}/{event.id}", clock_ms, at_ms, received_at)
            look(account, self.terms, cause, self.record, backfill=self.backfill)

    @property
    def backfill(self) -> bool:
        """Tell whether every trigger is held because history is being loaded."""
        return self.meta.phase == "backfill"

    def _find(self, event: Event) -> Account | None:
        """Return the event's account from the store, or a new one; None when it is not for this partition."""
        name = event.account_id
        right = partition_for(name, self.partitions)
        if right != self.partition:
            self.counts["misplaced",] += 1
            self._emit(Output(EVENTS, name.encode(), encode_line(event), right))
            return None
        account = self.shelf.load(name)
        if account is None:
            at_day = event.occurred_at // DAY_MS  # type: ignore[operator]  # the codec has settled it
            today = max(self.meta.ticked_at // DAY_MS, at_day)
            if at_day < today - self.terms.horizon_days and type(event) not in AGELESS:
                self.counts["too_old",] += 1
                return None
            account = self.shelf.accounts[name] = self.shelf.new(name, today)
        return account

    def _prepare(self, account: Account) -> None:
        self.terms.refresh(account)
        settle(account, self.terms)

    def touch(self, account: Account, offset: int) -> None:
        """Note that this record changes an account: it is stamped at the record's end and written at the next flush."""
        account.at_record = offset
        self._touched.append(account)
        self._dirty[account.head.account_id] = account
        self.showcase.touched(account)

    def step(self, account: Account, day: int) -> None:
        """Let an account's day become `day`, one midnight after the other."""
        failed: list[RuleFailed] = []
        while account.head.today < day:
            change_day(account, self.terms, account.head.today + 1, self.record, failed, backfill=self.backfill)
        account.prune()
        for failure in failed:
            self.rule_failed(failure)

    def record(self, account: Account, step: Step) -> None:
        """Emit one step of an episode's life."""
        account.changed = True
        trigger = trigger_for(account, self.terms, step, self._now_ms, backfill=self.backfill)
        self._emit(Output(TRIGGERS, account.head.account_id.encode(), encode_trigger(trigger)))
        if not self._muted:
            self.counts["triggers", step.row.name, step.record] += 1
            if step.record == "held":
                self.counts.update(("held", reason) for reason in trigger.gate.held_because)

    def _emit(self, output: Output) -> None:
        if not self._muted:
            self._outputs.append(output)

    def refuse(self, offset: int, number: int, raw: bytes, problem: Problem) -> None:
        """Turn a line that cannot be used into a dead letter."""
        self.counts["rejected", problem.reason.value] += 1
        key, value = letter_for(self, offset, number, raw, problem)
        self._emit(Output(DEAD_LETTERS, key, value))

    def _poisoned(self, offset: int, number: int, event: Event, error: Exception) -> None:
        """Undo a line at which something failed: the account is loaded again and refolded without it."""
        if isinstance(error, RuleFailed):
            self.rule_failed(error)
        self.journal.exclude(offset, number)
        problem = Problem(Reason.RULE_FAILED, "", f"{type(error).__name__}: {error}")
        self.refuse(offset, number, encode_line(event), problem)
        self._touched = [account for account in self._touched if account.head.account_id != event.account_id]
        self._refold(event.account_id, offset, number)

    def _refold(self, account_id: str, offset: int, number: int) -> None:
        """Bring one account from what was flushed to just before a line, in silence."""
        present, terms, counts = self.meta, self.terms, self.counts
        self.shelf.forget(account_id)
        self._dirty.pop(account_id, None)
        self.meta, self.counts, self._muted = self.journal.begin(), Counter(), True
        self.terms = controls.terms_of(self)
        try:
            for at, position, line in self.journal.lines(account_id, offset, number):
                self._replay(account_id, at, line)
                if position is None and at != offset:
                    self._close(at)
        finally:
            self.meta, self.terms, self.counts, self._muted = present, terms, counts, False

    def _replay(self, account_id: str, offset: int, line: Line | None) -> None:
        if isinstance(line, Event):
            self._event(offset, line)
        elif line is not None:
            controls.apply(self, line, offset, only=account_id)

    def rule_failed(self, failure: RuleFailed) -> None:
        """Count a rule's failure; one that fails too often is switched off by a control record in every partition."""
        self.counts["rule_failures", failure.rule] += 1
        limits = self.terms.playbook.time
        if self.journal.too_often(failure.rule, self.meta.ticked_at, limits.rule_failures, limits.rule_failure_seconds):
            line = controls.switch_off(failure.rule, self.meta.ticked_at, str(failure))
            for partition in range(self.partitions):
                self._emit(Output(EVENTS, b"", line, partition))

    def take_outputs(self) -> list[Output]:
        """Return what is to be delivered since the last call."""
        outputs, self._outputs = self._outputs, []
        return outputs

    def take_snapshots(self, now_ms: int) -> list[Output]:
        """Return the snapshots that are due: of changed accounts, and of the others touched now and then."""
        return [Output(*found) for found in self.showcase.due(self, now_ms)]

    def take_dirty(self) -> list[Group]:
        """Return the changed pages as atomic groups, the meta page's last; what is folded later is for the next call."""
        self.meta.stamp = (self.shelf.generation, self.offset)
        groups = self.shelf.groups(list(self._dirty.values()), self.meta, self.meta.ticked_at)
        self._dirty = {}
        self.journal.flushed(self.meta)
        return groups

    def take_counts(self) -> Counter[tuple[str, ...]]:
        """Return what was counted since the last call."""
        counts, self.counts = self.counts, Counter()
        for kind, number in self._kinds.items():
            counts["in", TYPE_NAMES[kind]] += number
        self._kinds = {}
        return counts
