"""One account: its day and clock, and the order in which its rules are looked at.

Source: playbook section 4, definitions 4, 7, 32 to 36, 62, 66, 70.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction

from shared.kernel.clock import iso_day, midnight_ms
from shared.kernel.events.envelope import Event
from shared.kernel.events.user_erased import UserErased
from tests.oracle.gate import Gate, gate
from tests.oracle.growth import is_covered
from tests.oracle.health import Health
from tests.oracle.history import History
from tests.oracle.paths import Past, World
from tests.oracle.periods import is_first_day
from tests.oracle.records import Key, Open, Said, Terms
from tests.oracle.rows import Row, View, is_gated, is_on
from tests.oracle.rules import ONE_OFFS, ROWS
from tests.oracle.triggers import Moment, Triggers, met_by
from tests.oracle.value import Value


@dataclass
class Account:
    """One account of the partition. Shape: `judged` are what the rules of the day said when the day changed."""

    name: str
    today: int
    clock: int
    terms: Terms
    world: World
    history: History = field(default_factory=History)
    past: Past = field(default_factory=Past)
    judged: list[Value] = field(default_factory=list)
    covered: bool = False
    triggers: Triggers = field(init=False)
    known_on: tuple[Terms | None, tuple[Row, ...]] = (None, ())

    def __post_init__(self) -> None:
        """Have no trigger yet, and know the playbook's problems from the first event on."""
        self.triggers = Triggers(self.name)
        self.past.know(self.terms.playbook, 0)

    @property
    def open(self) -> dict[Key, Open]:
        """Return the triggers that have not ended."""
        return self.triggers.open

    def take_said(self) -> list[Said]:
        """Return what was said since the last call."""
        said, self.triggers.said = self.triggers.said, []
        return said

    def view(self) -> View:
        """Return the account as it can be measured at this moment."""
        return View(self.history, self.terms.playbook, self.today, self.past, self.world, self.triggers.open)

    def pass_days(self, until: int) -> None:
        """Step every midnight up to a day, one by one (definition 35)."""
        first = until - self.terms.playbook.time.horizon_days - 1  # of a longer jump only the last days (choice 35)
        self.today = max(self.today, min(first, until))
        while self.today < until:
            self._pass_day()

    def _pass_day(self) -> None:
        as_ended = self.view()
        judged = self._judge("ended", as_ended)
        states = [value for row in self.rows() if not row.by_day for value in self._measure(row, as_ended)]
        first_covered = not self.covered and is_covered(self.history, self.terms.playbook, self.today)
        self.covered |= first_covered
        self.past.rearm(self.history, as_ended.facts, self.terms.playbook, self.today)
        self.today += 1
        begins = self.view()
        self.past.reach(self.history, begins.facts, self.terms.playbook, self.today, None)
        self.past.health[self.today] = begins.score
        self.judged = judged + self._judge("begins", begins)
        now = Moment(f"day/{iso_day(self.today)}", midnight_ms(self.today), self.today)
        self._end({(value.rule, value.scope): value for value in states + self.judged}, now)
        self.triggers.parked.clear()
        if first_covered and not self.churned():
            self._count_as_fired()
        self._look(now)

    def fold(self, event: Event) -> None:
        """Take in one event of today or before, and look at the rules."""
        self.history.add(event)
        now = Moment(f"{event.source}/{event.id}", self.clock, self.today)
        self.past.reach(self.history, self.view().facts, self.terms.playbook, self.today, event)
        if self.churned():
            self._end_all(now)
            return
        if isinstance(event, UserErased) and event.user_id is not None:
            self.triggers.erase(event.user_id, self.terms.playbook, now)
        self._look(now, event)

    def leave(self) -> list[Said]:
        """End everything, at the account's clock: an operator has removed the account."""
        self._end_all(Moment("removed", self.clock, self.today))
        return self.take_said()

    def judge_by(self, terms: Terms) -> None:
        """Change the terms; what holds only by the change waits for the next change of day (definition 66)."""
        before = self._holding()
        self.terms = terms
        self.past.know(terms.playbook, len(self.history.events))
        self.triggers.parked |= self._holding() - before

    def churned(self) -> bool:
        """Return whether the account's status says that it has left (definition 32)."""
        return self.history.facts()["status"] == "churned"

    def gate(self) -> Gate:
        """Return the gate's answer today."""
        terms, contracting = self.terms, any(key[0] == "contraction_risk" for key in self.open)
        return gate(self.history, terms.playbook, self.today, backfill=terms.backfill, contracting=contracting)

    def health(self) -> Health:
        """Return health today."""
        return self.view().health

    def day_text(self) -> str:
        """Return today as `YYYY-MM-DD`."""
        return iso_day(self.today)

    def segment(self) -> str:
        """Return the key of the segment in force."""
        return self.view().segment

    def values(self) -> list[Value]:
        """Return what every rule but the one-offs measures now; those of the day as when the day changed."""
        view = self.view()
        return [value for row in self.rows() for value in self._values(row, view)]

    def rows(self) -> tuple[Row, ...]:
        """Return the rules that are on, in the order in which they are looked at: found once for the same terms."""
        if self.known_on[0] is not self.terms:
            self.known_on = self.terms, tuple(row for row in ROWS if self._on(row.name))
        return self.known_on[1]

    def _on(self, rule: str) -> bool:
        return is_on(rule, self.terms.playbook, self.terms.off)

    def _measure(self, row: Row, view: View) -> list[Value]:
        """Return what a rule that is on measures now, by scope."""
        found = row.measure(view) if row.measure else ()
        return sorted(found, key=lambda value: value.scope or "")

    def _judge(self, by_day: str, view: View) -> list[Value]:
        return [value for row in self.rows() if row.by_day == by_day for value in self._measure(row, view)]

    def _values(self, row: Row, view: View) -> list[Value]:
        """Return the values of a state, or those of a rule of the day as when the day changed (definition 35)."""
        if row.by_day:
            return [value for value in self.judged if value.rule == row.name]
        return self._measure(row, view)

    def _holding(self) -> set[Key]:
        if self.churned():
            return set()
        view = self.view()
        return met_by([value for row in self.rows() if not row.by_day for value in self._measure(row, view)])

    def _end(self, values: dict[Key, Value], now: Moment) -> None:
        """End what a turn ends, and what is over on its value (definitions 4 and 7)."""
        contract_turns = now.today in self.history.renewal_days()
        billing_turns = is_first_day(now.today, self.history.facts(), self.terms.playbook)

        def over(key: Key, measured: Fraction | None) -> bool:
            if key[0] in ONE_OFFS:
                return now.today >= self.open[key].until or not self._on(str(key[0]))
            summed = key[0] == "usage_ceiling" and self.history.gauge(str(key[1])) is None
            return contract_turns or (billing_turns and summed) or self.triggers.spent[key].over(measured)

        self.triggers.end(values, self.terms.playbook, now, over)

    def _end_all(self, now: Moment) -> None:
        """End everything: the account has left (definition 32)."""
        values: dict[Key, Value] = {(one.rule, one.scope): one for one in self.values()}
        self.triggers.end(values, self.terms.playbook, now, lambda _key, _measured: True)
        self.triggers.parked.clear()

    def _count_as_fired(self) -> None:
        """Let what already holds when the account's days are first covered count as fired (definition 23)."""
        for value in self.judged:
            if value.rule == "power_user" and value.levels[0].met(value.value):
                self.triggers.count_as_fired(value, 0)

    def _look(self, now: Moment, event: Event | None = None) -> None:
        """Fire what is met, each rule measured at its turn, then release what nothing holds (definition 33)."""
        if self.churned():
            return
        view = self.view()
        measured: dict[str, list[Value]] = {}
        at: dict[bool, Moment] = {False: replace(now, reasons=("backfill",) if self.terms.backfill else ())}
        self.triggers.parked = {key for key in self.triggers.parked if self._on(str(key[0]))}
        for row in self.rows():
            gated = is_gated(row.name, self.terms.playbook)
            if gated not in at:  # after the rules of risk and adoption, before the first of expansion
                at[gated] = replace(now, reasons=self.gate().held_because)
            here = at[gated]
            if row.happening:
                for value in row.happening(view, event) if event else ():
                    self.triggers.happen(value, here)
                continue
            measured[row.name] = self._values(row, view)
            self.triggers.unpark(row.name, measured[row.name])
            for value in measured[row.name]:
                if event is None or not row.by_day:
                    self.triggers.fire(value, here)
        for row in self.rows():
            if not at[is_gated(row.name, self.terms.playbook)].reasons:
                self._release(row, measured.get(row.name, []), now.at)

    def _release(self, row: Row, values: list[Value], at: int) -> None:
        if row.happening:
            self.triggers.release_happenings(row.name, at)
        for value in values:
            self.triggers.release(value, at)
