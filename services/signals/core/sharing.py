"""One object for what is the same in many places: names, days, fractions.

What comes with an event is made anew for each, and kept by every account that hears of it: a source, a department, the
day of a cell. Which object stands for a text or a number changes no answer, so these tables may forget at any time:
they begin anew when they are full. Core features have numbers, which are kept: an operator names them in a playbook.
Source: design (state).
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from services.signals.core.state import Days, Episode, Head, Register

T = TypeVar("T")
MOST = 8_192  # of each; a text is bounded by its event

_words: dict[str, str] = {}
_numbers: dict[int, Any] = {}
_pairs: dict[Any, Any] = {}
_places: dict[str, int] = {}
FEATURES: list[str] = []  # core features by their numbers


def word(text: str) -> str:
    """Return a text that is equal to this one."""
    known = _words.get(text)
    if known is None:
        if len(_words) >= MOST:
            _words.clear()
        known = _words[text] = text
    return known


def number(value: int) -> Any:
    """Return a number that is equal to this one, as an object: compiled code makes one of each `int` it passes on."""
    known = _numbers.get(value)
    if known is None:
        if len(_numbers) >= MOST:
            _numbers.clear()
        boxed: Any = value
        known = _numbers[boxed] = boxed
    return known


def pair(both: Any) -> Any:
    """Return a pair of numbers or texts that is equal to this one, as an object."""
    known = _pairs.get(both)
    if known is None:
        if len(_pairs) >= MOST:
            _pairs.clear()
        known = _pairs[both] = both
    return known


def place_of(feature: str) -> int:
    """Return the number that stands for the name of a core feature in memory: there are as many as playbooks name."""
    known = _places.get(feature)
    if known is None:
        known = _places[feature] = len(FEATURES)
        FEATURES.append(feature)
    return known


def by_day(cells: dict[int, T]) -> dict[int, T]:
    """Return cells that are equal to these, their days shared."""
    return {number(day): value for day, value in cells.items()}


def by_name(values: dict[str, T]) -> dict[str, T]:
    """Return values that are equal to these, their names shared."""
    return {word(name): value for name, value in values.items()}


def adopt(head: Head, days: Days) -> None:
    """Let an account that was read from its pages share what others, and other parts of it, have too."""
    head.facts, head.limits, head.gauges = _registers(head.facts), _registers(head.limits), _registers(head.gauges)
    head.features, head.csat = by_name(head.features), by_day(head.csat)
    for feature in head.features.values():
        feature.newest, feature.touched = number(feature.newest), number(feature.touched)
    days.tickets_opened, days.judged = by_day(days.tickets_opened), by_name(days.judged)
    days.tickets = {
        name: (_moment(opened), _moment(resolved), word(severity))
        for name, (opened, resolved, severity) in days.tickets.items()
    }
    use, standing = days.use, days.standing
    use.times, use.problems = by_name(use.times), by_name(use.problems)
    use.costs = {word(name): by_day(cells) for name, cells in use.costs.items()}
    use.by_features = {word(name): by_day(cells) for name, cells in use.by_features.items()}
    standing.acts, standing.mentions = by_day(standing.acts), by_day(standing.mentions)
    standing.health = [(number(day), None if exact is None else pair(exact)) for day, exact in standing.health]
    days.people.departments = by_name(days.people.departments)
    _share_words(head.episodes)


def _moment(moment: Any) -> Any:
    return None if moment is None else (moment[0], word(moment[1]), moment[2])


def _registers(registers: dict[str, Register]) -> dict[str, Register]:
    """Return registers that are equal to these: those of one event share its moment."""
    moments: dict[Any, Any] = {}
    found: dict[str, Register] = {}
    for name, register in registers.items():
        moment: Any = register[1:]
        at_ms, source, event_id = moments.setdefault(moment, moment)
        found[word(name)] = (register[0], at_ms, word(source), event_id)
    return found


def _share_words(episodes: Iterable[Episode]) -> None:
    for episode in episodes:
        episode.rule, episode.status = word(episode.rule), word(episode.status)
        episode.threshold, episode.margin = number(episode.threshold), number(episode.margin)
        if episode.event_ids == (episode.decided_by,):
            episode.event_ids = (episode.decided_by,)
