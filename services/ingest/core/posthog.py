"""What each of PostHog's events means, as the call of Segment's specification that means the same.

A person is the `distinct_id`; an event without a person profile is an anonymous visitor's. The account is the group, in
`$groups`, of a type that the tracking plan's `account_paths` name. Source: PostHog's capture API, playbook section 2.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from services.ingest.core.calls import NOTHING, Call, Context, Id, Text, Time, take_call
from services.ingest.core.intake import Intake
from services.ingest.core.reading import Reading
from services.ingest.core.tracking import value_at
from services.ingest.core.validate import UNREADABLE, problem_of
from shared.kernel.errors import Problem, Reason
from shared.kernel.events.envelope import MAX_ID_CHARS

GROUPS_PATH = "properties.$groups."
RANDOM_UUID_VERSION = 4


class PosthogEvent(msgspec.Struct, gc=False):
    """One event, with the fields that we read; `$set` stands beside the properties or in them."""

    event: Text
    distinct_id: Id | None = None
    uuid: Id | None = None
    timestamp: Time | None = None
    properties: msgspec.Raw = NOTHING
    options: dict[str, Any] | None = None
    traits: dict[str, Any] | None = msgspec.field(name="$set", default=None)
    first_traits: dict[str, Any] | None = msgspec.field(name="$set_once", default=None)


class Known(msgspec.Struct):
    """An event with what its properties say. Shape: `user` and `visitor` are the person, named or anonymous."""

    event: PosthogEvent
    properties: dict[str, Any]
    user: str | None
    visitor: str | None
    account: str | None

    def call(self, kind: str, **fields: Any) -> Call:
        """Return a call of a kind, with what every event has."""
        event = self.event
        return Call(
            type=kind,
            message_id=event.uuid,
            user_id=self.user,
            anonymous_id=self.visitor,
            timestamp=event.timestamp,
            context=Context(group_id=self.account),
            **fields,
        )


Maker = Callable[[Known, Intake], Call | Problem | None]


def take_event(index: int, event: PosthogEvent, reading: Reading, intake: Intake) -> None:
    """Take one event in, or reject it with the reason."""
    try:
        known = _look_into(event, intake)
        made = known if isinstance(known, Problem) else MAKERS.get(event.event, _track)(known, intake)
    except UNREADABLE as error:
        made = problem_of(error)
    if made is None:
        intake.acknowledge()
    elif isinstance(made, Problem):
        intake.reject(index, _named(event.uuid), made, reading.raw_at(index))
    else:
        take_call(index, made, reading, intake)


def _look_into(event: PosthogEvent, intake: Intake) -> Known | Problem:
    properties = msgspec.json.decode(event.properties)
    if properties is None:
        event.properties, properties = NOTHING, {}
    if not isinstance(properties, dict):
        return Problem(Reason.WRONG_TYPE, "properties", "Expected an object")
    person = _named(event.distinct_id) or _named(properties.get("distinct_id"))
    if person is None:
        return Problem(Reason.MISSING_FIELD, "distinct_id", "distinct_id is required, as text of 1 to 256 characters")
    profile = (event.options or {}).get("process_person_profile", properties.get("$process_person_profile"))
    named = profile is not False and properties.get("$device_id") != person
    user, visitor = (person, None) if named else (None, person)
    return Known(event, properties, user, visitor, _account(properties, intake))


def _account(properties: dict[str, Any], intake: Intake) -> str | None:
    if not isinstance(properties.get("$groups"), dict):
        return None
    for path in intake.world.tracking.plan.account_paths:
        if path.startswith(GROUPS_PATH) and (found := _named(value_at({"properties": properties}, path))):
            return found
    return None


def _track(known: Known, _intake: Intake) -> Call:
    return known.call("track", event=known.event.event, properties=known.event.properties)


def _page(known: Known, _intake: Intake) -> Call:
    return known.call("page", properties=known.event.properties)


def _identify(known: Known, intake: Intake) -> Call | Problem:
    """Take an identify or a change of a person's properties: both say that the person is there."""
    event, properties = known.event, known.properties
    found: dict[str, Any] = {}
    for traits in (properties.get("$set_once"), event.first_traits, properties.get("$set"), event.traits):
        if traits is not None and not isinstance(traits, dict):
            return Problem(Reason.WRONG_TYPE, "properties.$set", "Expected an object")
        found |= traits or {}
    if known.user is None:
        return Problem(Reason.MISSING_FIELD, "distinct_id", "an event without a person profile identifies nobody")
    visitor = _named(properties.get("$anon_distinct_id"))
    account = known.account or (intake.account_of((visitor, None)) if visitor else None)
    if account is not None:
        moment = _moment(known, intake)
        if isinstance(moment, Problem):
            return moment
        intake.learn(known.user, account, moment)
    return known.call("identify", traits=msgspec.Raw(msgspec.json.encode(found)))


def _group(known: Known, intake: Intake) -> Call | Problem | None:
    properties = known.properties
    kind, key = properties.get("$group_type"), _named(properties.get("$group_key"))
    if not isinstance(kind, str) or not kind:
        return Problem(Reason.MISSING_FIELD, "properties.$group_type", "$group_type is required")
    if key is None:
        return Problem(Reason.MISSING_FIELD, "properties.$group_key", "$group_key is required")
    if GROUPS_PATH + kind not in intake.world.tracking.plan.account_paths:
        intake.ignored += 1  # a group of another kind, such as a team, is no account
        return None
    traits = msgspec.Raw(msgspec.json.encode(properties.get("$group_set")))
    made = known.call("group", group_id=key, traits=traits)
    if _is_filler(known.user or known.visitor or ""):
        made.user_id = made.anonymous_id = None
    return made


def _alias(known: Known, intake: Intake) -> Problem | None:
    """Give the account of either name to the other one."""
    names = (
        _named(known.properties.get("distinct_id")) or known.user or known.visitor,
        _named(known.properties.get("alias")),
    )
    one, other = names
    if one is None or other is None:
        return Problem(Reason.MISSING_FIELD, "properties.alias", "alias is required, as text of 1 to 256 characters")
    moment = _moment(known, intake)
    if isinstance(moment, Problem):
        return moment
    for known_as, also in ((one, other), (other, one)):
        if (account := intake.account_of((known_as, None))) and intake.account_of((also, None)) is None:
            intake.learn(also, account, moment)
    return None


MAKERS: dict[str, Maker] = {
    "$pageview": _page,
    "$screen": _page,
    "$identify": _identify,
    "$set": _identify,
    "$set_once": _identify,
    "$groupidentify": _group,
    "$create_alias": _alias,
    "$merge_dangerously": _alias,
}


def _moment(known: Known, intake: Intake) -> int | Problem:
    try:
        return intake.moment(known.event.timestamp)
    except ValueError as error:
        return Problem(Reason.OUT_OF_RANGE, "timestamp", str(error))


def _named(value: Any) -> str | None:
    """Return an id as text, if it is one that can name something."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    return text if 0 < len(text) <= MAX_ID_CHARS else None


def _is_filler(person: str) -> bool:
    """Say whether an SDK made an id up because a group has no person: `$company_acme`, or a random uuid."""
    if person.startswith("$"):
        return True
    try:
        return UUID(person).version == RANDOM_UUID_VERSION
    except ValueError:
        return False
