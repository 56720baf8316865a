"""The check of the accounts: do their facts mean anything to the playbook, and fit each other?"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable

import msgspec
from sqlalchemy import LargeBinary, literal, select
from sqlalchemy.exc import SQLAlchemyError

from services.pipeline.tables import AccountRow
from shared.io.database import make_engine
from shared.kernel.snapshots import decode_snapshot
from upswing.doctor.finding import Finding, Setup, note, ok

__all__ = ["noted", "notices"]

MARK = b'%"notices":["%'
READ_MOST, SHOWN_MOST = 1_000, 5


async def notices(setup: Setup) -> AsyncIterator[Finding]:
    """Which facts of accounts have no effect, or contradict. Shape: nothing where no database is looked at."""
    if setup.database is None:
        return
    engine = make_engine(setup.database)
    marked = AccountRow.body.op("LIKE", is_comparison=True)(literal(MARK, LargeBinary))
    try:
        async with engine.connect() as connection:
            found = await connection.execute(select(AccountRow.body).where(marked).limit(READ_MOST))
            bodies = [body for (body,) in found]
    except (SQLAlchemyError, OSError):
        return  # the check of the database has said what is wrong
    finally:
        await engine.dispose()
    for finding in noted(bodies):
        yield finding


def noted(bodies: Iterable[bytes]) -> list[Finding]:
    """Return a finding for each sentence that snapshots tell, the most frequent first."""
    counts, example = Counter[str](), dict[str, str]()
    for body in bodies:
        try:
            snapshot = decode_snapshot(body)
        except msgspec.DecodeError:
            continue  # of another version
        counts.update(snapshot.notices)
        example |= dict.fromkeys(snapshot.notices, snapshot.account_id)
    rows = counts.most_common(SHOWN_MOST)
    found = [note(f"{sentence} ({_accounts(count, example[sentence])})") for sentence, count in rows]
    if len(counts) > SHOWN_MOST:
        found.append(note(f"and {len(counts) - SHOWN_MOST} more facts of accounts have no effect, or contradict"))
    return found or [ok("the facts of all accounts have an effect, and fit each other")]


def _accounts(count: int, example: str) -> str:
    return f"account {example}" if count == 1 else f"{count} accounts, such as {example}"
