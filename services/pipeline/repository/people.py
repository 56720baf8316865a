"""Who is who."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import delete, func, select, union_all, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.core.routing import Colleague
from services.pipeline.tables import CsqlRow, PersonRow, TaskRow
from shared.kernel.people import Person


async def all_people(session: AsyncSession) -> list[Person]:
    """Return everybody, by id."""
    rows = await session.scalars(select(PersonRow.body).order_by(PersonRow.person_id))
    return [msgspec.convert(body, Person) for body in rows]


async def get(session: AsyncSession, person_id: str | None) -> Person | None:
    """Return a person, or None."""
    if person_id is None:
        return None
    body = await session.scalar(select(PersonRow.body).where(PersonRow.person_id == person_id))
    return None if body is None else msgspec.convert(body, Person)


async def colleagues(session: AsyncSession) -> list[Colleague]:
    """Return everybody with their open leads and tasks."""
    owned = union_all(
        *(select(table.owner_id).where(table.closed_at.is_(None)) for table in (CsqlRow, TaskRow))
    ).subquery()
    loads = select(owned.c.owner_id, func.count().label("open_items")).group_by(owned.c.owner_id).subquery()
    found = select(PersonRow.body, PersonRow.last_assigned_at, func.coalesce(loads.c.open_items, 0))
    rows = await session.execute(found.outerjoin(loads, loads.c.owner_id == PersonRow.person_id))
    return [Colleague(msgspec.convert(body, Person), number, last) for body, last, number in rows]


async def mark_assigned(session: AsyncSession, turns: Mapping[str, int]) -> None:
    """Remember whose turn it was, and when."""
    for person_id, at in sorted(turns.items()):
        await session.execute(update(PersonRow).where(PersonRow.person_id == person_id).values(last_assigned_at=at))


async def keep(session: AsyncSession, person: Person, at: int) -> None:
    """Keep a person."""
    body: dict[str, Any] = msgspec.to_builtins(person)
    statement = insert(PersonRow).values(person_id=person.person_id, body=body, updated_at=at)
    changed = {"body": body, "updated_at": at}
    await session.execute(statement.on_conflict_do_update(index_elements=[PersonRow.person_id], set_=changed))


async def remove(session: AsyncSession, person_ids: Sequence[str]) -> None:
    """Forget people."""
    await session.execute(delete(PersonRow).where(PersonRow.person_id.in_(person_ids)))


async def owning(session: AsyncSession, person_ids: Sequence[str]) -> str | None:
    """Return one of these people who still owns an open lead or task, or None."""
    for table in (CsqlRow, TaskRow):
        found = select(table.owner_id).where(table.closed_at.is_(None), table.owner_id.in_(person_ids)).limit(1)
        owner: str | None = await session.scalar(found)
        if owner is not None:
            return owner
    return None
