"""How a rule's value compares with a threshold, and how it is told; the values themselves are in `measures`.

Source: playbook section 6, definitions 4 and 9.
"""

from services.signals.core.measures import RISING, USERS, Measure, Numbers
from shared.kernel.quantities import MILLION
from shared.kernel.triggers import Number


def value_at(measure: Measure, level: str | None) -> Measure | None:
    """Return the value that a level looks at; None when that one cannot be measured."""
    by_level = measure.by_level
    return measure if by_level is None else by_level.get(level or "")


def reaches(measure: Measure, level: str | None, threshold: int, comparison: str) -> bool:
    """Tell whether a level's value has reached a threshold in millionths."""
    value = value_at(measure, level)
    return value is not None and meets(value, threshold, comparison)


def meets(value: Measure, threshold: int, comparison: str) -> bool:
    """Tell whether a value has reached a threshold in millionths."""
    left, right = value.amount * MILLION, threshold * value.whole
    if left == right:
        return comparison in {">=", "<="}
    return (left > right) == (comparison in RISING)


def is_over(value: Measure, threshold: int, margin: int, comparison: str) -> bool:
    """Tell whether a value has gone back past a threshold by its margin, from whichever side it came."""
    if comparison in RISING:
        return value.amount * MILLION <= (threshold - margin) * value.whole
    return value.amount * MILLION >= (threshold + margin) * value.whole


def shown_value(value: Measure, threshold: Number) -> Number:
    """Return a value as people read it: two decimals, or six where two would hide the threshold."""
    amount, whole = value.amount, value.whole
    if amount % whole == 0:
        return amount // whole
    near = round(amount / whole, 2)
    return round(amount / whole, 6) if near == threshold else near


def named(numbers: Numbers, summary: str) -> str:
    """Return the phrase, people named."""
    users = numbers.get(USERS)
    return summary.replace("{users}", ", ".join(users) or "somebody") if isinstance(users, list) else summary
