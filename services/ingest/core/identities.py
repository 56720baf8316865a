"""Which account a user belongs to: what the latest `group` call of each user of a source said.

The map holds every user that ever sent a `group` call: about 250 bytes each. Source: playbook section 2 (identity),
definition 67.
"""

from shared.kernel.identities import Identity


class Identities:
    """The map behind the topic `identities`; of two records of a user the one with the later instant stands."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, tuple[str, int]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._known.values()))

    def account_of(self, source: str, user_id: str) -> str | None:
        """Return the account of a user, if a `group` call ever named it."""
        found = self._known.get(source, {}).get(user_id)
        return None if found is None else found[0]

    def learn(self, identity: Identity) -> bool:
        """Take in an identity. Shape: true when the topic should hear of it, because the account is another one."""
        users = self._known.setdefault(identity.source, {})
        former = users.get(identity.user_id)
        if former is not None and former[1] > identity.at:
            return False
        users[identity.user_id] = (identity.account_id, identity.at)
        return former is None or former[0] != identity.account_id

    def forget(self, source: str, user_id: str) -> None:
        """Drop one user of one source."""
        self._known.get(source, {}).pop(user_id, None)

    def sources_of(self, user_id: str) -> list[str]:
        """Return the sources that know a user."""
        return [source for source, users in self._known.items() if user_id in users]
