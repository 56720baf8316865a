"""The public record on `expansion.triggers`, and the parts that a snapshot shares with it.

Source: design (contracts), definitions 38, 61 and 70. Additive changes only.
"""

from typing import Literal

import msgspec

Number = int | float
Record = Literal["fired", "held", "released", "resolved"]
Kind = Literal["expansion", "risk", "adoption", "ops"]
ScopeType = Literal["metric", "user", "feature", "department", "product", "addon", "seats", "source"]


class Criterion(msgspec.Struct, frozen=True):
    """One criterion of the gate. `met` None: unknown. `left_out`: unknown and, by the playbook, not counted."""

    name: str
    required: Number | str | bool | None
    actual: Number | str | bool | None
    met: bool | None
    attainment: float = 0.0
    left_out: bool = False


class Gate(msgspec.Struct, frozen=True):
    """The answer to "is this account ready": never a bare yes or no.

    Units: `readiness` 0-100, rounded down, 100 means open; `confidence` is the share of criteria known, 0-1.
    """

    open: bool
    readiness: int
    confidence: float
    criteria: tuple[Criterion, ...]
    held_because: tuple[str, ...] = ()


class Health(msgspec.Struct, frozen=True):
    """Health 0-100 and its components 0-100; a component without data is absent. `score` None: no data at all."""

    score: float | None
    components: dict[str, float]
    overridden: bool = False


class Evidence(msgspec.Struct, frozen=True):
    """Why: the numbers compared. `value comparison threshold` holds, in `unit`.

    Shape: `numbers` holds what the value was computed from (used, limit, seats, users, period...); `event_ids` are up
    to 20 `source/id` of events that decided; `occurred_at` are their own times, in milliseconds.
    """

    value: Number | None
    threshold: Number
    comparison: Literal[">", ">=", "<", "<="]
    unit: str
    numbers: dict[str, Number | str | list[str] | None] = {}
    event_ids: tuple[str, ...] = ()
    occurred_at: tuple[int, ...] = ()
    summary: str = ""


class Handoff(msgspec.Struct, frozen=True):
    """What the account executive is told when a lead is theirs: each fact in a phrase, by its name in the playbook.

    Units: their quote is due within `quote_hours` of the hand-off.
    """

    facts: dict[str, str]
    quote_hours: int


class Recommendation(msgspec.Struct, frozen=True):
    """What to do, from the playbook. Units: `response_due` is an instant in milliseconds.

    Shape: `bridge` is the sentence that leads from what the account has to the product or add-on of the scope;
    `handoff` goes with what an account executive owns.
    """

    play: str
    motion: str
    owner_role: str
    channels: tuple[str, ...]
    response: str
    response_due: int
    bridge: str | None = None
    handoff: Handoff | None = None


class EstimatedAcv(msgspec.Struct, frozen=True):
    """What it may be worth a year; `basis` says how it was estimated.

    Units: what follows from prices is in the playbook's currency, what is guessed from revenue in the account's.
    """

    amount: Number
    currency: str
    basis: str


class Trigger(msgspec.Struct, kw_only=True, frozen=True):
    """One record of `expansion.triggers`, keyed by `account_id`; (`trigger_id`, `record`) is unique.

    Units: `occurred_at`, `received_at`, `emitted_at` are instants in milliseconds; `received_at` is that of the
    deciding event, None when a change of day decided. `resolved` records name the trigger they end by `trigger_id`.
    Those of kind `ops` are about no account: `account_id` and `segment` are empty, the record's key is the scope.
    """

    record: Record
    trigger_id: str
    rule: str
    category: str
    kind: Kind
    level: str | None
    scope: str | None
    scope_type: ScopeType | None
    account_id: str
    account_name: str | None = None
    segment: str
    occurred_at: int
    window_days: int | None
    evidence: Evidence
    gate: Gate
    health: Health
    recommendation: Recommendation
    estimated_acv: EstimatedAcv | None
    playbook_version: str
    decided_by: str
    received_at: int | None
    emitted_at: int
    people: dict[str, str] = {}  # csm, ae, exec_sponsor: the account's people by role, as its facts name them
    held_since: int | None = None


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Trigger)


def encode_trigger(trigger: Trigger) -> bytes:
    """Return a trigger as JSON."""
    return _ENCODER.encode(trigger)


def decode_trigger(value: bytes) -> Trigger:
    """Return the trigger in a record's value. Errors: `msgspec.ValidationError` names the path."""
    return _DECODER.decode(value)
