"""Dead letters whose account may still become known: kept by the users that they wait for, in bounded memory.

What does not fit gives way, the oldest first; it stays on `dead.letters` and can be replayed by hand.
Source: playbook section 2 (identity), definition 78.
"""

from collections.abc import Iterable

import msgspec

from services.ingest.core.identities import User
from services.ingest.core.letters import users_of
from shared.kernel.dead_letters import DeadLetter
from shared.kernel.errors import Reason

LETTER_BYTES = 1_500  # what a waiting letter costs beside its text
Place = tuple[int, int]
"""Partition and offset."""


class WaitingLetter(msgspec.Struct, gc=False):
    """One letter, where it lies, and whom it waits for."""

    letter: DeadLetter
    place: Place
    key: bytes | None
    users: list[User]

    @property
    def size(self) -> int:
        """About the bytes that it takes."""
        return LETTER_BYTES + len(self.letter.line)


class WaitingRoom:
    """The letters that wait. Shape: `left` counts those that had to give way. Units: `limit` and `used` are bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = self.left = 0
        self._letters: dict[str, WaitingLetter] = {}
        self._by_user: dict[User, set[str]] = {}
        self._by_partition: dict[int, dict[int, str]] = {}

    def __len__(self) -> int:
        return len(self._letters)

    def take(self, letter: DeadLetter, place: Place, key: bytes | None) -> WaitingLetter | None:
        """Take in a record of the topic. Shape: the letter when it can wait for somebody, else nothing."""
        self.remove(letter.letter_id)
        if letter.retaken_at is not None or not (users := _awaited(letter)):
            return None
        waiting = WaitingLetter(letter, place, key, users)
        self._letters[letter.letter_id] = waiting
        self._by_partition.setdefault(place[0], {})[place[1]] = letter.letter_id
        for user in users:
            self._by_user.setdefault(user, set()).add(letter.letter_id)
        self.used += waiting.size
        while self.used > self.limit:
            self.left += 1
            self.remove(next(iter(self._letters)))
        return waiting if letter.letter_id in self._letters else None

    def waits_for(self, user: User) -> bool:
        """Say whether any letter waits for a user."""
        return user in self._by_user

    def of(self, users: Iterable[User], most: int) -> list[WaitingLetter]:
        """Return letters that wait for any of these users, in the order in which they were read."""
        named = {letter_id for user in users for letter_id in self._by_user.get(user, ())}
        return sorted((self._letters[letter_id] for letter_id in named), key=lambda waiting: waiting.place)[:most]

    def remove(self, letter_id: str) -> None:
        """Let a letter go, if it is here."""
        waiting = self._letters.pop(letter_id, None)
        if waiting is None:
            return
        self.used -= waiting.size
        del self._by_partition[waiting.place[0]][waiting.place[1]]
        for user in waiting.users:
            others = self._by_user[user]
            others.discard(letter_id)
            if not others:
                del self._by_user[user]

    def clear(self) -> None:
        """Let all letters go, because they are read again from where reading begins."""
        for letter_id in list(self._letters):
            self.remove(letter_id)

    def first(self, partition: int) -> int | None:
        """Return the offset of the oldest letter of a partition: what lies before it need not be read again."""
        return next(iter(self._by_partition.get(partition, ())), None)


def _awaited(letter: DeadLetter) -> list[User]:
    """Return the users whose account the letter waits for; none when its trouble is another one."""
    if letter.service != "ingest" or letter.reason is not Reason.ACCOUNT_UNKNOWN:
        return []
    try:
        fields = msgspec.json.decode(letter.line)
    except msgspec.DecodeError:  # it was cut, or written by somebody else
        return []
    return list(dict.fromkeys(users_of(letter, fields))) if isinstance(fields, dict) else []
