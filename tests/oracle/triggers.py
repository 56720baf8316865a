"""The triggers of one account: what is open, what is spent, and what firing, releasing and ending say of it.

Source: definitions 4, 5, 7, 16, 34, 38, 62, 67, 70.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from shared.kernel.ids import trigger_id
from shared.kernel.playbook.document import Playbook
from tests.oracle.records import Key, Open, Said
from tests.oracle.rules import ROWS, RULES
from tests.oracle.value import Level, Value

Values = Mapping[Key, Value]
Over = Callable[[Key, Fraction | None], bool]


@dataclass(frozen=True)
class Moment:
    """When something is said. Shape: `reasons` hold what is fired now, none where nothing is."""

    decided_by: str
    at: int
    today: int
    reasons: tuple[str, ...] = ()


@dataclass
class Triggers:
    """What has fired and not ended. Shape: `spent` are the levels that cannot fire, `parked` those that must wait."""

    account: str
    spent: dict[Key, Level] = field(default_factory=dict)
    open: dict[Key, Open] = field(default_factory=dict)
    parked: set[Key] = field(default_factory=set)
    said: list[Said] = field(default_factory=list)

    def happen(self, value: Value, now: Moment) -> None:
        """Fire a one-off, unless the days on which it would stand are over (definition 16)."""
        level = value.levels[0]
        key = (value.rule, value.scope, level.name, now.decided_by)
        if key not in self.open and level.met(value.value) and now.today < value.until:
            self.spent[key] = level
            self._open(key, level, value, now)

    def unpark(self, rule: str, values: list[Value]) -> None:
        """Let what waits fire again, once it has been false at a look (definition 66)."""
        met = met_by(values)
        self.parked = {key for key in self.parked if key[0] != rule or key in met}

    def fire(self, value: Value, now: Moment) -> None:
        """Fire the highest level that is met, armed and not blocked by a higher one (definition 5)."""
        for index in reversed(range(len(value.levels))):
            level = value.levels[index]
            key: Key = (value.rule, value.scope, level.name)
            if key in self.spent:
                return
            if level.met(value.at(level)) and key not in self.parked:
                self.count_as_fired(value, index)
                self._open(key, level, value, now)
                return

    def count_as_fired(self, value: Value, highest: int) -> None:
        """Spend a level and those below it."""
        for level in value.levels[: highest + 1]:
            self.spent.setdefault((value.rule, value.scope, level.name), level)

    def _open(self, key: Key, level: Level, value: Value, now: Moment) -> None:
        identity = trigger_id(self.account, value.rule, value.scope, level.name, now.decided_by)
        held = bool(now.reasons)
        trigger = Open(identity, now.decided_by, level, held, now.today, value.until, value.at(level))
        self.open[key] = trigger
        self._say("held" if held else "fired", key, trigger, now.at, value.at(level), reasons=now.reasons)

    def release(self, value: Value, at: int) -> None:
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
                self._say("resolved", key, self.open.pop(key), at, value.at(level))
            elif trigger.kept.met(value.at(level)):
                trigger.held = False
                delivered = True
                self._say("released", key, trigger, at, value.at(level))

    def release_happenings(self, rule: str, at: int) -> None:
        """Release every held trigger of a one-off: each still stands (definition 34)."""
        for key, trigger in self.open.items():
            if key[0] == rule and trigger.held:
                trigger.held = False
                self._say("released", key, trigger, at, trigger.value)

    def end(
        self, values: Values, playbook: Playbook, now: Moment, over: Callable[[Key, Fraction | None], bool]
    ) -> None:
        """End what is over, on the value of each key's level (definitions 4, 7 and 16)."""
        for key in self._in_order(playbook):
            value = values.get(key[:2])
            measured = value.at(self.spent[key]) if value else None
            if over(key, measured):
                self._forget(key, now.at, measured)

    def erase(self, user: str, playbook: Playbook, now: Moment) -> None:
        """End what is about a person who is erased; the record does not name the person (definition 67)."""
        personal = {row.name for row in ROWS if row.by_person}
        for key in self._in_order(playbook):
            if key[0] in personal and key[1] == user:
                self._forget(key, now.at, None, scope="erased")
        self.parked = {key for key in self.parked if not (key[0] in personal and key[1] == user)}

    def _forget(self, key: Key, at: int, value: Fraction | None, scope: str | None = None) -> None:
        del self.spent[key]
        if key in self.open:
            told_of = key if scope is None else (key[0], scope, *key[2:])
            self._say("resolved", told_of, self.open.pop(key), at, value)

    def _in_order(self, playbook: Playbook) -> list[Key]:
        """Return what is spent by the rules' order, then scopes, then levels from the lowest."""

        def place(key: Key) -> tuple[int, str, int]:
            rule = str(key[0])
            levels = [level.name for level in getattr(getattr(playbook.rules, rule), "levels", ())]
            return RULES.index(rule), key[1] or "", levels.index(key[2]) if key[2] in levels else -1

        return sorted(self.spent, key=place)

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
                account=self.account,
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


def met_by(values: list[Value]) -> set[Key]:
    """Return the levels that values meet."""
    return {(one.rule, one.scope, level.name) for one in values for level in one.levels if level.met(one.at(level))}
