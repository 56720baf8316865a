"""A second opinion on the signals engine: slow, obviously right, and without a line of its code.

The oracle keeps every event of an account and recomputes every value from its definition at every line. Where
`definitions.md` leaves a choice, it is made here, by the number of the entry:

- birth: an account is born by its first folded line, with today = the later of the latest tick's day and the event's;
  no change of day is stepped then. Lines that are not folded give birth to nothing.
- 3, 13: a user's *cut* is the latest deactivation or erasure; activity counts when `occurred_at >= cut`, since facts
  come before observations at the same instant. Assigned: some provisioning is later than the cut by (time, source,
  id). `user.*` without `user_id` is ignored. Of two facts with the same (time, source, id) the one that arrived later
  is the later.
- 5: in one look only the highest level fires that is met, armed and not blocked. It marks itself and the lower levels
  *spent*; a spent level blocks all lower ones, and re-arms at a change of day by its own threshold less its margin.
- 6, 7: the billing period turns on a day that is a period's first by the facts in force then; moving the anchor turns
  nothing. The turn re-arms also what merely counted as fired.
- 8: the duplicate test comes before everything else of a line. The clock at a line is the later of the account's
  clock and the line's `occurred_at`; a duplicate moves no clock and no day and is not looked at. Ids are per account,
  whatever the type.
- 10: `limits: null` clears every metric as of its instant. An account has limits of its own for 1,000 metrics, those
  that arrive first; one of a further metric is as if not given, until `limits: null` has made room.
- 11, 12: a limited metric that was never used is measured: 0.
- 13, 25: users who have gone leave the counts of *users*; days, sums and features of the account stay. A user's
  department is that of the latest provisioning that names one; erasure forgets it, deactivation does not.
- 13, 23: acts are kept by day, those of a user's latest day one by one. So a departure that arrives once the user has
  acted on a later day takes away all acts of its own day; one that arrives before takes away what came before it. The
  account's first act is that of anybody who has a `user_id`, whatever became of them.
- 16: of a one-off that is told again while its trigger is open nothing follows. `stands_days` is that of the firing.
  Rules that are off end their one-offs at the next change of day, as those of states.
- 22: a number that was replaced on its own day was in force on that day; 0 and null are in force but no number, and
  while one of them is there is no value.
- 23: fewer than five active users, or nobody with 20 acts, is no value. The days are covered when the first act lies on
  or before the first of them; before that there is no value. What then holds is spent without a word, once in an
  account's life, whether the rule is on or not.
- 26: the trend is the mean of the ratios, clamped once; nothing due with a primary outcome is a full share; `left`
  and `moved_away` both lose the champion; engagement, support and stakeholders have data from the first event that
  speaks of them, stakeholders also from the first `account.updated` that carries `exec_sponsor` or `champion`, null
  included.
- 28: open means every criterion is met or left out; `held_because` may name other reasons while it is open. Without
  criteria it is open with confidence 0. What requires 0 is attained, to 0.99 when it wants more and there is no more.
  All comparisons are of exact rationals.
- 29: a segment is given by key or name, without regard to case and outer blanks.
- 31: any `renewal.completed` in the window ends `renewal_quiet`.
- 32: only `churned` silences; the next other status fires anew at its line, rules of the day when the day changes.
- 33: at a change of day: endings, then the look, then releases, for each day by itself.
- 34: of the held levels whose kept threshold is met the highest is released; the lower held ones are resolved and
  stay spent.
- 35: a rule of the day keeps the value of the latest change of day until the next; releases in between use it. Ending
  and firing at a change of day both use the window that ends on the day that has ended.
- 35, 70: ticks within a day and other controls cause no look; what follows from them happens at the next line or
  change of day.
- 38, 70: released and resolved records keep the `decided_by` of the firing and have the `occurred_at` of their own
  moment.
- 39: too old is judged after the day has been stepped.
- 48: without a known plan the value is 0. 50: without seats there is no value.
- 66, 74: what becomes true by a new playbook (or a rule switched on) is parked until the next change of day, or until
  it is false at a look. A rule that is off has no value: its triggers end at the next change of day.
- 18, 33, 62: every rule is measured at its turn, so what this record fires is seen by the rules after it. Risk and
  adoption are held by `backfill` alone. `contraction_risk` holds expansion while it has an open trigger, held or not;
  the gate answers once a look, after `renewal_at_risk`.
- 35: at a change of day the rules whose window ends with the day that has ended are judged and all states measured as
  of that day; then today turns, limits are armed and reached, health of the day that begins is recorded, the other
  rules of the day are judged, and only then is anything ended. A rule of the day ends by the value judged just then.
- 73: a backfill that begins after a live tick is ignored.
- 35, bound: the oracle passes every midnight of a jump, the engine only the last 401 (its own test holds that). No
  story and no company jumps further without a tick, so that both say the same.
- removal: `control.account_removed` ends what is open, at the account's clock, and forgets the account; what comes
  later is born anew, a line that had been folded before included. An account that is not there cannot be removed.
- 68, 75, bound: the engine takes 10,000 features and 1,000 metrics of an account, beside those that somebody declares;
  the oracle knows no such bound, and no company has so many.

Source: playbook section 4, definitions 8, 35, 37, 39, 47, 66, 72, 73.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

from shared.kernel.clock import MINUTE_MS, day_of
from shared.kernel.codec import Line, decode_record
from shared.kernel.controls import (
    AccountRemoved,
    Backfill,
    Control,
    PlaybookSet,
    Quintiles,
    RuleSwitched,
    SourceHeard,
    Tick,
)
from shared.kernel.events.envelope import Event
from shared.kernel.ids import partition_for
from shared.kernel.playbook.document import Playbook
from tests.oracle.account import Account
from tests.oracle.history import LEDGER_OR_FACT
from tests.oracle.paths import World
from tests.oracle.records import Said, Terms
from tests.oracle.sources import Sources


@dataclass
class Oracle:
    """The whole partition. Shape: `playbooks` are the bodies that `control.playbook` may name, by version."""

    partition: int
    partitions: int
    terms: Terms
    playbooks: dict[str, Playbook] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    ticked_at: int = 0
    ticked_live: bool = False
    world: World = field(default_factory=World)
    firsts: dict[tuple[str, str, str], int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    sources: Sources = field(init=False)
    said: list[Said] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Know no source yet."""
        self.sources = Sources(self.partition, self.partitions)

    def fold(self, value: bytes) -> list[Said]:
        """Read one record, line by line, and return what was said."""
        good, bad = decode_record(value)
        self.counts["rejected"] += len(bad)
        said: list[Said] = []
        for _, line in good:
            said += self._line(line)
        return said

    def _line(self, line: Line) -> list[Said]:
        if isinstance(line, Control):
            self._control(line)
        else:
            self._event(line)
        said = self.said + [one for account in self.accounts.values() for one in account.take_said()]
        self.said = []
        return said

    def _control(self, line: Control) -> None:
        match line:
            case Tick():
                self.ticked_live |= line.live
                self.ticked_at = max(self.ticked_at, line.at)
                for account in self.accounts.values():
                    account.clock = max(account.clock, self.ticked_at)
                    account.pass_days(day_of(self.ticked_at))
            case Backfill(state="begin") if self.ticked_live:
                self.counts["backfill_refused"] += 1
            case Backfill():
                self._judge_by(replace(self.terms, backfill=line.state == "begin"), line.at)
            case PlaybookSet() if line.version in self.playbooks:
                self._judge_by(replace(self.terms, playbook=self.playbooks[line.version]), line.at)
            case RuleSwitched():
                off = self.terms.off - {line.rule} if line.enabled else self.terms.off | {line.rule}
                self._judge_by(replace(self.terms, off=off), line.at)
            case SourceHeard():
                self.said += self.sources.hear(line, self.terms, self.ticked_at)
                self.world.silent = {name for name, latest in self.sources.latest.items() if latest.silent}
            case Quintiles():
                self.world.compare(line)
            case AccountRemoved() if line.account_id in self.accounts:
                self._remove(line.account_id)
            case _:
                self.counts["no_meaning_here"] += 1

    def _remove(self, name: str) -> None:
        """Let an account's triggers end, and know nothing of it any more, the ids of its events included."""
        self.said += self.accounts.pop(name).leave()
        self.firsts = {same: clock for same, clock in self.firsts.items() if same[0] != name}

    def _judge_by(self, terms: Terms, at: int) -> None:
        self.terms = terms
        self.said += self.sources.judge_by(terms, at, self.ticked_at)
        for account in self.accounts.values():
            account.judge_by(terms)

    def _event(self, event: Event) -> None:
        if partition_for(event.account_id, self.partitions) != self.partition:
            self.counts["misplaced"] += 1
            return
        at = int(event.occurred_at)
        account = self.accounts.get(event.account_id)
        clock = max(account.clock if account else self.ticked_at, at)
        same = (event.account_id, event.source, event.id)
        window = self.terms.playbook.time.dedup_minutes * MINUTE_MS
        if same in self.firsts and clock - self.firsts[same] <= window:
            self.counts["duplicates"] += 1
            return
        self.firsts[same] = clock
        today = max(account.today if account else day_of(self.ticked_at), day_of(at))
        if account:
            account.clock = clock
            account.pass_days(today)
        tag = str(event.__struct_config__.tag)
        if day_of(at) < today - self.terms.playbook.time.horizon_days and not tag.startswith(LEDGER_OR_FACT):
            self.counts["too_old"] += 1
            return
        if account is None:
            account = Account(event.account_id, today, clock, self.terms, self.world)
            self.accounts[event.account_id] = account
        account.fold(event)
