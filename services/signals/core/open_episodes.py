"""The episodes of an account by their keys, and by rule: an account may have thousands of one rule, a person each.

Source: definitions 15 and 18.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from services.signals.core.state import Episode, Key
from shared.kernel.triggers import Evidence

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
        self.shown: dict[str, Evidence] = {}  # of one-offs as snapshots show them, by the names of their triggers
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
        self.shown.pop(self.names.pop(key), None)
        if not same:
            del self.by_rule[episode.rule]

    def show_anew(self, episode: Episode) -> None:
        """Forget how a one-off was shown, whose status has changed."""
        self.moved = True
        self.shown.pop(self.names[key_of(episode)], None)

    def of(self, rule: str) -> Mapping[Key, Episode]:
        """Return the episodes of a rule."""
        return self.by_rule.get(rule, NONE)
