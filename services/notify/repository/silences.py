"""Silences, and what people did with buttons."""

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.core.silence import Silence
from services.notify.tables import interactions, silences


async def current_silences(connection: AsyncConnection, now_ms: int) -> tuple[Silence, ...]:
    """Return the silences that have not ended, oldest first."""
    statement = select(silences).where(silences.c.ends_at > now_ms).order_by(silences.c.silence_id)
    return tuple(Silence(**row) for row in (await connection.execute(statement)).mappings())


async def add_silence(connection: AsyncConnection, silence: Silence) -> Silence:
    """Store a silence and return it with its id."""
    values = {name: getattr(silence, name) for name in ("match", "starts_at", "ends_at", "created_by", "comment")}
    statement = insert(silences).values(values).returning(silences.c.silence_id)
    return Silence(silence_id=(await connection.execute(statement)).scalar_one(), **values)


async def end_silence(connection: AsyncConnection, silence_id: int, now_ms: int) -> bool:
    """End a silence now; return False when there is none with this id that has not ended."""
    statement = (
        update(silences)
        .where(silences.c.silence_id == silence_id, silences.c.ends_at > now_ms)
        .values(ends_at=now_ms)
        .returning(silences.c.silence_id)
    )
    return (await connection.execute(statement)).first() is not None


async def add_interaction(connection: AsyncConnection, values: dict[str, object]) -> bool:
    """Store what somebody did with a button; return False when it is a repetition."""
    statement = insert(interactions).values(values).on_conflict_do_nothing().returning(interactions.c.interaction_id)
    return (await connection.execute(statement)).first() is not None
