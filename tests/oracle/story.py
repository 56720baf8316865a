"""A story of one account, told line by line; what the subject says is kept in short forms.

Shape: `fired usage_ceiling:api_calls@owner`, `held seat_saturation:active`.
"""

from shared.kernel.playbook import Playbook
from tests.oracle.subject import Explained, Subject, Told
from tests.oracle.writing import control, event


class Story:
    """What happened to one account, and what was said of it."""

    def __init__(self, subject: Subject, account: str = "acme") -> None:
        self.subject = subject
        self.account = account
        self.told: list[Told] = []
        self.lines = 0

    def fold(self, *lines: bytes) -> list[str]:
        """Write one record of some lines and return what it made the subject say, in short."""
        told = self.subject.fold(b"\n".join(lines))
        self.told += told
        return [str(one) for one in told]

    def line(
        self,
        when: str,
        kind: str,
        /,
        *,
        user: str | None = None,
        name: str | None = None,
        source: str = "app",
        **properties: object,
    ) -> bytes:
        """Return one event of the account as a line; its id counts up unless it is named."""
        self.lines += 1
        return event(
            kind, self.account, when, name or f"e{self.lines}", user=user, source=source, properties=properties
        )

    def happens(
        self,
        when: str,
        kind: str,
        /,
        *,
        user: str | None = None,
        name: str | None = None,
        source: str = "app",
        **properties: object,
    ) -> list[str]:
        """Write one event as a record of its own."""
        return self.fold(self.line(when, kind, user=user, name=name, source=source, **properties))

    def facts(self, when: str, **fields: object) -> list[str]:
        """Write one `account.updated`."""
        self.lines += 1
        return self.fold(event("account.updated", self.account, when, f"e{self.lines}", properties=fields))

    def ready(self, when: str, **fields: object) -> list[str]:
        """Write the facts, and the one use that opens the wide-open gate."""
        return self.facts(when, **fields) + self.happens(when, "feature.used", feature="dashboards")

    def active(self, when: str, *users: str) -> list[str]:
        """Write a session of each user, all in one record."""
        return self.fold(*(self.line(when, "session.started", user=user) for user in users))

    def tick(self, when: str, *, live: bool = True) -> list[str]:
        """Write a tick."""
        return self.fold(control("tick", when, live=live))

    def backfill(self, when: str, state: str) -> list[str]:
        """Begin or end the loading of history."""
        return self.fold(control("backfill", when, state=state))

    def judge_by(self, when: str, playbook: Playbook) -> list[str]:
        """Put another playbook in force."""
        return self.fold(control("playbook", when, version=playbook.version, digest=playbook.digest))

    def switch(self, when: str, rule: str, *, enabled: bool) -> list[str]:
        """Switch a rule off or on."""
        return self.fold(control("rule", when, rule=rule, enabled=enabled))

    def explain(self) -> Explained:
        """Return what is known of the account now."""
        known = self.subject.explain(self.account)
        assert known is not None
        return known
