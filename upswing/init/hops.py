"""A test event followed hop by hop: what is expected at each, what was found, and what to do when it is not there."""

import asyncio
import time
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Any

import msgspec

from shared.kernel.errors import DependencyError
from shared.kernel.triggers import Trigger
from upswing.init.deliveries import Found, advice, choose, undelivered
from upswing.init.rehearsal import Rehearsal, epilogue
from upswing.init.site import Site
from upswing.trace.alerts import deliveries_of
from upswing.trace.follow import Trail, follow
from upswing.trace.logbook import Logbook

__all__ = ["HopError", "play"]

HOP_SECONDS = 30.0
LOOK_SECONDS = 0.3
KEY_SECONDS = 5.0
MINUTE_MS = 60_000
FINAL = ("sent", "dead", "not_sent")
SHOWN_CHARS = 400
Say = Callable[[str], None]


class HopError(DependencyError):
    """The test event did not come through: the hop, what was expected, what was found, and what to do."""

    def __init__(self, hop: str, expected: str, found: str, do: str) -> None:
        super().__init__(f"stopped at {hop}: expected {expected}; found {found}. {do}")


class Alert(msgspec.Struct, frozen=True):
    """The alert of the test, as notify tells of it."""

    channel: str
    line: str
    sent_at: str
    trigger_id: str


async def play(site: Site, rehearsal: Rehearsal, channels: Collection[str], say: Say) -> Alert:
    """Send the test account's past and the event that decides, and tell each hop; clean up whatever happens.

    Shape: the alert must go to one of `channels`; to any when they are none. Errors: `HopError` where it stops.
    """
    hops = _Hops(site, rehearsal, channels, say)
    try:
        return await hops.play()
    finally:
        await hops.clean_up()


