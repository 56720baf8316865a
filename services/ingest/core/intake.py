"""Where the events of one request are taken in, whatever dialect they came in.

A dialect says what each call means; the intake settles its time and account, checks its properties, and keeps the line
that goes to the log or the reason why there is none. One intake serves one request.
"""

from collections import defaultdict
from collections.abc import Callable

import msgspec

from services.ingest.core.identities import Identities
from services.ingest.core.instants import INSTANTS, shifted
from services.ingest.core.strays import ACCOUNT_UPDATED, stray_names
from services.ingest.core.tracking import Tracking
from services.ingest.core.unmapped import Unmapped
from services.ingest.core.validate import PROPERTIES, SHORTEST_DEEP, UNREADABLE, properties_problem, size_problem
from shared.kernel.errors import Problem, Reason
from shared.kernel.identities import Identity

UNKNOWN_ACCOUNT = (
    "the account is not known: name it (context.groupId, $groups, accountid or account_id, by your client), or send a "
    "group call for this user, after which the event follows by itself"
)
Users = tuple[str | None, str | None]
Properties = bytes | msgspec.Raw
_ENCODER = msgspec.json.Encoder()


class World(msgspec.Struct):
    """What all requests share. Units: `event_max_bytes` bounds an event's properties."""

    tracking: Tracking
    identities: Identities
    partition_of: Callable[[str], int]
    event_max_bytes: int
    unmapped: Unmapped = msgspec.field(default_factory=Unmapped)


class Line(msgspec.Struct, omit_defaults=True, gc=False):
    """One event as it is written to the log. Shape: the kernel's `Event`, its properties as they were sent."""

    type: str
    id: str
    account_id: str | None
    occurred_at: int | str | None
    source: str
    received_at: int
    properties: msgspec.Raw
    user_id: str | None = None


class Rejected(msgspec.Struct):
    """An event that was not taken, as the reply names it."""

    index: int
    id: str | None
    code: Reason
    message: str


class Refused(msgspec.Struct):
    """The same event for `dead.letters`. Shape: `line` is a line of the log that could not be, or the item itself."""

    problem: Problem
    line: bytes
    event_id: str | None
    account_id: str | None
    anonymous_id: str | None = None


