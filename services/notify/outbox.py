"""The senders: one or more workers a channel, so that a slow or broken one keeps nobody else waiting.

A worker claims a delivery under a lease, sends it outside of any transaction and settles it by the lease's token. It is
woken by the intake's commit; the poll finds what other processes left. Source: design (durability 4), reliability (2).
"""

import asyncio
from collections.abc import Callable
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import msgspec
import structlog
from sqlalchemy import RowMapping
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notify import metrics
from services.notify.channels.kinds import Configured, Parcel
from services.notify.core.card import Mark, Subject, Told, make_card
from services.notify.core.schedule import Attempt, Limits, Lost, Outcome, Retry, Sent, Settlement, settle
from services.notify.core.words import Action, State
from services.notify.repository import hot, messages, outbox
from services.notify.repository.outbox import Claim, Lease
from shared.kernel.people import Person
from shared.kernel.triggers import Trigger

bound_contextvars = structlog.contextvars.bound_contextvars
LOG = structlog.get_logger("notify.outbox")
REPEAT: Mark = "possible repeat"
LEAST_PAUSE_S = 0.01
SETTLE_AGAIN_S = 0.2
DATABASE_TROUBLE = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

Clock = Callable[[], int]


class Pace(msgspec.Struct, frozen=True):
    """How the senders work. Units: `lease_ms` milliseconds; `poll_s` seconds."""

    limits: Limits
    lease_ms: int
    poll_s: float


class Bells:
    """Wakes the workers of a channel."""

    def __init__(self, channels: list[str]) -> None:
        self._bells = {channel: asyncio.Event() for channel in channels}

    def ring(self, channels: set[str]) -> None:
        """Wake the workers of these channels."""
        for channel in channels & self._bells.keys():
            self._bells[channel].set()

    async def wait(self, channel: str, seconds: float) -> None:
        """Return when the channel's bell rings, or after some seconds."""
        bell = self._bells[channel]
        try:
            async with asyncio.timeout(max(seconds, LEAST_PAUSE_S)):
                await bell.wait()
        except TimeoutError:
            return
        bell.clear()


