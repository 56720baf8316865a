"""The public record on `account.snapshots`: an account, explained.

Compacted, keyed by `account_id`. Source: design (outputs of signals).
"""

from typing import Any, Literal

import msgspec

from shared.kernel.triggers import EstimatedAcv, Evidence, Gate, Health, Kind, ScopeType

State = Literal["unmeasured", "armed", "fired", "held", "off", "passed"]


class RuleValue(msgspec.Struct, frozen=True):
    """One rule, scope and level now: its value against its threshold. Units: `since` is a day, `YYYY-MM-DD`."""

    rule: str
    kind: Kind
    level: str | None
    scope: str | None
    scope_type: ScopeType | None
    state: State
    evidence: Evidence
    since: str | None = None
    trigger_id: str | None = None


class LogPosition(msgspec.Struct, frozen=True):
    """How far the log had been read when the snapshot was taken."""

    epoch: str
    partition: int
    offset: int


class Snapshot(msgspec.Struct, kw_only=True, frozen=True):
    """Everything that signals knows about an account, in the terms of the playbook.

    Units: `at` is the account's clock in milliseconds; `today` a day `YYYY-MM-DD`; `active_triggers` are names of rules
    with an open trigger, sorted, held ones included; `usage_per_seat` are the acts of the window of active users per
    seat, with at most six decimals, null without seats. Shape: `notices` are sentences about facts that have no effect,
    such as a plan that the playbook does not know. `rules` has at most 100 values of one rule, open triggers first.
    """

    account_id: str
    at: int
    today: str
    segment: str
    lifecycle: str
    facts: dict[str, Any]
    health: Health
    gate: Gate
    activation_status: str
    rules: tuple[RuleValue, ...]
    active_triggers: tuple[str, ...]
    recommended_motion: str
    estimated_expansion_acv: EstimatedAcv | None
    playbook_version: str
    log: LogPosition
    notices: tuple[str, ...] = ()
    usage_per_seat: float | None = None


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Snapshot)


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Return a snapshot as JSON."""
    return _ENCODER.encode(snapshot)


def decode_snapshot(value: bytes) -> Snapshot:
    """Return the snapshot in a record's value. Errors: `msgspec.ValidationError` names the path."""
    return _DECODER.decode(value)
