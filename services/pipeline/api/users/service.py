"""Erasure: the event goes into the log like any other, and every service forgets the person when it comes to it."""

from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.api.call import Call, Reply
from services.pipeline.api.users.schemas import ErasureView
from services.pipeline.errors import NotFoundError
from services.pipeline.repository import erasure, outbox
from shared.kernel.codec import encode_line
from shared.kernel.events.user_erased import UserErased
from shared.kernel.identities import identity_key
from shared.kernel.topics import EVENTS, IDENTITIES

SOURCE = "pipeline"


async def erase(session: AsyncSession, call: Call, user_id: str, given: Sequence[str]) -> Reply:
    """Write an erasure to every account concerned. Errors: `NotFoundError` when there is none."""
    accounts = sorted({*given, *await erasure.accounts_of(session, user_id)})
    if not accounts:
        raise NotFoundError("account known here in which there is a user; name it with ?account_id=, user", user_id)
    for account_id in accounts:
        event = UserErased(
            id=f"erasure/{uuid4()}",
            account_id=account_id,
            occurred_at=call.now,
            received_at=call.now,
            source=SOURCE,
            user_id=user_id,
        )
        outbox.add(session, call.context.topic(EVENTS), account_id, encode_line(event), call.now)
    sources = await erasure.sources_of(session, accounts)
    for source in sources:
        outbox.add(session, call.context.topic(IDENTITIES), identity_key(source, user_id).decode(), None, call.now)
    said = (
        f"user.erased was written to {len(accounts)} accounts: state, snapshots, leads, tasks and alerts name the "
        "person no more once it has been read, and the log once its retention ends. Accounts are found by facts and "
        "triggers; those in which the person merely used the product must be given as account_id"
    )
    return Reply(ErasureView(accounts=accounts, forgotten_sources=list(sources), said=said), 202)
