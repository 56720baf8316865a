"""Whether two subjects say the same: triggers record by record, and the state of accounts.

Units: evidence and health are shown with two decimal places, shares with four; numbers agree within those.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import ulp
from typing import TypeVar

from tests.oracle.subject import Explained, Told

K = TypeVar("K")
SHOWN = 0.0051
SHARE = 0.000051


def close(one: float | None, other: float | None, within: float) -> bool:
    """Return whether two numbers are the same as far as they are shown, and as a float of their size can tell."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= max(within, 2 * ulp(one))


def by_account(told: Iterable[Told]) -> dict[str, list[Told]]:
    """Return what was said of each account, in order."""
    grouped: dict[str, list[Told]] = {}
    for one in told:
        grouped.setdefault(one.account, []).append(one)
    return grouped


def same_told(expected: Told, actual: Told) -> bool:
    """Return whether two records of triggers agree."""
    if expected.record == "resolved":  # the value with which something ended is told only when there is one
        return replace(expected, value=None) == replace(actual, value=None)
    same = replace(expected, value=None) == replace(actual, value=None)
    return same and close(expected.value, actual.value, SHOWN)


def assert_same_told(expected: list[Told], actual: list[Told], where: str) -> None:
    """Fail unless the same was said of every account in the same order."""
    left, right = by_account(expected), by_account(actual)
    for account in sorted(left.keys() | right.keys()):
        ours, theirs = left.get(account, []), right.get(account, [])
        agree = len(ours) == len(theirs) and all(map(same_told, ours, theirs))
        assert agree, f"{where}\noracle: {_listed(ours)}\nengine: {_listed(theirs)}"


def assert_same_state(expected: Explained | None, actual: Explained | None, where: str) -> None:
    """Fail unless two explanations of an account agree."""
    assert (expected is None) == (actual is None), f"{where}\noracle: {expected}\nengine: {actual}"
    if expected is None or actual is None:
        return
    blank: dict[str, object] = {"health": None, "components": {}, "confidence": 0, "attainments": {}, "values": {}}
    exact = replace(expected, **blank) == replace(actual, **blank)  # type: ignore[arg-type]  # each is of its field's type
    shown = (
        close(expected.health, actual.health, SHOWN)
        and close(expected.confidence, actual.confidence, SHARE)
        and _close_all(expected.components, actual.components, SHOWN)
        and _close_all(expected.attainments, actual.attainments, SHARE)
        and _close_all(expected.values, actual.values, SHOWN)
    )
    assert (exact, shown) == (True, True), f"{where}\noracle: {expected}\nengine: {actual}"


def _close_all(one: Mapping[K, float], other: Mapping[K, float], within: float) -> bool:
    return one.keys() == other.keys() and all(close(one[name], other[name], within) for name in one)


def _listed(told: list[Told]) -> str:
    return "".join(f"\n  {one} {one.value} {one.comparison} {one.threshold}: {one!r}" for one in told)
