"""The envelope that every event travels in, and what all properties have in common.

Source: playbook section 2, definitions 45 and 60.
"""

from typing import Annotated

import msgspec

from shared.kernel.quantities import LARGEST, millionths

MAX_ID_CHARS = 256
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID_CHARS)]
Quantity = int | float | str
Instant = int | str


class Properties(msgspec.Struct, gc=False):
    """What any event may carry: a competitor can be mentioned in every one of them (definition 60)."""

    mentions_competitor: bool = False


class Event(msgspec.Struct, kw_only=True, tag_field="type", gc=False):
    """One event as it lies in the log.

    Units: `occurred_at` and `received_at` are integer milliseconds once `codec` has read them.
    """

    id: Name
    account_id: Name
    occurred_at: Instant
    source: Name = "direct"
    user_id: Name | None = None
    received_at: Instant | None = None


class EventType(msgspec.Struct, frozen=True):
    """The row in which an event type's file ends.

    Shape: `shape` is the typed event; `feeds` says in the playbook's words what it is used for; `fact` ones are also
    written to `account.facts`, because the pipeline needs them.
    """

    name: str
    shape: type[Event]
    what: str
    feeds: str
    fact: bool = False


def check_quantity(field: str, value: Quantity) -> None:
    """Refuse a quantity that means nothing. Errors: `ValueError` that names the field. Source: definition 45."""
    if type(value) is not int or not 0 <= value <= LARGEST:
        try:
            millionths(value)
        except ValueError as error:
            raise ValueError(f"{field} {error}") from None
