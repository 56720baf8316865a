"""One account: its day and clock, and what is open.

Source: playbook section 4, definitions 4, 5, 7, 32 to 36, 38, 62, 66, 70.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from shared.kernel.clock import iso_day, midnight_ms
from shared.kernel.events.envelope import Event
from shared.kernel.ids import trigger_id
from shared.kernel.playbook.document import Playbook
from tests.oracle.gate import Gate, gate, segment_of
from tests.oracle.health import Health, health
from tests.oracle.history import History
from tests.oracle.values import RULES, Level, Value, is_first_day, values

Key = tuple[str, str | None, str | None]  # rule, scope, level


@dataclass(frozen=True)
class Said:
    """One record of a trigger, with the numbers that matter."""

    record: str
    trigger_id: str
    account: str
    rule: str
    scope: str | None
    level: str | None
    decided_by: str
    occurred_at: int
    held_because: tuple[str, ...]
    value: Fraction | None
    threshold: Fraction
    comparison: str


@dataclass
class Open:
    """A trigger that has not ended. `kept` is the threshold it fired with (definition 66)."""

    trigger_id: str
    decided_by: str
    kept: Level
    held: bool


@dataclass
class Terms:
    """By what a partition judges from here on: the playbook, the rules switched off, and whether history is loading."""

    playbook: Playbook
    off: frozenset[str] = frozenset()
    backfill: bool = False


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
    said: list[Said] = field(default_factory=list)

    def pass_days(self, until: int) -> None:
        """Step every midnight up to a day, one by one (definition 35)."""
        while self.today < until:
            self._end(self.today + 1)
            self.today += 1
            self.parked.clear()
            self._look(f"day/{iso_day(self.today)}", midnight_ms(self.today))

    def fold(self, event: Event) -> None:
        """Take in one event of today or before, and look at the rules."""
        self.history.events.append(event)
        decided_by = f"{event.source}/{event.id}"
        if self.churned():
            self._end_all()
        else:
            self._look(decided_by, self.clock)

    def judge_by(self, terms: Terms) -> None:
        """Change the terms; what holds only by the change waits for the next change of day (definition 66)."""
        before = self._holding()
        self.terms = terms
        self.parked |= self._holding() - before

    def churned(self) -> bool:
        """Return whether the account's status says that it has left (definition 32)."""
        return self.history.facts()["status"] == "churned"

    def values(self, day: int | None = None) -> list[Value]:
        """Return what every rule measures, today or on another day."""
        return values(self.history, self.terms.playbook, self.today if day is None else day, self.terms.off)

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
        return {(m.rule, m.scope, level.name) for m in self.values() for level in m.levels if level.met(m.value)}

    def _end(self, begins: int) -> None:
        """End what is over on the value of the day that has ended, and what a turn ends (definitions 4 and 7)."""
        facts = self.history.facts()
        contract_turns = begins in self.history.renewal_days()
        billing_turns = is_first_day(begins, facts, self.terms.playbook)
        measured = {(m.rule, m.scope): m for m in self.values()}
        for key, kept in self._spent_in_order():
            value = measured.get(key[:2])
            summed = key[0] == "usage_ceiling" and self.history.gauge(str(key[1])) is None
            now = value.value if value else None
            if contract_turns or (billing_turns and summed) or kept.over(now):
                del self.spent[key]
                if key in self.open:
                    self._say("resolved", key, self.open.pop(key), midnight_ms(begins), now)

    def _end_all(self) -> None:
        measured = {(m.rule, m.scope): m.value for m in self.values()}
        for key, _ in self._spent_in_order():
            if key in self.open:
                self._say("resolved", key, self.open.pop(key), self.clock, measured.get(key[:2]))
        self.spent.clear()
        self.parked.clear()

    def _spent_in_order(self) -> list[tuple[Key, Level]]:
        """Return what is spent by the playbook's rules, then scopes, then levels from the lowest."""
        levels = [level.name for level in self.terms.playbook.rules.usage_ceiling.levels]

        def place(item: tuple[Key, Level]) -> tuple[int, str, int]:
            rule, scope, level = item[0]
            return RULES.index(rule), scope or "", levels.index(level) if level in levels else -1

        return sorted(self.spent.items(), key=place)

    def _look(self, decided_by: str, at: int) -> None:
        """Fire what is met, then release what nothing holds (definition 33)."""
        if self.churned():
            return
        # Risk and adoption rules, `contraction_risk` and `renewal_at_risk` are looked at here, before the gate.
        self.parked &= self._holding()
        reasons = self.gate().held_because
        measured = self.values()
        for value in measured:
            self._fire(value, decided_by, at, reasons)
        if not reasons:
            for value in measured:
                self._release(value, at)

    def _fire(self, value: Value, decided_by: str, at: int, reasons: tuple[str, ...]) -> None:
        """Fire the highest level that is met, armed and not blocked by a higher one (definition 5)."""
        for index in reversed(range(len(value.levels))):
            level = value.levels[index]
            key = (value.rule, value.scope, level.name)
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
            key = (value.rule, value.scope, level.name)
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
                rule=key[0],
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
