"""The common call on the shortest way: a `track` that names its account, of a type that takes it as it is.

`take_call` is the clear way and says what must come out; what is not common goes there call by call, and so does all
that is refused. A test holds both to the same lines, rejections and identities. Source: design (throughput).
"""

from collections.abc import Callable

import msgspec

from services.ingest.core.calls import Call, take_call
from services.ingest.core.instants import INSTANTS
from services.ingest.core.intake import Intake, Line
from services.ingest.core.reading import Reading, Unread, id_in
from services.ingest.core.tracking import MENTION_BYTES, Tracking
from services.ingest.core.validate import PROPERTIES, SHORTEST_DEEP, UNREADABLE, size_problem

# An erasure makes ingest forget the user, too, and fields of facts that are none are counted.
CLOSELY = frozenset({"user.erased", "account.updated"})
REMEMBERED_PROPERTIES = 2_048  # of each type, at most 64 bytes each
GOOD: dict[str, set[bytes]] = {name: set() for name in PROPERTIES}
FREE_OF_MENTIONS: set[bytes] = set()


class Plain(msgspec.Struct, frozen=True, gc=False):
    """What a name means when all its calls become events in the same way.

    Shape: the properties are `fixed`, or None where each call brings its own; `check` raises when they are none, and
    `good` are short ones that it found good, because they come again and again.
    """

    type: str
    check: Callable[[msgspec.Raw], object]
    fixed: msgspec.Raw | None
    good: set[bytes]


def take_calls(reading: Reading, intake: Intake) -> None:
    """Take in each call of a batch, or reject it with the reason."""
    if not intake.multiline and not intake.shift_ms:  # else lines and times are not as they were sent
        _take_common(reading, intake)
        return
    for index, call in enumerate(reading.items):
        _take_one(index, call, reading, intake)


def _take_common(reading: Reading, intake: Intake) -> None:
    source, received_at, latest = intake.source, intake.received_at, intake.latest
    groups, partition_of, note_id = intake.groups, intake.world.partition_of, intake.ids.append
    max_bytes = intake.world.event_max_bytes
    plains: dict[str | None, Plain | None] = {}
    for index, call in enumerate(reading.items):
        if type(call) is Call and call.type == "track" and (context := call.context) is not None:
            name, properties, user_id, other = call.event, call.properties, call.user_id, call.anonymous_id
            event_id, account_id = call.message_id, context.group_id
            plain = plains[name] if name in plains else plains.setdefault(name, _plain(name, intake.world.tracking))
            if (
                plain is not None
                and (type(event_id) is str and type(account_id) is str and event_id and account_id)
                and (user_id is None or (type(user_id) is str and user_id))
                and (other is None or type(other) is str)
            ):
                try:
                    moment = INSTANTS[call.timestamp]
                    if len(properties) > SHORTEST_DEEP or bytes(properties) not in plain.good:
                        _check(plain, properties, max_bytes)
                except UNREADABLE:  # the clear way says what is wrong
                    moment = latest + 1
                if moment <= latest:
                    if plain.fixed is not None:
                        properties = plain.fixed
                    line = Line(plain.type, event_id, account_id, moment, source, received_at, properties, user_id)
                    groups[partition_of(account_id)].append(line)
                    note_id(event_id)
                    continue
        _take_one(index, call, reading, intake)


def _take_one(index: int, call: Call | Unread, reading: Reading, intake: Intake) -> None:
    if isinstance(call, Call):
        take_call(index, call, reading, intake)
    else:
        intake.reject(index, id_in(call.raw, "messageId"), call.problem, call.raw)


def _check(plain: Plain, properties: msgspec.Raw, max_bytes: int) -> None:
    """Look into properties. Errors: `UNREADABLE` when they are none, or cannot be taken."""
    plain.check(properties)
    if len(properties) > SHORTEST_DEEP:
        if size_problem(properties, max_bytes):
            raise ValueError("too large")
        return
    if len(plain.good) >= REMEMBERED_PROPERTIES:
        plain.good.clear()
    plain.good.add(bytes(properties))


def _plain(name: str | None, tracking: Tracking) -> Plain | None:
    """Return what a name means, or nothing when its calls must be looked at one by one."""
    meaning = tracking.meaning_of(name) if name else None
    if meaning is None or meaning.ignored or meaning.unmapped or meaning.type in CLOSELY:
        return None
    if meaning.recipe is None:
        return Plain(meaning.type, PROPERTIES[meaning.type].decode, None, GOOD[meaning.type])
    if meaning.recipe.paths:
        return None
    return Plain(meaning.type, _mentions_nobody, msgspec.Raw(meaning.recipe.fixed), FREE_OF_MENTIONS)


def _mentions_nobody(properties: msgspec.Raw) -> None:
    if MENTION_BYTES in bytes(properties):
        raise ValueError("a competitor is mentioned, which the fixed properties cannot say")
