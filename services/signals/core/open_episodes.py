"""The episodes of an account by their keys, and by rule: an account may have thousands of one rule, a person each.

Source: definitions 15 and 18.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from services.signals.core.state import Episode, Key

NONE: Mapping[Key, Episode] = MappingProxyType({})


def key_of(episode: Episode) -> Key:
    """Return what identifies an episode within its account."""
    if episode.until:
        return episode.rule, episode.scope, episode.level, episode.decided_by
    return episode.rule, episode.scope, episode.level


class Episodes(dict[Key, Episode]):
    """Episodes by key. Shape: in the order in which they began, so that their days never fall; likewise `by_rule`."""

    __slots__ = ("by_rule", "moved", "names", "shown")

    def __init__(self, episodes: Iterable[Episode]) -> None:
        super().__init__()
        self.by_rule: dict[str, dict[Key, Episode]] = {}
        self.moved = True  # one has begun, was released or has ended since all was settled
        self.names: dict[Key, str] = {}  # of their triggers, empty until they are asked for
        self.shown: dict[Key, tuple[str, Any]] = {}  # one-offs as snapshots show them, with their status
        for episode in episodes:
            self.begin(episode)

    def begin(self, episode: Episode) -> None:
        """Take in an episode that begins, as the latest one."""
        key, self.moved = key_of(episode), True
        if key in self:
            self.end(self[key])
        self[key], self.names[key] = episode, ""
        self.by_rule.setdefault(episode.rule, {})[key] = episode

    def end(self, episode: Episode) -> None:
        """Take out an episode that is over."""
        key, same = key_of(episode), self.by_rule[episode.rule]
        self.moved = True
        del self[key], same[key]
        self.names.pop(key, None)
        self.shown.pop(key, None)
        if not same:
            del self.by_rule[episode.rule]

    def of(self, rule: str) -> Mapping[Key, Episode]:
        """Return the episodes of a rule."""
        return self.by_rule.get(rule, NONE)
