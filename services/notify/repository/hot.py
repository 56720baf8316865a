"""What stands between a trigger and its alert, in few statements: each is a round trip that somebody waits for."""

from typing import Any

import msgspec
from sqlalchemy import BigInteger, RowMapping, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.core.card import Lead, Told
from services.notify.core.group import Message
from services.notify.core.silence import Silence
from services.notify.tables import inbox
from shared.kernel.people import Person

TAKE = text("""
    WITH taken AS (
        INSERT INTO notify.inbox (item_id, record, taken_at) VALUES (:item_id, :record, :now)
        ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT EXISTS (SELECT FROM taken), pg_advisory_xact_lock(hashtextextended(:key, 0))
""")

KNOWN = text("""
    SELECT
        message.message_id, message.version, message.urgency,
        (SELECT array_agg(told.trigger_id) FROM notify.message_triggers told
          WHERE told.message_id = message.message_id AND told.resolved_at IS NULL) AS told,
        (SELECT array_agg(DISTINCT post.channel) FROM notify.deliveries post
          WHERE post.message_id = message.message_id AND post.action = 'post'
            AND post.state NOT IN ('dead', 'not_sent')) AS shown,
        (SELECT to_jsonb(lead) FROM notify.leads lead
          WHERE lead.account_id = :account_id AND lead.play = :play AND NOT lead.ended) AS lead,
        (SELECT jsonb_agg(to_jsonb(silence) ORDER BY silence.silence_id) FROM notify.silences silence
          WHERE silence.ends_at > :now) AS silences
    FROM (SELECT) nothing LEFT JOIN notify.messages message
      ON message.account_id = :account_id AND message.play = :play AND message.closed_at IS NULL
""").columns(told=ARRAY(Text), shown=ARRAY(Text), lead=JSONB, silences=JSONB)

SUBJECT = (
    text("""
    WITH told AS (
        SELECT * FROM notify.message_triggers WHERE message_id = :message_id
    ), lead AS (
        SELECT * FROM notify.leads WHERE account_id = :account_id AND play = :play AND NOT ended
    ), owner AS (
        SELECT coalesce(
            (SELECT owner_id FROM lead),
            (SELECT body->'people'->>(CASE body->'recommendation'->>'owner_role' WHEN 'ae' THEN 'ae' ELSE 'csm' END)
             FROM told ORDER BY joined_at DESC, trigger_id DESC LIMIT 1)
        ) AS name
    )
    SELECT
        (SELECT jsonb_agg(jsonb_build_object(
            'trigger', body, 'joined_at', joined_at, 'resolved_at', resolved_at
        ) ORDER BY joined_at, trigger_id) FROM told) AS told,
        (SELECT to_jsonb(lead) FROM lead) AS lead,
        (SELECT person.body FROM notify.people person, owner
          WHERE person.person_id = owner.name OR person.email = owner.name
          ORDER BY person.person_id LIMIT 1) AS owner
""")
    .bindparams(bindparam("message_id", type_=BigInteger))
    .columns(told=JSONB, lead=JSONB, owner=JSONB)
)


class OpenMessage(msgspec.Struct, frozen=True):
    """The open message of a key as stored. Shape: `shown_in` names the channels that have it or will."""

    message_id: int
    version: int
    message: Message
    shown_in: frozenset[str]


class Known(msgspec.Struct, frozen=True):
    """What is known of a key before a record is decided."""

    opened: OpenMessage | None
    lead: Lead | None
    silences: tuple[Silence, ...]


class Content(msgspec.Struct, frozen=True):
    """What a message is made of. Shape: `told` oldest first; `owner` is the lead's, else the account's CSM."""

    told: tuple[Told, ...]
    lead: Lead | None
    owner: Person | None


async def take(connection: AsyncConnection, item: tuple[str, str], account_id: str, play: str, now_ms: int) -> bool:
    """Return whether this is the first time that an item is seen; mark it as taken, and keep its key to ourselves.

    Shape: `item` is (trigger_id, record) or (change_id, "change"). The key is ours to the end of the transaction.
    """
    values = {"item_id": item[0], "record": item[1], "now": now_ms, "key": f"notify {account_id} {play}"}
    row = (await connection.execute(TAKE, values)).one()
    return bool(row[0])


async def forget_taken(connection: AsyncConnection, before_ms: int) -> int:
    """Forget what was taken before an instant, and return how much that was."""
    return (await connection.execute(inbox.delete().where(inbox.c.taken_at < before_ms))).rowcount


async def known_of(connection: AsyncConnection, account_id: str, play: str, now_ms: int) -> Known:
    """Return what is known of a key."""
    values = {"account_id": account_id, "play": play, "now": now_ms}
    row = (await connection.execute(KNOWN, values)).one()
    opened = None
    if row.message_id is not None:
        message = Message(row.urgency, frozenset(row.told or ()))
        opened = OpenMessage(row.message_id, row.version, message, frozenset(row.shown or ()))
    return Known(opened, _lead(row.lead), msgspec.convert(row.silences or (), tuple[Silence, ...]))


async def read_content(connection: AsyncConnection, message_id: int | None, account_id: str, play: str) -> RowMapping:
    """Return what a message is made of now, as stored; `decode_content` reads it."""
    values = {"message_id": message_id, "account_id": account_id, "play": play}
    return (await connection.execute(SUBJECT, values)).mappings().one()


def decode_content(row: RowMapping) -> Content:
    """Return what a message is made of. Errors: `msgspec.ValidationError` when it is not what we wrote."""
    told = msgspec.convert(row["told"] or (), tuple[Told, ...])
    owner = None if row["owner"] is None else msgspec.convert(row["owner"], Person)
    return Content(told, _lead(row["lead"]), owner)


def _lead(row: dict[str, Any] | None) -> Lead | None:
    return None if row is None else msgspec.convert(row, Lead)
