"""Accounts whose id or name is like one that is not known: for who has mistyped it, or knows only the name."""

import contextlib
from collections.abc import Mapping
from difflib import get_close_matches

import msgspec

from shared.kernel.topics import SNAPSHOTS
from upswing.trace.logbook import Logbook

__all__ = ["names_of_accounts", "similar"]

MOST = 3
SHORTEST_PART = 3  # what is shorter is in too many names to mean one


class _Facts(msgspec.Struct):
    name: str | None = None


class _Account(msgspec.Struct):
    facts: _Facts


_DECODER = msgspec.json.Decoder(_Account)


async def names_of_accounts(book: Logbook) -> dict[str, str]:
    """Return the ids of all accounts that have a snapshot, each with its name, empty for one without.

    Errors: `DependencyError` when the broker or the topic is not there.
    """
    found: dict[str, str] = {}
    async for record in book.read(SNAPSHOTS.name, await book.partitions(SNAPSHOTS.name), 0):
        account_id = (record.key or b"").decode(errors="replace")
        found.pop(account_id, None)
        if record.value:
            with contextlib.suppress(msgspec.DecodeError):
                found[account_id] = _DECODER.decode(record.value).facts.name or ""
    return found


def similar(asked: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids of a few accounts that may have been meant, the likeliest first. Shape: `names` has name by id."""
    word = asked.casefold()
    ids = {account_id.casefold(): account_id for account_id in sorted(names)}
    by_name = {name.casefold(): account_id for account_id, name in sorted(names.items()) if name}
    found = [by_name[word]] if word in by_name else []
    found += [ids[each] for each in get_close_matches(word, ids, MOST)]
    found += [by_name[each] for each in get_close_matches(word, by_name, MOST)]
    if len(word) >= SHORTEST_PART:
        found += [account_id for each, account_id in (*ids.items(), *by_name.items()) if word in each][:MOST]
    return tuple(dict.fromkeys(found))[:MOST]
