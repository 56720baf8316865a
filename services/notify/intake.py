"""From a record to the outbox, in one transaction: gather, decide, apply. The offset is committed afterwards.

Source: design (durability 4 and 6).
"""

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notify import metrics
from services.notify.core.card import Subject, Told, make_card
from services.notify.core.decide import Dispatch, Situation, Verdict, decide, facts_of, plan
from services.notify.core.ending import end_told
from services.notify.core.group import ends_lead
from services.notify.core.words import Action, State, Why
from services.notify.repository import erasure, hot, knowledge, log, messages, outbox
from services.notify.routing_table import Switchboard
from shared.kernel.csql_changes import CsqlChange
from shared.kernel.people import Person
from shared.kernel.triggers import Trigger

CHANGE = "change"


class Intake:
    """Takes records in. Shape: every method returns the channels that have something new to send."""

    def __init__(self, engine: AsyncEngine, switchboard: Switchboard, account_url: str) -> None:
        self._engine = engine
        self._switchboard = switchboard
        self._account_url = account_url

    async def take_trigger(self, trigger: Trigger, now_ms: int) -> set[str]:
        """Take a trigger: inbox, message, deliveries and log in one transaction."""
        async with self._engine.begin() as connection:
            item = (trigger.trigger_id, trigger.record)
            if not await hot.take(connection, item, trigger.account_id, trigger.recommendation.play, now_ms):
                metrics.DUPLICATES.labels("expansion.triggers").inc()
                return set()
            trigger = await erasure.veil(connection, trigger)
            verdict, woken = await self._tell(connection, trigger, now_ms)
        _count(trigger, verdict)
        return woken

    async def take_change(self, change: CsqlChange, now_ms: int) -> set[str]:
        """Take what happened to a lead: its message shows it where it can; without one it waits."""
        async with self._engine.begin() as connection:
            if not await hot.take(connection, (change.change_id, CHANGE), change.account_id, change.play, now_ms):
                metrics.DUPLICATES.labels("csql.changes").inc()
                return set()
            ended = ends_lead(change)
            newest = await knowledge.remember_lead(connection, change, ended=ended)
            opened = (await hot.known_of(connection, change.account_id, change.play, now_ms)).opened
            metrics.DECISIONS.labels(Why.CHANGED).inc()
            if opened is None or not newest:
                return set()
            row = await hot.read_content(connection, opened.message_id, change.account_id, change.play)
            told = hot.decode_content(row).told
            ending = end_told(told, change.trigger_ids) if ended else None
            if ending is not None and not ending.closes:
                return set()
            news = f"{change.change}: stage {change.stage}", told[-1].trigger
            entries = await self._show_change(connection, opened, news, now_ms, closed=ended)
            await log.write(connection, entries)
            woken = await outbox.wake(connection, opened.message_id, now_ms)
            woken |= {entry.channel for entry in entries if entry.channel}
            for trigger in ending.left if ending else ():
                _verdict, channels = await self._tell(connection, trigger, now_ms)
                woken |= channels
        return woken

    async def take_erasure(self, account_id: str, user_id: str, at_ms: int, now_ms: int) -> set[str]:
        """Take a person out of what is kept of an account; where an open message named them, it is shown anew."""
        woken: set[str] = set()
        async with self._engine.begin() as connection:
            for message in await erasure.forget(connection, account_id, user_id, at_ms):
                opened = (await hot.known_of(connection, account_id, message["play"], now_ms)).opened
                if opened is None:
                    continue
                row = await hot.read_content(connection, opened.message_id, account_id, message["play"])
                news = "somebody whom it named was erased", hot.decode_content(row).told[-1].trigger
                entries = await self._show_change(connection, opened, news, now_ms, closed=False)
                await log.write(connection, entries)
                woken |= {entry.channel for entry in entries if entry.channel}
        return woken

    async def take_person(self, person_id: str, person: Person | None) -> set[str]:
        """Take the latest word about a person; None: the record was deleted."""
        async with self._engine.begin() as connection:
            if person is None:
                await knowledge.forget_person(connection, person_id)
            else:
                await knowledge.remember_person(connection, person)
        return set()

    async def _tell(self, connection: AsyncConnection, trigger: Trigger, now_ms: int) -> tuple[Verdict, set[str]]:
        """Decide about a trigger and write what follows; return the channels that have something to send."""
        situation, opened = await self._gather(connection, trigger, now_ms)
        verdict = decide(situation, now_ms)
        entries = await self._apply(connection, situation, opened, verdict, now_ms)
        await log.write(connection, entries)
        return verdict, {entry.channel for entry in entries if entry.channel and entry.state is State.PENDING}

    async def _gather(
        self, connection: AsyncConnection, trigger: Trigger, now_ms: int
    ) -> tuple[Situation, hot.OpenMessage | None]:
        known = await hot.known_of(connection, trigger.account_id, trigger.recommendation.play, now_ms)
        opened = known.opened
        situation = Situation(
            trigger=trigger,
            facts=facts_of(trigger, known.lead.owner_id if known.lead else None),
            message=opened.message if opened else None,
            shown_in=opened.shown_in if opened else frozenset(),
            silences=known.silences,
            routes=self._switchboard.routes,
        )
        return situation, opened

    async def _apply(
        self,
        connection: AsyncConnection,
        situation: Situation,
        opened: hot.OpenMessage | None,
        verdict: Verdict,
        now_ms: int,
    ) -> list[log.Entry]:
        trigger = situation.trigger
        blank = log.Entry(
            trigger=trigger,
            why=verdict.why,
            note=verdict.note,
            line=self._line(trigger, now_ms),
            decided_at=now_ms,
            state=State.NOT_SENT,
        )
        if verdict.why in {Why.HELD, Why.UNSEEN, Why.SILENCED, Why.NO_ROUTE}:
            return [blank]
        message_id, version = await _store(connection, situation, opened, verdict, now_ms)
        dispatches = plan(verdict, situation.shown_in, self._switchboard.abilities)
        placed = msgspec.structs.replace(blank, message_id=message_id, version=version)
        return [self._entry(placed, dispatch) for dispatch in dispatches] or [placed]

    async def _show_change(
        self,
        connection: AsyncConnection,
        opened: hot.OpenMessage,
        news: tuple[str, Trigger],
        now_ms: int,
        *,
        closed: bool,
    ) -> list[log.Entry]:
        note, trigger = news
        version = await messages.change_message(connection, opened.message_id, now_ms, closed=closed)
        abilities = self._switchboard.abilities
        return [
            log.Entry(
                trigger=trigger,
                why=Why.CHANGED,
                note=note,
                line=self._line(trigger, now_ms),
                decided_at=now_ms,
                state=State.PENDING,
                channel=channel,
                action=Action.UPDATE,
                message_id=opened.message_id,
                version=version,
            )
            for channel in sorted(opened.shown_in)
            if channel in abilities and abilities[channel].updates
        ]

    def _entry(self, blank: log.Entry, dispatch: Dispatch) -> log.Entry:
        configured = self._switchboard.channels.get(dispatch.channel)
        stores = configured is not None and configured.kind.ability.stores
        state = State.NOT_SENT if dispatch.action is None else State.SENT if stores else State.PENDING
        return msgspec.structs.replace(
            blank,
            channel=dispatch.channel,
            action=dispatch.action,
            why=dispatch.why,
            note=dispatch.note,
            state=state,
            target=configured.channel.target if configured else None,
        )

    def _line(self, trigger: Trigger, now_ms: int) -> str:
        subject = Subject((Told(trigger, now_ms),), None, None, self._account_url)
        return make_card(subject, (), now_ms).line


async def _store(
    connection: AsyncConnection,
    situation: Situation,
    opened: hot.OpenMessage | None,
    verdict: Verdict,
    now_ms: int,
) -> tuple[int, int]:
    trigger = situation.trigger
    if verdict.why is Why.RESOLVED and opened is not None:
        await messages.note_end(connection, opened.message_id, trigger.trigger_id, now_ms)
        version = await messages.change_message(connection, opened.message_id, now_ms, closed=verdict.message is None)
        return opened.message_id, version
    urgency = verdict.message.urgency if verdict.message else 0
    if opened is None:
        return await messages.open_message(connection, trigger, urgency, now_ms), 1
    version = await messages.change_message(connection, opened.message_id, now_ms, urgency=urgency)
    await messages.tell(connection, opened.message_id, trigger, now_ms)
    return opened.message_id, version


def _count(trigger: Trigger, verdict: Verdict) -> None:
    metrics.DECISIONS.labels(verdict.why).inc()
    if verdict.why is Why.HELD:
        for reason in trigger.gate.held_because:
            metrics.HELD.labels(reason.partition(":")[0]).inc()
