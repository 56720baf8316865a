"""Records that cannot be used: each leaves a letter on `dead.letters`, once, through the outbox."""

from uuid import uuid5

from aiokafka.structs import ConsumerRecord
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.changes import NAMESPACE
from services.pipeline.context import Context
from services.pipeline.metrics import DEAD
from services.pipeline.repository import inbox, outbox
from shared.kernel.dead_letters import DeadLetter, encode_letter
from shared.kernel.errors import Problem
from shared.kernel.topics import DEAD_LETTERS

INBOX_RECORD = "dead_letter"
LONGEST_LINE = 200_000  # characters; escaped as JSON it still fits into a record


async def bury(session: AsyncSession, context: Context, source: ConsumerRecord, problem: Problem, now: int) -> None:
    """Write the letter of a record that cannot be used, unless it was written before."""
    origin = f"{source.topic}/{source.partition}/{source.offset}"
    letter_id = str(uuid5(NAMESPACE, f"{origin}/{source.timestamp}"))
    if not await inbox.take(session, letter_id, INBOX_RECORD, now):
        return
    account_id = source.key.decode(errors="replace") if source.key else ""
    letter = DeadLetter(
        letter_id=letter_id,
        service="pipeline",
        reason=problem.reason,
        field=problem.field,
        message=problem.message,
        line=(source.value or b"").decode(errors="backslashreplace")[:LONGEST_LINE],
        origin=origin,
        at=now,
        account_id=account_id or None,
    )
    outbox.add(session, context.topic(DEAD_LETTERS), account_id, encode_letter(letter), now)
    DEAD.labels(problem.reason).inc()
