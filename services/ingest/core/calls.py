"""What each call of Segment's specification means, and how it is taken in.

Source: Segment's specification of `track`, `identify`, `group`, `page`, `screen` and `alias`; playbook section 2,
definitions 76 and 77.
"""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID, uuid5

import msgspec

from services.ingest.core.instants import MAX_TEXT_CHARS
from services.ingest.core.intake import Intake, Properties, Users
from services.ingest.core.reading import Reading
from services.ingest.core.tracking import MENTION, properties_from_traits, value_at
from services.ingest.core.validate import UNREADABLE, problem_of
from shared.kernel.errors import Problem, Reason
from shared.kernel.events.envelope import MAX_ID_CHARS

SESSION_NAMESPACE = UUID("0b1c8d53-7a0e-5f7e-8f5b-5f3a3f6a9c21")

Text = Annotated[str, msgspec.Meta(max_length=MAX_ID_CHARS)]
Id = Text | int
Time = Annotated[str, msgspec.Meta(max_length=MAX_TEXT_CHARS)] | int
NOTHING = msgspec.Raw(b"{}")
NULL = b"null"


class Context(msgspec.Struct, rename="camel", gc=False):
    """What we read of a call's context; Rudder's SDKs put the traits of `identify` there."""

    group_id: Id | None = None
    traits: msgspec.Raw = NOTHING


class Call(msgspec.Struct, rename="camel", gc=False):
    """One call, with the fields that we read; SDKs send ids as text or as numbers."""

    type: str = ""
    event: Text | None = None
    message_id: Id | None = None
    user_id: Id | None = None
    anonymous_id: Id | None = None
    timestamp: Time | None = None
    context: Context | None = None
    properties: msgspec.Raw = NOTHING
    traits: msgspec.Raw = NOTHING
    group_id: Id | None = None
    previous_id: Id | None = None
    channel: msgspec.Raw = NOTHING  # only RudderStack's clients say it


Handler = Callable[[int, Call, Reading, Intake], Problem | None]


def take_call(index: int, call: Call, reading: Reading, intake: Intake) -> None:
    """Take one call in, or reject it with the reason."""
    handler = HANDLERS.get(call.type)
    try:
        problem = _no_such_call(call.type) if handler is None else handler(index, call, reading, intake)
    except UNREADABLE as error:  # reading the batch passed over properties and traits without looking into them
        problem = problem_of(error)
    if problem is not None:
        intake.reject(index, str(call.message_id or "")[:MAX_ID_CHARS] or None, problem, reading.raw_at(index))


def _track(index: int, call: Call, reading: Reading, intake: Intake) -> Problem | None:
    name = call.event
    if not name:
        return _missing("event")
    meaning = intake.world.tracking.meaning_of(name)
    if meaning is None:
        return Problem(Reason.UNKNOWN_TYPE, "event", "names that begin with control. belong to the log itself")
    if meaning.ignored:
        intake.ignore()
        return None
    properties: Properties = call.properties
    event_id = _id(index, call, intake)
    if meaning.unmapped:
        intake.world.unmapped.note(intake.source, name, event_id, properties, intake.received_at)
        properties = _encode({intake.world.tracking.plan.unmapped_property: name} | _mention(properties))
        intake.unmapped += 1
    elif meaning.recipe is not None:
        properties = meaning.recipe.properties(properties, lambda: reading.call_at(index))
    elif len(properties) == len(NULL) and bytes(properties) == NULL:
        properties = NOTHING
    account_id = _account(index, call, reading, intake)
    intake.take(index, meaning.type, event_id, account_id, users_of_call(call), call.timestamp, properties)
    return None


def _identify(index: int, call: Call, reading: Reading, intake: Intake) -> Problem | None:
    traits = _traits(call)
    if not call.user_id:
        return _missing("userId")
    if traits is None:
        return Problem(Reason.WRONG_TYPE, "traits", "Expected an object")
    plan = intake.world.tracking.plan
    properties = _encode(properties_from_traits(plan.identify_traits, traits))
    account_id = _account(index, call, reading, intake)
    intake.take(
        index, plan.identify_type, _id(index, call, intake), account_id, users_of_call(call), call.timestamp, properties
    )
    return None


