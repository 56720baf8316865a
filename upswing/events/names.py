"""The name of an event taken apart, so that a guess can be made what it means."""

import re
from collections.abc import Collection, Mapping

import msgspec

__all__ = ["Name", "Types", "words_of"]

Types = Mapping[str, Collection[str]]
"""Property names and the JSON types that they had."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class Name(msgspec.Struct, frozen=True):
    """A name taken apart.

    Shape: `words` are in lower case; `properties` are those that its calls carried; `features` and `metrics` are those
    of the playbook's plans.
    """

    text: str
    words: tuple[str, ...]
    properties: Types
    features: Collection[str]
    metrics: Collection[str]

    def has(self, *words: str) -> bool:
        """Say whether one of the words is in the name."""
        return not set(words).isdisjoint(self.words)

    def slug(self, *without: str) -> str:
        """Return the words joined, as features and metrics are written."""
        kept = [word for word in self.words if word not in without] or list(self.words)
        return ("_".join(kept) or self.text)[:200]

    def numeric(self, wanted: Collection[str] = ()) -> str | None:
        """Return a numeric property: one of those wanted, in their order, else the only one that there is."""
        numbers = [name for name, types in self.properties.items() if "number" in types and _is_path(name)]
        named = {name.lower(): name for name in numbers}
        for each in wanted:
            if each in named:
                return named[each]
        return numbers[0] if len(numbers) == 1 else None

    def text_property(self, *wanted: str) -> str | None:
        """Return the first of the wanted properties that was there as a text."""
        named = {name.lower().replace("_", ""): name for name, types in self.properties.items() if "text" in types}
        return next((named[each] for each in wanted if each in named and _is_path(named[each])), None)

    def feature(self) -> str | None:
        """Return the feature of the plans whose words are all in the name, in one number or the other."""
        return self._among(self.features)

    def metric(self, *without: str) -> str:
        """Return the limited metric of the plans whose words are all in the name, else the name without some words."""
        return self._among(self.metrics) or self.slug(*without)

    def _among(self, known: Collection[str]) -> str | None:
        stems = {word.rstrip("s") for word in self.words}
        fitting = [each for each in known if {word.rstrip("s") for word in each.lower().split("_")} <= stems]
        return max(fitting, key=len, default=None)


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name, whatever way they are joined: blanks, dots, underscores or capitals."""
    return tuple(word.lower() for word in _WORDS.findall(name))


def _is_path(name: str) -> bool:
    """Say whether a property's name can stand in a path: dots would part it."""
    return bool(name) and "." not in name
