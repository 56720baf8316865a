"""What a payload becomes: the service's own reading, tracking plan and checks, with nothing sent anywhere."""

from typing import Any

import msgspec

from services.ingest.core.dialect import Dialect, Route
from services.ingest.core.dialects import spoken
from services.ingest.core.identities import Identities
from services.ingest.core.instants import clock_shift_ms
from services.ingest.core.intake import Intake, World
from services.ingest.core.reading import Reading
from services.ingest.core.strays import FACTS
from services.ingest.core.tracking import Meaning, Tracking
from services.ingest.core.validate import UNREADABLE
from shared.kernel.clock import iso
from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook import Playbook
from shared.kernel.playbook.notices import notices
from upswing.events.unmapped import meant

__all__ = ["Became", "Outcome", "lines", "try_body"]

EVENT_MAX_BYTES = 128 << 10
SECOND_MS = 1_000
SHOWN_CHARS = 300
ACCOUNT_UPDATED = "account.updated"


class Outcome(msgspec.Struct):
    """What one item became. Shape: `events` as they would lie in the log, or why not; neither when `note` says so."""

    index: int
    by: str
    events: list[dict[str, Any]]
    rejected: list[dict[str, str]]
    note: str
    time: str
    notices: list[str] = []
    learned: list[dict[str, str]] = []


class Became(msgspec.Struct):
    """What a body became."""

    dialect: str
    outcomes: list[Outcome]
    learned: list[dict[str, str]]

    @property
    def rejected(self) -> int:
        """How many items were rejected."""
        return sum(bool(each.rejected) for each in self.outcomes)


class _Told(Tracking):
    """The tracking plan, which keeps what it was asked last."""

    def __init__(self, playbook: Playbook) -> None:
        super().__init__(playbook.tracking, playbook.time)
        self.asked: tuple[str, Meaning] | None = None

    def meaning_of(self, name: str) -> Meaning | None:
        meaning = super().meaning_of(name)
        if meaning is not None:
            self.asked = (name, meaning)
        return meaning


class _Assumed(Identities):
    """Identities in which everybody who is not known belongs to one account."""

    def __init__(self, account_id: str | None) -> None:
        super().__init__()
        self._account_id = account_id

    def account_of(self, source: str, user_id: str) -> str | None:
        return super().account_of(source, user_id) or self._account_id


def try_body(
    dialect: Dialect, route: Route, body: bytes, playbook: Playbook, now_ms: int, account_id: str | None
) -> Became:
    """Return what a body becomes when it arrives at an instant.

    Shape: `account_id` is the account of users of whom no `group` call in the body speaks.
    Errors: `ConfigurationError` for a body that cannot be read at all, which the service answers 400.
    """
    try:
        reading = dialect.read(body, route)
    except UNREADABLE as error:
        raise ConfigurationError(f"the body cannot be read as {dialect.name}: {error}") from None
    tracking = _Told(playbook)
    world = World(tracking, _Assumed(account_id), lambda _account: 0, EVENT_MAX_BYTES)
    multiline = b"\n" in body or b"\r" in body

    shift_ms = clock_shift_ms(now_ms, reading.sent_at)

    def take(reading: Reading, world: World = world) -> Intake:
        intake = Intake(world, "test", now_ms, shift_ms=shift_ms, multiline=multiline, request_id="generated")
        dialect.normalise(reading, intake)
        intake.close()
        return intake

    whole = take(reading)  # so that a later group call names the account of an earlier item, as it does in the service
    outcomes: list[Outcome] = []
    for index, item in enumerate(reading.items):
        one = msgspec.structs.replace(reading, items=[item], raws=[reading.raw_at(index)])
        alone = take(one, World(tracking, Identities(), lambda _account: 0, EVENT_MAX_BYTES))
        tracking.asked = None
        intake = take(one)
        outcome = _outcome(index, intake, tracking, shift_ms)
        outcome.notices = [sentence for event in outcome.events for sentence in _noticed(event, playbook)]
        outcome.learned = _learned(alone)
        outcomes.append(outcome)
    return Became(spoken(dialect, reading), outcomes, _learned(whole))


def _learned(intake: Intake) -> list[dict[str, str]]:
    return [{"user_id": each.user_id, "account_id": each.account_id} for each in intake.identities]


def _outcome(index: int, intake: Intake, tracking: _Told, shift_ms: int) -> Outcome:
    lines = msgspec.json.Encoder().encode_lines([line for group in intake.groups.values() for line in group])
    events = [msgspec.json.decode(line) for line in lines.splitlines()]
    rejected = [
        {
            "code": str(each.code),
            "field": refused.problem.field,
            "message": each.message,
            "made": refused.line.decode(errors="backslashreplace"),
        }
        for each, refused in zip(intake.rejected, intake.refused, strict=True)
    ]
    note = ""
    if not events and not rejected:
        note = "taken, and makes no event"
    return Outcome(index, _by(tracking), events, rejected, note, _time(events, intake, shift_ms))


def _noticed(event: dict[str, Any], playbook: Playbook) -> list[str]:
    """Return what the playbook does not know of the account's facts, and what contradicts in them."""
    if event["type"] != ACCOUNT_UPDATED:
        return []
    given = event["properties"]
    strays = [f"{field} is no fact, and has no effect{meant(field)}" for field in sorted(given.keys() - FACTS)]
    return [*strays, *(found.sentence for found in notices(playbook, given))]


def _by(tracking: _Told) -> str:
    """Say which part of the plan decided."""
    if tracking.asked is None:
        return ""
    name, meaning = tracking.asked
    if meaning.row is None:
        return f"{name!r} is mapped by no row" if meaning.unmapped else f"{name!r} is one of our types"
    place = next(place for place, row in enumerate(tracking.plan.rows) if row is meaning.row)
    ends = ", which ignores it" if meaning.ignored else ""
    return f"{name!r} is mapped by tracking.rows.{place} (match: {', '.join(meaning.row.names)}){ends}"


def _time(events: list[dict[str, Any]], intake: Intake, shift_ms: int) -> str:
    """Say why the time is what it is."""
    if not events:
        return ""
    if intake.clamped:
        return "the time of arrival, because the given one lies in the future"
    if intake.corrected:
        return f"corrected by {shift_ms / SECOND_MS:+,.0f} s, because by the client's clock it was sent at another time"
    given = events[0]["occurred_at"]
    return "the time of arrival, because none is given" if given == intake.received_at else ""


def _made(text: str) -> str:
    """Return what was made of a rejected item, as far as it came; else the item itself."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    if not isinstance(found, dict) or "received_at" not in found:
        return text
    return f"{found['type']} {msgspec.json.encode(found['properties']).decode()}"


def lines(became: Became) -> list[str]:
    """Return what a person reads."""
    told: list[str] = []
    for each in became.outcomes:
        head = f"{each.index:>3}  "
        for why in each.rejected:
            told += [f"{head}REJECTED  {why['code']}: {why['message']}", f"     of {_made(why['made']):.{SHOWN_CHARS}}"]
        for event in each.events:
            who = f"account {event['account_id']}, user {event.get('user_id') or '–'}"
            told.append(f"{head}{event['type']}  {who}, {iso(event['occurred_at'])}, id {event['id']}")
            told.append(f"     properties {msgspec.json.encode(event['properties']).decode()}")
        told += [f"     NOTICE    {notice}" for notice in each.notices]
        if each.note:
            told.append(f"{head}{each.note}")
        told += [f"     {why}" for why in (each.by, each.time and f"time: {each.time}") if why]
        told += [
            f"     user {who['user_id']} belongs to account {who['account_id']} from now on" for who in each.learned
        ]
    return told