def _group(index: int, call: Call, _reading: Reading, intake: Intake) -> Problem | None:
    traits = _traits(call)
    account_id = _text(call.group_id, "groupId")
    if account_id is None:
        return _missing("groupId")
    if traits is None:
        return Problem(Reason.WRONG_TYPE, "traits", "Expected an object")
    try:
        moment = intake.moment(call.timestamp)
    except ValueError as error:
        return Problem(Reason.OUT_OF_RANGE, "timestamp", str(error))
    plan = intake.world.tracking.plan
    properties = _encode(properties_from_traits(plan.group_traits, traits))
    users = users_of_call(call)
    intake.take_at(index, plan.group_type, _id(index, call, intake), account_id, users, moment, properties)
    for user in users:
        if user is not None:
            intake.learn(user, account_id, moment)
    return None


def _page(index: int, call: Call, reading: Reading, intake: Intake) -> Problem | None:
    try:
        moment = intake.moment(call.timestamp)
    except ValueError as error:
        return Problem(Reason.OUT_OF_RANGE, "timestamp", str(error))
    users = users_of_call(call)
    event_id = _id(index, call, intake)
    if who := users[0] or users[1]:
        slot = moment // intake.world.tracking.slot_ms
        event_id = str(uuid5(SESSION_NAMESPACE, _encode([who, slot]).decode()))
    account_id = _account(index, call, reading, intake)
    properties = _encode(_mention(call.properties))
    intake.take_at(index, intake.world.tracking.plan.page_type, event_id, account_id, users, moment, properties)
    return None


def _alias(_index: int, call: Call, _reading: Reading, intake: Intake) -> Problem | None:
    user_id = _text(call.user_id, "userId")
    previous_id = _text(call.previous_id, "previousId")
    if user_id is None or previous_id is None:
        return _missing("previousId" if user_id else "userId")
    try:
        moment = intake.moment(call.timestamp)
    except ValueError as error:
        return Problem(Reason.OUT_OF_RANGE, "timestamp", str(error))
    if account_id := intake.account_of((previous_id, None)):
        intake.learn(user_id, account_id, moment)
    intake.acknowledge()
    return None


HANDLERS: dict[str, Handler] = {
    "track": _track,
    "identify": _identify,
    "group": _group,
    "page": _page,
    "screen": _page,
    "alias": _alias,
}


def _account(index: int, call: Call, reading: Reading, intake: Intake) -> str | None:
    context = call.context
    if context is not None and context.group_id:
        return _text(context.group_id, "context.groupId")
    for path, marker in intake.world.tracking.other_account_paths:
        if marker is None or marker in bytes(call.properties):
            found = value_at(reading.call_at(index), path)
            if isinstance(found, str) and 0 < len(found) <= MAX_ID_CHARS:
                return found
    return None


def _id(index: int, call: Call, intake: Intake) -> str:
    given = call.message_id
    return given if type(given) is str and given else _text(given, "messageId") or f"{intake.request_id}-{index}"


def users_of_call(call: Call) -> Users:
    """Return the user and the visitor that a call names. Errors: `msgspec.ValidationError` for a number too long."""
    user, anonymous = call.user_id, call.anonymous_id
    if type(user) is str and user and anonymous is None:
        return user, None
    return _text(user, "userId"), _text(anonymous, "anonymousId")


def _text(value: str | int | None, field: str) -> str | None:
    """Return an id as text. Errors: `msgspec.ValidationError` for a number too long; texts were bounded when read."""
    if type(value) is str:
        return value or None
    if value is None:
        return None
    text = str(value)
    if len(text) > MAX_ID_CHARS:
        raise msgspec.ValidationError(f"Expected `int` of length <= {MAX_ID_CHARS} - at `$.{field}`")
    return text


def _traits(call: Call) -> dict[str, Any] | None:
    raw = call.traits
    if raw is NOTHING and call.context is not None:
        raw = call.context.traits
    traits = msgspec.json.decode(raw)
    if traits is None:
        return {}
    return traits if isinstance(traits, dict) else None


def _mention(properties: Properties) -> dict[str, Any]:
    if MENTION.encode() not in bytes(properties):
        return {}
    found = msgspec.json.decode(properties)
    return {MENTION: found[MENTION]} if isinstance(found, dict) and MENTION in found else {}


def _encode(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _missing(field: str) -> Problem:
    return Problem(Reason.MISSING_FIELD, field, f"{field} is required")


def _no_such_call(kind: str) -> Problem:
    if not kind:
        return _missing("type")
    return Problem(Reason.UNKNOWN_TYPE, "type", f"no call is named {kind!r:.80}: there are {', '.join(HANDLERS)}")
