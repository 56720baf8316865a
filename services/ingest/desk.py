"""One request from its bytes to its reply: read, let in, taken in, published, acknowledged.

Source: design (durability 1; contracts, ingest HTTP).
"""

import time
from http import HTTPStatus
from itertools import count
from uuid import uuid4

from services.ingest.core.cutting import TooManyError, few_values
from services.ingest.core.dialect import Dialect, Route
from services.ingest.core.dialects import spoken
from services.ingest.core.instants import clock_shift_ms
from services.ingest.core.intake import Intake, Refused, World
from services.ingest.core.keys import WriteKey
from services.ingest.core.letters import CUT_LINE_BYTES, letter_for
from services.ingest.core.quota import ByteBudget, EventQuota
from services.ingest.core.reading import Reading
from services.ingest.core.recent import RecentIds
from services.ingest.core.replies import Reply
from services.ingest.core.traffic import Traffic
from services.ingest.core.unmapped import Unmapped
from services.ingest.core.validate import UNREADABLE
from services.ingest.key_file import KeyWatch
from services.ingest.lanes import Deadlines
from services.ingest.metrics import Metrics
from services.ingest.publisher import Lines, Parcel, Publisher, Ticket
from services.ingest.refusal import Refusal
from services.ingest.settings import Settings
from services.ingest.tally_log import TallyLog
from shared.io.logs import get_logger
from shared.kernel.dead_letters import encode_letter
from shared.kernel.errors import Problem, Reason
from shared.kernel.identities import encode_identity, identity_key
from shared.kernel.topics import DEAD_LETTERS, EVENTS, IDENTITIES, TALLIES

__all__ = ["Desk"]

MOST_SECONDS = 30  # PostHog's client heeds no longer Retry-After, and comes again after its own short wait
LINE_BYTES = 128  # about what a line of the log says beyond what its client wrote
BURIED = {
    HTTPStatus.BAD_REQUEST: Problem(Reason.UNREADABLE, "", ""),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Problem(Reason.TOO_LARGE, "", ""),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Problem(Reason.WRONG_TYPE, "content-type", ""),
}
log = get_logger(__name__)