class _Hops:
    def __init__(self, site: Site, rehearsal: Rehearsal, channels: Collection[str], say: Say) -> None:
        self._site, self._rehearsal, self._channels, self._say = site, rehearsal, channels, say
        self._began_ms = time.time_ns() // 1_000_000
        self._logs = site.settings.data / "logs"
        self._sent = False

    async def play(self) -> Alert:
        """Go from hop to hop."""
        if troubles := await self._site.not_ready():
            raise HopError("the services", "all four to be ready", "; ".join(troubles), "Try `upswing doctor`.")
        await self._ingest()
        settings = self._site.settings
        async with Logbook(settings.bootstrap, settings.topic_prefix) as book:
            trail = await self._until(book, lambda trail: bool(trail.places))
            self._log(trail)
            trail = await self._until(book, lambda trail: trail.behind == 0 and trail.snapshot is not None)
            self._signals(trail)
            trail = await self._until(book, lambda trail: self._fired(trail) is not None)
        trigger = self._trigger(trail)
        await self._pipeline(trigger)
        return await self._notify(trigger)

    async def clean_up(self) -> None:
        """End the test account: its leads are disqualified, its users erased, its status is churned."""
        if not self._sent:
            return
        try:
            for lead in await self._site.leads(self._rehearsal.account_id):
                if lead["closed_at"] is None:
                    await self._site.close_lead(lead)
            status, answer = await self._site.send(epilogue(self._rehearsal, time.time_ns() // 1_000_000))
            trouble = "" if status == HTTPStatus.OK and not answer.get("rejected") else f"ingest: {status} {answer}"
        except DependencyError as error:
            trouble = str(error)
        if trouble:
            self._say(f"the test account {self._rehearsal.account_id} could not be ended: {trouble[:SHOWN_CHARS]}")
        else:
            self._tell("cleaned up", "lead disqualified, users erased, account churned; scorecards leave it out")

    async def _ingest(self) -> None:
        events, began = [*self._rehearsal.past, self._rehearsal.decides], time.perf_counter()
        self._sent = True
        for part in (events[:-1], events[-1:]):
            status, answer = await self._send(part)
            if status != HTTPStatus.OK or answer.get("accepted") != len(part):
                found = f"{status} {answer.get('message') or answer.get('rejected') or answer}"[:SHOWN_CHARS]
                do = f"The log says more: {self._logs / 'ingest.log'}."
                if status == HTTPStatus.UNAUTHORIZED:
                    self._sent = False
                    do = "`upswing keys list` shows which keys are valid; `upswing keys issue` makes another."
                raise HopError("ingest", f"200 and {len(part)} events accepted", found, do)
        took = (time.perf_counter() - began) * 1_000
        self._tell("ingest", f"200: {len(events)} events accepted in {took:.0f} ms")

    async def _send(self, events: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        """Send events; a key that was issued a moment ago may not be known yet."""
        deadline = time.monotonic() + KEY_SECONDS
        while True:
            status, answer = await self._site.send(events)
            if status != HTTPStatus.UNAUTHORIZED or time.monotonic() > deadline:
                return status, answer
            await asyncio.sleep(LOOK_SECONDS)

    def _log(self, trail: Trail) -> None:
        if not trail.places:
            where = self._site.settings
            found = trail.letters[0].message if trail.letters else "nothing there"
            do = f"Does ingest write to the broker at {where.bootstrap}? `upswing doctor` looks at it."
            raise HopError("the log", f"the event in topic {where.topic_prefix}events", found, do)
        place = trail.places[0]
        self._tell("log", f"events/{place.partition}/{place.offset} line {place.line}")

    def _signals(self, trail: Trail) -> None:
        if trail.behind or trail.snapshot is None:
            found = f"signals is {trail.behind} records behind" if trail.behind else "no snapshot of the account"
            do = f"Its log says why: {self._logs / 'signals.log'}."
            raise HopError("signals", "the event folded and its account explained", found, do)
        gate = trail.snapshot.gate
        self._tell(
            "signals",
            f"folded: health {trail.snapshot.health.score}, readiness {gate.readiness}, "
            f"gate {'open' if gate.open else 'shut'}",
        )

    def _trigger(self, trail: Trail) -> Trigger:
        fired, rule = self._fired(trail), self._rehearsal.rule
        if fired is not None:
            level = f" {fired.level}" if fired.level else ""
            self._tell("trigger", f"{fired.record} {fired.rule}{level}: {fired.evidence.summary}")
            return fired
        held = next((one for one in trail.triggers if one.record == "held"), None)
        expected = f"{rule} to fire ({self._rehearsal.expected})"
        if held is not None:
            because = ", ".join(held.gate.held_because)
            do = (
                "History is being loaded: finish it first."
                if "backfill" in because
                else ("The playbook's gate asks for what the test account does not have: look at its `gate`.")
            )
            raise HopError("the trigger", expected, f"it is held because of {because}", do)
        states = [f"{row.rule}: {row.state}" for row in trail.snapshot.rules] if trail.snapshot else []
        raise HopError("the trigger", expected, "; ".join(states) or "nothing", "Is the rule on in the playbook?")

    async def _pipeline(self, trigger: Trigger) -> None:
        deadline = time.monotonic() + HOP_SECONDS
        while time.monotonic() < deadline:
            for lead in await self._site.leads(self._rehearsal.account_id):
                if trigger.trigger_id in lead["trigger_ids"]:
                    owner = lead["owner"]["id"] or lead["owner"]["role"]
                    self._tell("pipeline", f"lead {lead['csql_id']}, play {lead['play']}, owner {owner}")
                    return
            await asyncio.sleep(LOOK_SECONDS)
        do = f"Its log says why: {self._logs / 'pipeline.log'}."
        raise HopError("the pipeline", "a lead", "none within 30 s", do)

    async def _notify(self, trigger: Trigger) -> Alert:
        deadline = time.monotonic() + HOP_SECONDS
        found = Found()
        while time.monotonic() < deadline:
            rows = await deliveries_of(self._site.settings.url("notify"), self._site.notify_token, [trigger.trigger_id])
            if isinstance(rows, str):
                raise HopError("notify", "its deliveries", rows, f"Its log says why: {self._logs / 'notify.log'}.")
            found = choose(rows[trigger.trigger_id], self._channels)
            row = found.row
            if row.get("state") == "sent":
                self._tell("notify", f"sent at {row['sent_at']} on {row['channel']}: {row['note']}")
                return Alert(row["channel"], row["line"], row["sent_at"], trigger.trigger_id)
            if row.get("state") in FINAL:
                break
            await asyncio.sleep(LOOK_SECONDS)
        expected = f"the alert to be sent on {' or '.join(sorted(self._channels)) or 'a channel'}"
        raise HopError("notify", expected, undelivered(found), advice(found.row))

    async def _until(self, book: Logbook, there: Callable[[Trail], bool]) -> Trail:
        deadline = time.monotonic() + HOP_SECONDS
        decides, account = self._rehearsal.decides["id"], self._rehearsal.account_id
        while True:
            trail = await follow(book, decides, account, self._began_ms - MINUTE_MS)
            if there(trail) or trail.letters or time.monotonic() > deadline:
                return trail
            await asyncio.sleep(LOOK_SECONDS)

    def _fired(self, trail: Trail) -> Trigger | None:
        wanted = [one for one in trail.triggers if one.record in ("fired", "released")]
        return next((one for one in wanted if one.rule == self._rehearsal.rule), None)

    def _tell(self, hop: str, what: str) -> None:
        self._say(f"  {hop:<11}{what}")
