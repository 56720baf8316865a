"""The public record on `csql.changes`: what happened to a lead or task. Keyed by `account_id`.

Source: design (contracts), playbook section 9.
"""

from typing import Literal

import msgspec

from shared.kernel.triggers import EstimatedAcv


class CsqlChange(msgspec.Struct, kw_only=True, frozen=True):
    """One change. Units: `at` and `due_at` are instants in milliseconds; (`change_id`) is unique."""

    change_id: str
    change: Literal["created", "joined", "moved", "snoozed", "noted", "assigned", "escalated", "warned", "done"]
    item: Literal["csql", "task"]
    item_id: str
    account_id: str
    play: str
    stage: str
    previous_stage: str | None = None
    owner_id: str | None = None
    owner_role: str | None = None
    trigger_ids: tuple[str, ...] = ()
    estimated_acv: EstimatedAcv | None = None
    due_at: int | None = None
    actor: str = "system"
    reason: str | None = None
    at: int


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(CsqlChange)


def encode_change(change: CsqlChange) -> bytes:
    """Return a change as JSON."""
    return _ENCODER.encode(change)


def decode_change(value: bytes) -> CsqlChange:
    """Return the change in a record's value. Errors: `msgspec.ValidationError` names the path."""
    return _DECODER.decode(value)
