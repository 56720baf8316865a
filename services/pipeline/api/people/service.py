"""Who is who: kept here, published on `people`."""

from collections.abc import Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.api.call import Call, Reply
from services.pipeline.api.people.schemas import PeopleBody, PeopleView, view_people
from services.pipeline.errors import ConflictError, RefusedError
from services.pipeline.repository import outbox, people
from shared.kernel.people import Person, encode_person
from shared.kernel.playbook import Playbook, find_segment
from shared.kernel.topics import PEOPLE


async def read_people(session: AsyncSession) -> PeopleView:
    """Return everybody, by id."""
    return view_people(await people.all_people(session))


async def put_people(session: AsyncSession, call: Call, body: PeopleBody) -> Reply:
    """Replace the list; what changed is published, who is gone leaves a tombstone.

    Shape: a segment may be given by its name; it is kept by its key, which is what leads carry.
    Errors: `RefusedError` for a list that contradicts itself, `ConflictError` for somebody gone who still owns a lead.
    """
    book = call.context.playbook
    wanted = [_with_segment_keys(person.as_person(), index, book) for index, person in enumerate(body.people)]
    _check(wanted)
    known = {person.person_id: person for person in await people.all_people(session)}
    gone = [person_id for person_id in known if person_id not in {person.person_id for person in wanted}]
    owner = await people.owning(session, gone) if gone else None
    if owner is not None:
        raise ConflictError("still_owner", f"{owner} still owns open leads or tasks: assign them to others first")
    topic = call.context.topic(PEOPLE)
    for person in wanted:
        if known.get(person.person_id) != person:
            await people.keep(session, person, call.now)
            outbox.add(session, topic, person.person_id, encode_person(person), call.now)
    if gone:
        await people.remove(session, gone)
    for person_id in gone:
        outbox.add(session, topic, person_id, None, call.now)
    return Reply(view_people(await people.all_people(session)))


def _with_segment_keys(person: Person, index: int, book: Playbook) -> Person:
    keys = []
    for given in person.segments:
        segment = find_segment(book, given)
        if segment is None:
            known = ", ".join(row.key for row in book.segments)
            message = f"segment {given!r:.80} is none of the playbook's: {known}"
            raise RefusedError("out_of_range", message, f"people.{index}.segments")
        keys.append(segment.key)
    return msgspec.structs.replace(person, segments=tuple(dict.fromkeys(keys)))


def _check(wanted: Sequence[Person]) -> None:
    ids = [person.person_id for person in wanted]
    if len(set(ids)) < len(ids):
        twice = next(one for one in ids if ids.count(one) > 1)
        raise RefusedError("out_of_range", f"person_id {twice!r:.80} stands twice", "people")
    for index, person in enumerate(wanted):
        for name in ("manager_id", "stand_in_id"):
            other = getattr(person, name)
            if other is not None and (other not in ids or other == person.person_id):
                message = f"{name} {other!r:.80} must be somebody else in the list"
                raise RefusedError("out_of_range", message, f"people.{index}.{name}")
