"""Erasure: the event goes into the log like any other, and every service forgets the person when it comes to it."""

from uuid import uuid4

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from services.pipeline.api.call import Call, Reply
from services.pipeline.api.users.schemas import ErasureView
from services.pipeline.errors import NotFoundError
from services.pipeline.repository import erasure, outbox
from shared.kernel.codec import encode_line
from shared.kernel.events.user_erased import UserErased
from shared.kernel.identities import identity_key
from shared.kernel.phrases import counted
from shared.kernel.topics import EVENTS, IDENTITIES

SOURCE = "pipeline"
WHERE = "correct it, or give the accounts in which the person used the product as ?account_id="
UNKNOWN = "nothing was written; correct it, or add accept_unknown=true if its events are still to come"
SAID = (
    "user.erased was written to {accounts}: state, snapshots, leads, tasks and alerts name the person no more once it "
    "has been read, and the log once its retention ends. Accounts are found by facts and triggers; those in which the "
    "person merely used the product must be given as account_id."
)
NEVER_NAMED = " No event or trigger here has named the person so far: check the spelling of the id"


class Wanted(msgspec.Struct, frozen=True):
    """Who is to be erased, in which accounts besides those where they are known; unknown ones only if accepted."""

    user_id: str
    given: list[str]
    accept_unknown: bool


async def erase(session: AsyncSession, call: Call, wanted: Wanted) -> Reply:
    """Write an erasure to every account concerned. Errors: `NotFoundError`: nobody, or an unknown account."""
    user_id = wanted.user_id
    named = await erasure.accounts_of(session, user_id)
    accounts = sorted({*wanted.given, *named})
    if not accounts:
        raise NotFoundError("user known here by the id", user_id, WHERE)
    unknown = sorted({*wanted.given} - {*named} - {*await erasure.known_accounts(session, wanted.given)})
    if unknown and not wanted.accept_unknown:
        raise NotFoundError("account known here by the name", unknown[0], UNKNOWN)
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
    view = ErasureView(
        accounts=accounts,
        unknown_accounts=unknown,
        known=bool(named),
        forgotten_sources=list(sources),
        said=SAID.format(accounts=counted(len(accounts), "account")) + ("" if named else NEVER_NAMED),
    )
    return Reply(view, 202)
