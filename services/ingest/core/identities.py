"""Which account a user belongs to: what the latest `group` call of each user of a source said.

What a call said holds at once, so that events of the same request find their account; but it is *owed* to the topic
until it was read back from there. What is owed is written again by every call that repeats it, and by itself after a
while, so no link is lost to a request that was not acknowledged, or to two processes that heard different things.

The map holds every user that ever sent a `group` call. It costs the id's text (49 bytes and its characters) and about
90 bytes a user: 36 for the value, in which account and instant share one number, and 50 for the place in the map; each
account's name is held once. Source: playbook section 2 (identity), definition 67.
"""

from shared.kernel.clock import MIN_INSTANT_MS
from shared.kernel.identities import Identity

INSTANT_BITS = 43  # milliseconds from 1900 to 2100
INSTANT_MASK = (1 << INSTANT_BITS) - 1
User = tuple[str, str]
"""Source and user."""


class Identities:
    """The map behind the topic `identities`; of two records of a user the one with the later instant stands."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, int]] = {}
        self._accounts: list[str] = []
        self._places: dict[str, int] = {}
        self._owed: dict[User, int] = {}
        self._round = 0

    def __len__(self) -> int:
        return sum(map(len, self._known.values()))

    def account_of(self, source: str, user_id: str) -> str | None:
        """Return the account of a user, if a `group` call ever named it."""
        users = self._known.get(source)
        found = None if users is None else users.get(user_id)
        return None if found is None else self._accounts[found >> INSTANT_BITS]

    def learn(self, identity: Identity) -> bool:
        """Take in what a call said. Shape: true when the topic must hear of it; it is owed until it is `read`."""
        user = (identity.source, identity.user_id)
        if self._take(identity) is not None:
            return user in self._owed and self.account_of(*user) == identity.account_id
        self._owed.setdefault(user, self._round)
        return True

    def read(self, identity: Identity) -> None:
        """Take in a record of the topic: if it says less than is known here, the topic is owed what is known."""
        user = (identity.source, identity.user_id)
        self._take(identity)
        if self.account_of(*user) == identity.account_id:
            self._owed.pop(user, None)
        else:
            self._owed.setdefault(user, self._round)

    def forget(self, source: str, user_id: str, *, owed: bool = False) -> None:
        """Drop one user of one source. Shape: `owed` when the topic does not say so yet."""
        self._known.setdefault(source, {}).pop(user_id, None)
        if owed:
            self._owed.setdefault((source, user_id), self._round)
        else:
            self._owed.pop((source, user_id), None)

    def sources_of(self, user_id: str) -> list[str]:
        """Return the sources that know a user, or owe the topic that they do not any more."""
        return [source for source, users in self._known.items() if user_id in users or (source, user_id) in self._owed]

    def overdue(self, most: int) -> list[tuple[User, Identity | None]]:
        """Return what was owed before this was last asked, None for a user to be forgotten; and begin a round."""
        due = [user for user, since in self._owed.items() if since < self._round][:most]
        self._round += 1
        return [(user, self._identity(*user)) for user in due]

    def _identity(self, source: str, user_id: str) -> Identity | None:
        found = self._known.get(source, {}).get(user_id)
        if found is None:
            return None
        account_id, at = self._accounts[found >> INSTANT_BITS], (found & INSTANT_MASK) + MIN_INSTANT_MS
        return Identity(source=source, user_id=user_id, account_id=account_id, at=at)

    def _take(self, identity: Identity) -> int | None:
        """Note an identity. Shape: what was known before when it stays in force, or said the same account."""
        users = self._known.setdefault(identity.source, {})
        former = users.get(identity.user_id)
        at = identity.at - MIN_INSTANT_MS
        if former is not None and former & INSTANT_MASK > at:
            return former
        place = self._places.setdefault(identity.account_id, len(self._accounts))
        if place == len(self._accounts):
            self._accounts.append(identity.account_id)
        users[identity.user_id] = place << INSTANT_BITS | at
        return former if former is not None and former >> INSTANT_BITS == place else None
