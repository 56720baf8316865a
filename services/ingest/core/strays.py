"""Fields of `account.updated` that are no fact: kept in the log, without effect, and counted by name.

A misspelt field would pass silently otherwise; refusing it would refuse a client's own additions.
Source: definition 10, docs/tracking.md.
"""

from collections.abc import Iterator

import msgspec

from shared.kernel.events.account_updated import AccountUpdatedProperties
from shared.kernel.tallies import STRAY

ACCOUNT_UPDATED = "account.updated"
FACTS = frozenset(AccountUpdatedProperties.__struct_fields__)
MOST_FIELDS, MOST_CHARS = 8, 64  # of one event; a longer name is cut


def stray_names(properties: bytes | msgspec.Raw) -> Iterator[str]:
    """Yield what fields that are no fact are counted as. Shape: `properties` have been read as facts already."""
    fields: dict[str, msgspec.Raw] = msgspec.json.decode(properties, type=dict[str, msgspec.Raw])
    for field in sorted(fields.keys() - FACTS)[:MOST_FIELDS]:
        yield f"{STRAY}{field:.{MOST_CHARS}}"
