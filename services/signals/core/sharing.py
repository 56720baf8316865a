"""One object for what is the same in many places: names, and the numbers of days.

What comes with an event is made anew for each, and kept by every account that hears of it: a source, a department, the
day of a cell. Which object stands for a text or a number changes no answer, so these tables may forget at any time:
they begin anew when they are full. Core features have numbers, which are kept: an operator names them in a playbook.
Source: design (state).
"""

from typing import Any

MOST = 8_192  # of either; a text is bounded by its event

_words: dict[str, str] = {}
_days: dict[int, Any] = {}
_numbers: dict[str, int] = {}
_features: list[str] = []


def word(text: str) -> str:
    """Return a text that is equal to this one."""
    known = _words.get(text)
    if known is None:
        if len(_words) >= MOST:
            _words.clear()
        known = _words[text] = text
    return known


def number(feature: str) -> int:
    """Return the number that stands for the name of a core feature in memory: there are as many as playbooks name."""
    known = _numbers.get(feature)
    if known is None:
        known = _numbers[feature] = len(_features)
        _features.append(feature)
    return known


def name(number: int) -> str:
    """Return the name of a core feature by its number."""
    return _features[number]


def day(number: int) -> Any:
    """Return a number that is equal to this one, as an object: whoever takes it for an `int` has another."""
    known = _days.get(number)
    if known is None:
        if len(_days) >= MOST:
            _days.clear()
        boxed: Any = number
        known = _days[boxed] = boxed
    return known


def by_day(cells: dict[int, Any]) -> dict[int, Any]:
    """Return cells that are equal to these, their days shared."""
    return {day(number): value for number, value in cells.items()}
