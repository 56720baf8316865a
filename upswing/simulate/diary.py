"""Which situations have stood, and since when: the life of a value, from where it is reached to where it fell back.

A situation is named after the rule that should notice it. It begins on the day on which its value is reached, and ends
when the value has fallen back past the margin. Source: definitions 4, 5, 7, 16 and 23.
"""

import msgspec

from shared.kernel.playbook import Playbook, each_rule
from upswing.simulate.rhythm import date_text
from upswing.simulate.situations import Reading, ended_readings, readings
from upswing.simulate.values import Values


class Situation(msgspec.Struct, kw_only=True):
    """Something that should be noticed. Units: days since 1970; `ends` None: it still stands when the story ends.

    Shape: `levels` says on which day each level of the rule was reached; `exact` ones are arithmetic, the others a
    judgement that only the latent model can make.
    """

    rule: str
    scope: str | None
    begins: int
    ends: int | None = None
    levels: dict[str, int] = {}
    exact: bool = True


class Diary:
    """All situations of one account so far.

    Shape: `beginnings` are departments that only look new because the story, or the instrumentation, begins with them.
    """

    def __init__(self, playbook: Playbook, values: Values) -> None:
        self._playbook, self._values = playbook, values
        self._enabled = {name for name, rule in each_rule(playbook) if rule.enabled}
        self._open: dict[tuple[str, str | None], Situation] = {}
        self._past: set[str] = set()
        self.situations: list[Situation] = []
        self.beginnings: list[Situation] = []

    def close(self, day: int) -> None:
        """Look at a day that is over."""
        for reading in readings(self._playbook, self._values, day):
            self._note(reading, day)
        if self._values.facts.get("renews_on") == date_text(day + 1):
            self._past.clear()  # the contract's period turns: what still stands is noticed anew (definition 7)
        for reading in ended_readings(self._playbook, self._values, day):
            self._note(reading, day + 1)
        for rule, at in self._values.one_offs:
            if rule in self._enabled:
                days = getattr(self._playbook.rules, rule).stands_days
                self.situations.append(Situation(rule=rule, scope=None, begins=at, ends=at + days - 1))
        self._values.one_offs.clear()

    def end(self, day: int) -> None:
        """End everything: the account has left."""
        for situation in self._open.values():
            situation.ends = day
        self._open.clear()

    def _note(self, reading: Reading, day: int) -> None:
        if reading.rule not in self._enabled:
            return
        key = (reading.rule, reading.scope)
        found = self._open.get(key)
        if found is not None and (reading.turned or reading.fallen):
            found.ends = day - 1 if reading.turned else day
            del self._open[key]
            found = None
        if reading.rule == "power_user":
            self._begin_power(reading, key, day)
        elif reading.met and found is None:
            found = self._open[key] = Situation(rule=reading.rule, scope=reading.scope, begins=day)
            self._list(found).append(found)
        if reading.met and found is not None and reading.level is not None:
            found.levels.setdefault(reading.level, day)

    def _list(self, found: Situation) -> list[Situation]:
        values = self._values
        seeming = (
            found.rule == "department_expansion"
            and values.departments[found.scope or ""] == values.first_day > values.onboarded
        )
        return self.beginnings if seeming else self.situations

    def _begin_power(self, reading: Reading, key: tuple[str, str | None], day: int) -> None:
        """What holds already when an account's first 30 days are covered counts as noticed (definition 23)."""
        first = self._values.first_act
        if first is not None and first + self._playbook.rules.power_user.days == day and reading.met:
            self._past.add(reading.rule)
        elif reading.fallen:
            self._past.discard(reading.rule)
        elif reading.met and key not in self._open and reading.rule not in self._past:
            self._open[key] = Situation(rule=reading.rule, scope=reading.scope, begins=day)
            self.situations.append(self._open[key])