class Sender:
    """The work of one channel."""

    def __init__(
        self, engine: AsyncEngine, configured: Configured, bells: Bells, pace: Pace, clock: Clock, account_url: str
    ) -> None:
        self._engine = engine
        self._configured = configured
        self._bells = bells
        self._pace = pace
        self._clock = clock
        self._account_url = account_url
        self._name = configured.name

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until told to stop. A database that fails is tried again at the next poll; readiness tells of it."""
        while not stopping.is_set():
            try:
                pause_s = await self.step()
            except DATABASE_TROUBLE as error:
                LOG.warning("database failed", channel=self._name, error=type(error).__name__)
                pause_s = self._pace.poll_s
            if pause_s > 0:
                await self._bells.wait(self._name, pause_s)

    async def step(self) -> float:
        """Send one delivery if one is due; return how long none will be. Units: seconds, 0: look again at once."""
        now_ms = self._clock()
        async with self._engine.connect() as connection:
            claimed = await self._claim(connection, now_ms)
            if claimed is None:
                await connection.rollback()
                return await self._rest(connection, now_ms)
            row = await hot.read_content(connection, claimed.message_id, claimed.account_id, claimed.play)
            await connection.commit()
        with bound_contextvars(
            trigger_id=claimed.trigger_id, account_id=claimed.account_id, delivery_id=claimed.delivery_id
        ):
            await self._deliver(claimed, row)
        return 0.0

    async def _claim(self, connection: AsyncConnection, now_ms: int) -> Claim | None:
        lease = Lease(uuid4(), now_ms + self._pace.lease_ms)
        interval_ms = self._configured.interval_ms
        if not interval_ms:
            return await outbox.claim(connection, self._name, lease, now_ms, now_ms)
        if not await outbox.reserve(connection, self._name, now_ms, interval_ms):
            return None
        return await outbox.claim(connection, self._name, lease, now_ms, now_ms + interval_ms)

    async def _rest(self, connection: AsyncConnection, now_ms: int) -> float:
        """Nothing can be sent now: see to leases that have ended, and return how long to wait."""
        expired = await outbox.expire_leases(connection, self._name, now_ms)
        due = await outbox.next_due(connection, self._name, now_ms)
        await connection.commit()
        if expired:
            metrics.ALERTS.labels(self._name, "", "lease_ended").inc(expired)
            return 0.0
        return self._pace.poll_s if due is None else min((due - now_ms) / 1000, self._pace.poll_s)

    async def _deliver(self, claimed: Claim, row: RowMapping) -> None:
        if _already_shown(claimed):
            note = "shown already by an earlier message of this channel"
            await self._settle(claimed, Settlement(State.NOT_SENT, note, claimed.decided_at), Sent())
            return
        outcome: Outcome
        try:
            claimed, outcome = await self._send(claimed, self._subject(claimed, hot.decode_content(row)))
        except Exception as error:  # fate: again within the limits, since a later release may render what this cannot
            LOG.exception("delivery failed by a fault of ours", channel=self._name)
            outcome = Retry(f"a fault of ours: {type(error).__name__}: {error}"[:300])
        attempt = Attempt(claimed.attempt, claimed.decided_at, (claimed.token.int & 0xFFFF) / 0xFFFF)
        await self._settle(claimed, settle(outcome, attempt, self._clock(), self._pace.limits), outcome)

    def _subject(self, claimed: Claim, content: hot.Content) -> Subject:
        told = content.told
        if claimed.message_id is None:
            told = (Told(msgspec.convert(claimed.sample, Trigger), claimed.decided_at),)
        url = self._account_url.replace("{account_id}", quote(claimed.account_id, safe=""))
        return Subject(told, content.lead, content.owner, url, claimed.closed)

    async def _send(self, claimed: Claim, subject: Subject) -> tuple[Claim, Outcome]:
        channel = self._configured.channel
        if claimed.may_repeat and claimed.action is not Action.UPDATE:
            found = await channel.find(self._parcel(claimed, subject))
            if found is not None:
                return claimed, found
            if REPEAT not in claimed.marks:
                claimed = msgspec.structs.replace(claimed, marks=(*claimed.marks, REPEAT))
            metrics.REPEATS.labels(self._name).inc()
        try:
            async with asyncio.timeout(self._pace.lease_ms / 1000 / 2):
                return claimed, await channel.send(self._parcel(claimed, subject), self._clock())
        except TimeoutError:
            return claimed, Lost("no answer within half of the lease")

    def _parcel(self, claimed: Claim, subject: Subject) -> Parcel:
        marks = _marks(claimed)
        card = make_card(subject, marks, self._clock())
        return Parcel(
            key=f"upswing-delivery-{claimed.delivery_id}",
            action=claimed.action,
            card=card,
            owner_email=_address(subject.owner),
            ref=claimed.ref,
            decided_at=claimed.decided_at,
            owner_may_come=subject.lead is None and claimed.message_id is not None and card.about_account,
        )

    async def _settle(self, claimed: Claim, settlement: Settlement, outcome: Outcome) -> None:
        """Write the outcome; while the database fails, again until the lease is near its end."""
        give_up_at = claimed.lease_until - self._pace.lease_ms // 10
        while True:
            now_ms = self._clock()
            try:
                kept = await self._write(claimed, settlement, outcome, now_ms)
            except DATABASE_TROUBLE as error:
                if now_ms >= give_up_at:
                    raise
                LOG.warning("settling tried again", channel=self._name, error=type(error).__name__)
                await asyncio.sleep(SETTLE_AGAIN_S)
            else:
                self._note(claimed, settlement, now_ms, kept=kept)
                return

    async def _write(self, claimed: Claim, settlement: Settlement, outcome: Outcome, now_ms: int) -> bool:
        ref = outcome.ref if isinstance(outcome, Sent) else {}
        async with self._engine.begin() as connection:
            target = ref.get("to") or self._configured.channel.target
            kept = await outbox.settle(connection, claimed, settlement, target, now_ms)
            if hold := self._hold(settlement, now_ms):
                await outbox.hold_until(connection, self._name, hold)
            if kept and settlement.state is State.SENT and _places(claimed) and claimed.message_id is not None:
                await messages.place(connection, claimed.message_id, self._name, ref, claimed.current_version)
        return kept

    def _hold(self, settlement: Settlement, now_ms: int) -> int:
        """Return until when the channel rests; the pace counts from the answer, since a post may be slow to leave."""
        interval_ms = self._configured.interval_ms if settlement.state is not State.NOT_SENT else 0
        return max(settlement.channel_free_at or 0, now_ms + interval_ms if interval_ms else 0)

    def _note(self, claimed: Claim, settlement: Settlement, now_ms: int, *, kept: bool) -> None:
        if not kept:
            metrics.LOST_LEASES.labels(self._name).inc()
            LOG.warning("lease lost before the answer came", channel=self._name)
            return
        metrics.ALERTS.labels(self._name, claimed.action, settlement.state).inc()
        log = LOG.info if settlement.state in {State.SENT, State.NOT_SENT} else LOG.warning
        log("delivery settled", channel=self._name, state=str(settlement.state), reason=settlement.reason)
        if settlement.state is State.SENT and claimed.action is Action.POST and not claimed.resent:
            metrics.HOPS.labels("consumed_to_sent").observe(max(now_ms - claimed.decided_at, 0) / 1000)
            if claimed.received_at is not None:
                metrics.HOPS.labels("received_to_sent").observe(max(now_ms - claimed.received_at, 0) / 1000)


def _already_shown(claimed: Claim) -> bool:
    """Return whether a message shows the news of a delivery already; a reply pings people, which showing does not."""
    if claimed.action is Action.REPLY:
        return False
    return claimed.ref is not None and not claimed.resent and claimed.shown >= claimed.version


def _places(claimed: Claim) -> bool:
    """Return whether a sent delivery is where its message is shown from now on: a reply and a copy are not."""
    return claimed.action is not Action.REPLY and not (claimed.resent and claimed.ref is not None)


def _marks(claimed: Claim) -> tuple[Mark, ...]:
    order: tuple[Mark, ...] = ("test", "sent again", REPEAT)
    return tuple(mark for mark in order if mark in claimed.marks)


def _address(owner: Person | None) -> str | None:
    return owner.email if owner else None
