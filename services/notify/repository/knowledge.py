"""Leads and people: what the pipeline told us."""

import msgspec
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.tables import leads, people
from shared.kernel.csql_changes import CsqlChange
from shared.kernel.people import Person


async def remember_lead(connection: AsyncConnection, change: CsqlChange, *, ended: bool) -> bool:
    """Keep the latest change of a key; return False when a later one is known already."""
    statement = insert(leads).values(
        account_id=change.account_id,
        play=change.play,
        item=change.item,
        item_id=change.item_id,
        stage=change.stage,
        owner_id=change.owner_id,
        due_at=change.due_at,
        ended=ended,
        changed_at=change.at,
    )
    newer = statement.on_conflict_do_update(
        index_elements=["account_id", "play"],
        set_={
            name: getattr(statement.excluded, name)
            for name in ("item", "item_id", "stage", "owner_id", "due_at", "ended", "changed_at")
        },
        where=leads.c.changed_at <= statement.excluded.changed_at,
    ).returning(leads.c.account_id)
    return (await connection.execute(newer)).first() is not None


async def remember_person(connection: AsyncConnection, person: Person) -> None:
    """Keep the latest word about a person."""
    statement = insert(people).values(person_id=person.person_id, email=person.email, body=msgspec.to_builtins(person))
    changed = statement.on_conflict_do_update(
        index_elements=["person_id"], set_={"email": statement.excluded.email, "body": statement.excluded.body}
    )
    await connection.execute(changed)


async def forget_person(connection: AsyncConnection, person_id: str) -> None:
    """Forget a person whose record was deleted."""
    await connection.execute(people.delete().where(people.c.person_id == person_id))
