"""What is said of an event type that there is not: its name, and the one that was probably meant."""

from difflib import get_close_matches
from functools import lru_cache

from shared.kernel.events import BY_NAME

__all__ = ["no_such_type"]

SHOWN_CHARS = 80
LONGEST = 40  # no type's name is as long; what is longer is no slip
REMEMBERED = 256  # a client that has one wrong sends it again and again, and looking for it takes 10 to 30 us


def no_such_type(name: str) -> str:
    """Return a sentence about a name that no event type has."""
    near = _meant(name) if len(name) <= LONGEST else None
    return f"no event type is named {name!r:.{SHOWN_CHARS}}" + (f"; did you mean {near}?" if near else "")


@lru_cache(maxsize=REMEMBERED)
def _meant(name: str) -> str | None:
    """Return the type that is written otherwise, or of whose two words one is misspelt: quick for any name."""
    if (same := _PLAIN.get(_plain(name))) is not None:
        return same
    subject, _, verb = name.lower().partition(".")
    verbs = [other for known, other in _WORDS if known == subject]
    if near := get_close_matches(verb, verbs, 1):
        return f"{subject}.{near[0]}"
    subjects = [known for known, other in _WORDS if other == verb]
    near = get_close_matches(subject, subjects, 1)
    return f"{near[0]}.{verb}" if near else None


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


_PLAIN = {_plain(name): name for name in BY_NAME}
_WORDS = [tuple(name.split(".", 1)) for name in BY_NAME]