class Desk:
    """Takes bodies. Shape: `world` and `publisher` are there once the broker is."""

    def __init__(self, settings: Settings, keys: KeyWatch, metrics: Metrics) -> None:
        self.settings = settings
        self.keys = keys
        self.metrics = metrics
        self.budget = ByteBudget(settings.in_flight_max_bytes)
        self.deadlines = Deadlines(settings.ack_seconds)
        self.world: World | None = None
        self.publisher: Publisher | None = None
        self._recent = RecentIds(settings.recent_ids)
        self._quotas: dict[str, EventQuota] = {}
        self._process = uuid4().hex
        self._requests = count()
        self._events = settings.topic_prefix + EVENTS.name
        self._letters = settings.topic_prefix + DEAD_LETTERS.name
        self._identities = settings.topic_prefix + IDENTITIES.name
        self.unmapped = Unmapped(self._process)
        self.tallies = TallyLog(settings.topic_prefix + TALLIES.name, self._process)
        self.traffic = Traffic(self._process)
        self.tallies.counters += [self.unmapped.changed, self.traffic.changed]

    def key_for(self, secret: str | None) -> WriteKey:
        """Return the key that a client showed. Errors: `Refusal` 401."""
        if not secret:
            why = (
                "a write key is required: send it as the Basic user name, as a Bearer token, or in the body's writeKey "
                "or api_key"
            )
        elif key := self.keys.ring.find(secret):
            return key
        else:
            why = "this write key is not valid"
        raise Refusal(HTTPStatus.UNAUTHORIZED, "unauthorized", why)

    def unavailable(self, why: str, code: str = "unavailable") -> Refusal:
        """Return the refusal of a request that should come again later."""
        return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, code, why, self.settings.retry_after_seconds)

    def take(self, dialect: Dialect, route: Route, body: bytes, key: WriteKey | None) -> tuple[Intake, Ticket]:
        """Read a body, take its events in and hand them to the publisher. Errors: `Refusal`, with nothing taken."""
        world, publisher = self.world, self.publisher
        if world is None or publisher is None:
            raise self.unavailable("not ready: the broker has not answered yet")
        now_ms = time.time_ns() // 1_000_000
        try:
            reading = dialect.read(few_values(body), route)
        except TooManyError as error:
            refusal = Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", str(error))
            self.bury(refusal, key, route.path, body)
            raise refusal from None
        except UNREADABLE as error:
            raise self._unreadable(str(error), key, route.path, body) from None
        key = key or self.key_for(reading.write_key)
        self._charge(key, len(reading.items), now_ms)
        intake = self._intake(world, key.source, reading, body, now_ms)
        dialect.normalise(reading, intake)
        intake.close()
        self._count(intake, spoken(dialect, reading), len(reading.items), len(body))
        if reading.single and intake.rejected and intake.rejected[0].code is Reason.UNREADABLE:
            raise self._unreadable(intake.rejected[0].message, key, route.path, body)
        parcels = self._parcels(world, intake, route.path, now_ms)
        lines = Lines(self._events, intake.groups, len(body) + LINE_BYTES * len(intake.ids))
        self._make_sure_of_room(lines.size + sum(parcel.size for parcel in parcels), len(body))
        intake.refused = []
        ticket = publisher.submit(parcels, lines)
        intake.groups.clear()  # the publisher has them; what waits for the broker is kept once
        return intake, ticket

    def bury(self, refusal: Refusal, key: WriteKey | None, origin: str, body: bytes = b"") -> None:
        """Leave a dead letter about a whole body that was refused for what it is, with the beginning of what was read.

        It is sent and not waited for: the client is told all the same, and nothing was promised. Without a valid key
        nothing is written.
        """
        problem = BURIED.get(refusal.status)
        if problem is None or key is None or self.world is None or self.publisher is None:
            return
        self.metrics.bodies_refused.labels(key.source, problem.reason).inc()
        if self.budget.used >= self.budget.limit:
            return  # a broker that stands still must not make us keep letters without end
        said = Problem(problem.reason, problem.field, str(refusal))
        refused = Refused(said, body[:CUT_LINE_BYTES], None, None)
        now_ms = time.time_ns() // 1_000_000
        self.publisher.submit([self._letter(self.world, refused, key.source, origin, now_ms)])

    def reply(self, intake: Intake, ticket: Ticket) -> Reply:
        """Return the reply once the wait is over. Errors: `Refusal` 503 when the broker did not acknowledge in time."""
        if not ticket.good:
            raise self.unavailable("the broker did not acknowledge in time: send the same body again")
        duplicates = self._recent.note(intake.source, intake.ids)
        self.metrics.accepted(intake.source).inc(intake.accepted)
        self.traffic.add(intake.source, intake.accepted, time.time_ns() // 1_000_000)
        if duplicates:
            self.metrics.duplicates.inc(duplicates)
        return Reply(intake.accepted, duplicates, intake.rejected)

    def _unreadable(self, why: str, key: WriteKey | None, origin: str, body: bytes) -> Refusal:
        refusal = Refusal(HTTPStatus.BAD_REQUEST, "unreadable", f"the body cannot be read: {why}")
        self.bury(refusal, key, origin, body)
        return refusal

    def _name(self) -> str:
        return f"{self._process}-{next(self._requests)}"

    def _charge(self, key: WriteKey, events: int, now_ms: int) -> None:
        if key.quota is None:
            return
        quota = self._quotas.get(key.key_id)
        if quota is None or quota.per_second != key.quota:
            quota = self._quotas[key.key_id] = EventQuota(key.quota, now_ms)
        if wait := quota.wait_seconds(events, now_ms):
            self.metrics.over_quota(key.source).inc(events)
            message = f"this write key may send {key.quota} events a second: try again in {wait} s"
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "quota_exceeded", message, min(wait, MOST_SECONDS))

    def _make_sure_of_room(self, size: int, body_bytes: int) -> None:
        """Refuse what has become too large to wait beside all else: letters are longer than what they are about.

        Alone, any body that was let in is taken, so that none is refused for ever. Errors: `Refusal` 503.
        """
        others = self.budget.used - body_bytes
        if others > 0 and others + size > self.budget.limit:
            raise self.unavailable("too much is under way: try again", "overloaded")

    def _intake(self, world: World, source: str, reading: Reading, body: bytes, now_ms: int) -> Intake:
        shift_ms = clock_shift_ms(now_ms, reading.sent_at)
        multiline = b"\n" in body or b"\r" in body
        return Intake(world, source, now_ms, shift_ms=shift_ms, multiline=multiline, request_id=self._name())

    def _parcels(self, world: World, intake: Intake, origin: str, now_ms: int) -> list[Parcel]:
        parcels = [self._letter(world, each, intake.source, origin, now_ms) for each in intake.refused]
        for identity in intake.identities:
            value, name = encode_identity(identity), identity_key(identity.source, identity.user_id)
            parcels.append(Parcel(self._identities, world.partition_of(name.decode()), value, key=name))
        for source, user_id in intake.forgotten:
            name = identity_key(source, user_id)
            parcels.append(Parcel(self._identities, world.partition_of(name.decode()), None, key=name))
        return parcels

    def _letter(self, world: World, refused: Refused, source: str, origin: str, now_ms: int) -> Parcel:
        letter = letter_for(refused, source, origin, now_ms)
        place = letter.account_id or letter.letter_id
        return Parcel(self._letters, world.partition_of(place), encode_letter(letter), key=place.encode())

    def _count(self, intake: Intake, dialect: str, items: int, size: int) -> None:
        metrics = self.metrics
        metrics.taken(intake.source, dialect).inc(items)
        metrics.body_bytes.inc(size)
        for rejected in intake.rejected:
            metrics.rejected(intake.source, rejected.code).inc()
            log.debug("rejected", event_id=rejected.id, source=intake.source, reason=rejected.code)
        for counted, amount in (
            (metrics.clamped, intake.clamped),
            (metrics.corrected, intake.corrected),
            (metrics.unmapped, intake.unmapped),
            (metrics.ignored, intake.ignored),
        ):
            if amount:
                counted.inc(amount)
