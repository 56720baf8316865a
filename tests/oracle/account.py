"""One account: its day and clock, and what is open.

Source: playbook section 4, definitions 4, 5, 7, 32 to 36, 38, 62, 66, 70.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from shared.kernel.clock import iso_day, midnight_ms
from shared.kernel.events.envelope import Event
from shared.kernel.ids import trigger_id
from tests.oracle.gate import Gate, gate, segment_of
from tests.oracle.growth import is_covered
from tests.oracle.health import Health, health
from tests.oracle.history import History
from tests.oracle.records import Key, Open, Said, Terms
from tests.oracle.value import Level, Value
from tests.oracle.values import ONE_OFFS, RULES, happenings, is_first_day, is_on, values, values_of_day


@dataclass
class Account:
    """One account of the partition."""

    name: str
    today: int
    clock: int
    terms: Terms
    history: History = field(default_factory=History)
    spent: dict[Key, Level] = field(default_factory=dict)
    open: dict[Key, Open] = field(default_factory=dict)
    parked: set[Key] = field(default_factory=set)
    judged: list[Value] = field(default_factory=list)
    covered: bool = False
    said: list[Said] = field(default_factory=list)

    def pass_days(self, until: int) -> None:
        """Step every midnight up to a day, one by one (definition 35)."""
        while self.today < until:
            self.judged = values_of_day(self.history, self.terms.playbook, self.today, self.terms.off)
            first_covered = not self.covered and is_covered(self.history, self.terms.playbook, self.today)
            self.covered |= first_covered
            self._end(self.today + 1)
            self.today += 1
            self.parked.clear()
            if first_covered and not self.churned():
                self._count_as_fired(self.judged)
            self._look(f"day/{iso_day(self.today)}", midnight_ms(self.today))

    def fold(self, event: Event) -> None:
        """Take in one event of today or before, and look at the rules."""
        self.history.events.append(event)
        decided_by = f"{event.source}/{event.id}"
        if self.churned():
            self._end_all()
        else:
            self._look(decided_by, self.clock, event)

    def judge_by(self, terms: Terms) -> None:
        """Change the terms; what holds only by the change waits for the next change of day (definition 66)."""
        before = self._holding()
        self.terms = terms
        self.parked |= self._holding() - before

    def churned(self) -> bool:
        """Return whether the account's status says that it has left (definition 32)."""
        return self.history.facts()["status"] == "churned"

    def values(self) -> list[Value]:
        """Return what every rule but the one-offs measures; those of the day as when the day changed."""
        terms = self.terms
        found = values(self.history, terms.playbook, self.today, terms.off)
        found += [value for value in self.judged if is_on(value.rule, terms.playbook, terms.off)]
        return sorted(found, key=lambda value: RULES.index(value.rule))

    def gate(self) -> Gate:
        """Return the gate's answer today."""
        return gate(self.history, self.terms.playbook, self.today, backfill=self.terms.backfill)

    def health(self) -> Health:
        """Return health today."""
        return health(self.history, self.segment(), self.terms.playbook, self.today)

    def day_text(self) -> str:
        """Return today as `YYYY-MM-DD`."""
        return iso_day(self.today)

    def segment(self) -> str:
        """Return the key of the segment in force."""
        return segment_of(self.history.facts(), self.terms.playbook)

    def _holding(self) -> set[Key]:
        if self.churned():
            return set()
        states = values(self.history, self.terms.playbook, self.today, self.terms.off)
        return {(m.rule, m.scope, level.name) for m in states for level in m.levels if level.met(m.value)}

    def _end(self, begins: int) -> None:
        """End what is over on the value of the day that has ended, and what a turn ends (definitions 4 and 7)."""
        facts = self.history.facts()
        contract_turns = begins in self.history.renewal_days()
        billing_turns = is_first_day(begins, facts, self.terms.playbook)
        measured: dict[Key, Value] = {(m.rule, m.scope): m for m in self.values()}
        for key, kept in self._spent_in_order():
            if key[0] in ONE_OFFS:
                if begins >= self.open[key].until or not is_on(str(key[0]), self.terms.playbook, self.terms.off):
                    del self.spent[key]
                    self._say("resolved", key, self.open.pop(key), midnight_ms(begins), None)
                continue
            value = measured.get(key[:2])
            summed = key[0] == "usage_ceiling" and self.history.gauge(str(key[1])) is None
            now = value.value if value else None
            if contract_turns or (billing_turns and summed) or kept.over(now):
                del self.spent[key]
                if key in self.open:
                    self._say("resolved", key, self.open.pop(key), midnight_ms(begins), now)

    def _end_all(self) -> None:
        measured: dict[Key, Fraction | None] = {(m.rule, m.scope): m.value for m in self.values()}
        for key, _ in self._spent_in_order():
            if key in self.open:
                self._say("resolved", key, self.open.pop(key), self.clock, measured.get(key[:2]))
        self.spent.clear()
        self.parked.clear()

    def _spent_in_order(self) -> list[tuple[Key, Level]]:
        """Return what is spent by the playbook's rules, then scopes, then levels from the lowest."""
        levels = [level.name for level in self.terms.playbook.rules.usage_ceiling.levels]

        def place(item: tuple[Key, Level]) -> tuple[int, str, int]:
            rule, scope, level = item[0][:3]
            return RULES.index(str(rule)), scope or "", levels.index(level) if level in levels else -1

        return sorted(self.spent.items(), key=place)

    def _count_as_fired(self, judged: list[Value]) -> None:
        """Let what already holds when the account's days are first covered count as fired (definition 23)."""
        for value in judged:
            for level in value.levels:
                if level.met(value.value):
                    self.spent[value.rule, value.scope, level.name] = level

    def _look(self, decided_by: str, at: int, event: Event | None = None) -> None:
        """Fire what is met, then release what nothing holds (definition 33)."""
        if self.churned():
            return
        # Risk and adoption rules, `contraction_risk` and `renewal_at_risk` are looked at here, before the gate.
        self.parked &= self._holding()
        reasons = self.gate().held_because
        measured = self.values()
        happened = happenings(self.terms.playbook, event, self.terms.off) if event else []
        for value in sorted(measured + happened, key=lambda value: RULES.index(value.rule)):
            if value.until:
                self._happen(value, decided_by, at, reasons)
            elif event is None or value not in self.judged:
                self._fire(value, decided_by, at, reasons)
        if reasons:
            return
        for rule in RULES:
            for value in measured:
                if value.rule == rule:
                    self._release(value, at)
            if rule in ONE_OFFS and is_on(rule, self.terms.playbook, self.terms.off):
                self._release_happenings(rule, at)

    def _happen(self, value: Value, decided_by: str, at: int, reasons: tuple[str, ...]) -> None:
        """Fire a one-off, unless the days on which it would stand are over (definition 16)."""
        level = value.levels[0]
        key = (value.rule, value.scope, level.name, decided_by)
        if key in self.open or not level.met(value.value) or self.today >= value.until:
            return
        identity = trigger_id(self.name, value.rule, value.scope, level.name, decided_by)
        self.spent[key] = level
        self.open[key] = Open(identity, decided_by, level, bool(reasons), value.until, value.value)
        self._say("held" if reasons else "fired", key, self.open[key], at, value.value, reasons=reasons)

    def _release_happenings(self, rule: str, at: int) -> None:
        """Release every held trigger of a one-off: each still stands (definition 34)."""
        for key, trigger in self.open.items():
            if key[0] == rule and trigger.held:
                trigger.held = False
                self._say("released", key, trigger, at, trigger.value)

    def _fire(self, value: Value, decided_by: str, at: int, reasons: tuple[str, ...]) -> None:
        """Fire the highest level that is met, armed and not blocked by a higher one (definition 5)."""
        for index in reversed(range(len(value.levels))):
            level = value.levels[index]
            key: Key = (value.rule, value.scope, level.name)
            if key in self.spent:
                return
            if level.met(value.value) and key not in self.parked:
                for lower in value.levels[: index + 1]:
                    self.spent.setdefault((value.rule, value.scope, lower.name), lower)
                identity = trigger_id(self.name, value.rule, value.scope, level.name, decided_by)
                trigger = Open(identity, decided_by, level, held=bool(reasons))
                self.open[key] = trigger
                self._say("held" if reasons else "fired", key, trigger, at, value.value, reasons=reasons)
                return

    def _release(self, value: Value, at: int) -> None:
        """Release the highest held level whose threshold is met; the lower ones end without (definition 34)."""
        delivered = False
        for level in reversed(value.levels):
            key: Key = (value.rule, value.scope, level.name)
            trigger = self.open.get(key)
            if trigger is None:
                continue
            if not trigger.held:
                delivered = True
            elif delivered:
                self._say("resolved", key, self.open.pop(key), at, value.value)
            elif trigger.kept.met(value.value):
                trigger.held = False
                delivered = True
                self._say("released", key, trigger, at, value.value)

    def _say(
        self,
        record: str,
        key: Key,
        trigger: Open,
        at: int,
        value: Fraction | None,
        *,
        reasons: tuple[str, ...] = (),
    ) -> None:
        self.said.append(
            Said(
                record=record,
                trigger_id=trigger.trigger_id,
                account=self.name,
                rule=str(key[0]),
                scope=key[1],
                level=key[2],
                decided_by=trigger.decided_by,
                occurred_at=at,
                held_because=reasons,
                value=value,
                threshold=trigger.kept.threshold,
                comparison=trigger.kept.comparison,
            )
        )