class Intake:
    """One request's events: `groups` by partition, `rejected` for the reply, `refused` for `dead.letters`.

    Shape: `multiline` says that the body holds line ends, which must not get into a line of the log; `request_id` names
    events that came without an id. Units: `shift_ms` is added to times that the client's clock gave.
    """

    def __init__(
        self, world: World, source: str, received_at: int, *, shift_ms: int, multiline: bool, request_id: str
    ) -> None:
        self.world = world
        self.source = source
        self.received_at = received_at
        self.request_id = request_id
        self.groups: defaultdict[int, list[Line]] = defaultdict(list)
        self.ids: list[str] = []
        self.rejected: list[Rejected] = []
        self.refused: list[Refused] = []
        self.identities: list[Identity] = []
        self.forgotten: list[tuple[str, str]] = []
        self.clamped = self.unmapped = self.corrected = self.silent = self.ignored = 0
        self.latest = received_at + world.tracking.future_ms
        self.shift_ms = shift_ms
        self.multiline = multiline
        self._waiting: list[tuple[int, Line, Users]] = []

    def take(
        self,
        index: int,
        event_type: str,
        event_id: str,
        account_id: str | None,
        users: Users,
        at: str | int | None,
        properties: Properties,
    ) -> None:
        """Take one event, or reject it with the reason.

        Shape: `users` are the user and the anonymous visitor; `at` as the client wrote it, and none means arrival.
        Errors: `UNREADABLE` with nothing taken, when properties of several lines cannot be laid out in one.
        """
        try:
            moment = self.moment(at)
        except ValueError as error:
            problem = Problem(Reason.OUT_OF_RANGE, "occurred_at", str(error))
            self.refuse(index, self._line(event_type, event_id, account_id, users, at, properties), problem)
            return
        self.take_at(index, event_type, event_id, account_id, users, moment, properties)

    def take_at(
        self,
        index: int,
        event_type: str,
        event_id: str,
        account_id: str | None,
        users: Users,
        moment: int,
        properties: Properties,
    ) -> None:
        """Take one event whose time is settled, or reject it with the reason."""
        line = self._line(event_type, event_id, account_id, users, moment, properties)
        try:
            PROPERTIES[event_type].decode(properties)
        except UNREADABLE as error:
            self.refuse(index, line, properties_problem(event_type, properties, error))
            return
        if len(properties) > SHORTEST_DEEP and (problem := size_problem(properties, self.world.event_max_bytes)):
            self.refuse(index, line, problem)
        elif account_id is None:
            self._settle_account(index, line, users)
        else:
            self._keep(line, account_id)

    def moment(self, at: str | int | None) -> int:
        """Return when an event happened. Errors: `ValueError` for a time that cannot be. Source: definition 47."""
        if at is None:
            return self.received_at
        moment = INSTANTS[at]
        if self.shift_ms:
            moment = shifted(moment, self.shift_ms)
            self.corrected += 1
        if moment > self.latest:
            self.clamped += 1
            return self.received_at
        return moment

    def learn(self, user_id: str, account_id: str, moment: int) -> None:
        """Take in that a user belongs to an account since an instant."""
        identity = Identity(source=self.source, user_id=user_id, account_id=account_id, at=moment)
        if self.world.identities.learn(identity):
            self.identities.append(identity)

    def reject(self, index: int, event_id: str | None, problem: Problem, item: bytes) -> None:
        """Reject an item of which no event could be made."""
        self.rejected.append(Rejected(index, event_id, problem.reason, _sentence(problem)))
        self.refused.append(Refused(problem, item, event_id, None))

    def refuse(self, index: int, line: Line, problem: Problem, anonymous_id: str | None = None) -> None:
        """Reject an event, and keep its line for `dead.letters`."""
        self.rejected.append(Rejected(index, line.id, problem.reason, _sentence(problem)))
        self.refused.append(Refused(problem, _ENCODER.encode(line), line.id, line.account_id, anonymous_id))

    def acknowledge(self) -> None:
        """Count a call that is understood and makes no event, such as `alias`."""
        self.silent += 1

    def ignore(self) -> None:
        """Count a call that a row of the tracking plan ignores: it is taken, and makes no event."""
        self.silent += 1
        self.ignored += 1

    def close(self) -> None:
        """Settle the events whose account was not known when they were read: a later call may have named it."""
        for index, line, users in self._waiting:
            account_id = self.account_of(users)
            if account_id is None:
                self.refuse(index, line, Problem(Reason.ACCOUNT_UNKNOWN, "account_id", UNKNOWN_ACCOUNT), users[1])
            else:
                line.account_id = account_id
                self._keep(line, account_id)
        self._waiting.clear()
        self.rejected.sort(key=lambda rejected: rejected.index)

    def account_of(self, users: Users) -> str | None:
        """Return the account of the first of these users whom a `group` call named."""
        for user in users:
            if user is not None and (account_id := self.world.identities.account_of(self.source, user)):
                return account_id
        return None

    @property
    def accepted(self) -> int:
        """How many calls were taken, repeats among them."""
        return len(self.ids) + self.silent

    def _line(
        self,
        event_type: str,
        event_id: str,
        account_id: str | None,
        users: Users,
        at: str | int | None,
        properties: Properties,
    ) -> Line:
        if self.multiline:
            properties = msgspec.json.format(bytes(properties), indent=-1)
        raw = properties if type(properties) is msgspec.Raw else msgspec.Raw(properties)
        return Line(event_type, event_id, account_id, at, self.source, self.received_at, raw, users[0])

    def _settle_account(self, index: int, line: Line, users: Users) -> None:
        line.account_id = self.account_of(users)
        if line.account_id is None:
            self._waiting.append((index, line, users))
        else:
            self._keep(line, line.account_id)

    def _keep(self, line: Line, account_id: str) -> None:
        self.groups[self.world.partition_of(account_id)].append(line)
        self.ids.append(line.id)
        if line.type == "user.erased" and line.user_id:
            self._forget(line.user_id)
        elif line.type == ACCOUNT_UPDATED:
            for name in stray_names(line.properties):
                self.world.unmapped.note(self.source, name, line.id, b"{}", self.received_at)

    def _forget(self, user_id: str) -> None:
        for source in dict.fromkeys((self.source, *self.world.identities.sources_of(user_id))):
            self.world.identities.forget(source, user_id, owed=True)
            self.forgotten.append((source, user_id))


def _sentence(problem: Problem) -> str:
    field = problem.field
    return problem.message if not field or problem.message.startswith(field) else f"{field}: {problem.message}"
