"""The stages of a lead: which move is allowed, what it asks for, and what it leaves behind.

Source: playbook section 9.
"""

import math
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook.routing import CsqlModel

AMOUNT = "amount"
NOTE = "note"
LARGEST_AMOUNT = 10**12
LONGEST_TEXT = 4000

Field = str | int | float


class Stage(StrEnum):
    """Where a lead stands. The last three are the ends."""

    TRIGGER_FIRED = "trigger_fired"
    CSQL_CREATED = "csql_created"
    QUALIFIED = "qualified"
    PROPOSAL_SENT = "proposal_sent"
    NEGOTIATION = "negotiation"
    CLOSED_WON = "closed_won"
    CLOSED_LOST = "closed_lost"
    DISQUALIFIED = "disqualified"


MOVES: dict[Stage, tuple[Stage, ...]] = {
    Stage.TRIGGER_FIRED: (Stage.CSQL_CREATED, Stage.DISQUALIFIED),
    Stage.CSQL_CREATED: (Stage.QUALIFIED, Stage.DISQUALIFIED),
    Stage.QUALIFIED: (Stage.PROPOSAL_SENT, Stage.DISQUALIFIED),
    Stage.PROPOSAL_SENT: (Stage.NEGOTIATION, Stage.CLOSED_LOST),
    Stage.NEGOTIATION: (Stage.CLOSED_WON, Stage.CLOSED_LOST),
    Stage.CLOSED_WON: (),
    Stage.CLOSED_LOST: (),
    Stage.DISQUALIFIED: (),
}
OPEN_STAGES: tuple[Stage, ...] = tuple(stage for stage, moves in MOVES.items() if moves)


class Refusal(msgspec.Struct, frozen=True):
    """Why a change of a lead is not allowed. Shape: `field` is the one at fault; `message` one sentence."""

    code: str
    field: str
    message: str


class Attempt(msgspec.Struct, frozen=True):
    """What somebody asks for: a stage, with the fields and the reason that they give."""

    to: str
    fields: Mapping[str, object]
    reason_code: str | None = None


class Move(msgspec.Struct, frozen=True):
    """A move that is allowed. Shape: `fields` are those given with it, cleaned; `amount` the deal's, when known."""

    before: Stage
    after: Stage
    fields: dict[str, Field]
    reason_code: str | None
    amount: float | int | None


def check_model(model: CsqlModel) -> None:
    """Check that the playbook speaks of the stages that there are. Errors: `ConfigurationError` naming the path."""
    known = {str(stage) for stage in Stage}
    given = [stage.key for stage in model.stages]
    for index, key in enumerate(given):
        if key not in known:
            raise ConfigurationError(f"csql.stages[{index}].key is {key!r}, allowed are {', '.join(Stage)}")
    missing = [stage for stage in Stage if stage not in given and stage is not Stage.DISQUALIFIED]
    if missing:
        raise ConfigurationError(f"csql.stages lacks {', '.join(missing)}")


def plan_move(stage: Stage, attempt: Attempt, kept: Mapping[str, Field], model: CsqlModel) -> Move | Refusal:
    """Return the move of a lead from one stage to the next, or why it cannot be made.

    Shape: `kept` are the fields of earlier moves; a required one may have been given then.
    """
    if attempt.to not in MOVES[stage]:
        return _not_allowed(stage, attempt.to)
    target = Stage(attempt.to)
    fields = _clean(attempt.fields, target, model)
    if isinstance(fields, Refusal):
        return fields
    known = {**kept, **fields}
    for name in required_fields(target, model):
        if name not in known:
            return Refusal("missing_field", f"fields.{name}", f"fields.{name} is required to reach {target}")
    refusal = _check_reason(target, attempt.reason_code, model)
    if refusal:
        return refusal
    amount = known.get(AMOUNT)
    return Move(stage, target, fields, attempt.reason_code, amount if isinstance(amount, int | float) else None)


def required_fields(stage: Stage, model: CsqlModel) -> tuple[str, ...]:
    """Return the fields that a stage asks for; the reason code, which has its own place, is not among them."""
    for row in model.stages:
        if row.key == stage:
            return tuple(name for name in row.required if name != "reason_code")
    return ()


def reason_codes(stage: Stage, model: CsqlModel) -> tuple[str, ...]:
    """Return the reason codes that may be given on the way to a stage; none: the stage takes no reason."""
    codes = {
        Stage.CLOSED_WON: model.reason_codes.won,
        Stage.CLOSED_LOST: model.reason_codes.lost,
        Stage.DISQUALIFIED: model.reason_codes.disqualified,
    }
    return codes.get(stage, ())


def plan_snooze(stage: Stage, until: date, today: date, model: CsqlModel) -> date | Refusal:
    """Return the day on which a snoozed lead wakes, or why it cannot be snoozed until then."""
    if stage not in OPEN_STAGES:
        return Refusal("closed", "until", f"a lead in stage {stage} cannot be snoozed")
    latest = today + timedelta(days=model.snooze_days_most)
    if not today < until <= latest:
        return Refusal("out_of_range", "until", f"until must lie after {today} and not after {latest}, got {until}")
    return until


def _not_allowed(stage: Stage, to: str) -> Refusal:
    allowed = MOVES[stage]
    if not allowed:
        return Refusal("closed", "to", f"a lead in stage {stage} has come to its end and cannot move")
    if to not in set(Stage):
        return Refusal("out_of_range", "to", f"to must be one of {', '.join(allowed)}, got {to!r:.60}")
    return Refusal(
        "move_not_allowed", "to", f"from {stage} a lead can only move to {' or '.join(allowed)}, not to {to}"
    )


def _check_reason(target: Stage, code: str | None, model: CsqlModel) -> Refusal | None:
    allowed = reason_codes(target, model)
    if code is None:
        if not allowed:
            return None
        return Refusal(
            "missing_field", "reason_code", f"reason_code is required to reach {target}: one of {', '.join(allowed)}"
        )
    if not allowed:
        return Refusal("unknown_field", "reason_code", f"stage {target} takes no reason_code")
    if code not in allowed:
        return Refusal(
            "out_of_range", "reason_code", f"reason_code must be one of {', '.join(allowed)}, got {code!r:.60}"
        )
    return None


def _clean(given: Mapping[str, object], target: Stage, model: CsqlModel) -> dict[str, Field] | Refusal:
    allowed = (*required_fields(target, model), AMOUNT, NOTE)
    fields: dict[str, Field] = {}
    for name, value in given.items():
        if name not in allowed:
            listed = ", ".join(dict.fromkeys(allowed))
            return Refusal(
                "unknown_field", f"fields.{name}", f"stage {target} takes the fields {listed}, not {name!r:.60}"
            )
        cleaned = clean_amount(f"fields.{name}", value) if name == AMOUNT else _clean_text(f"fields.{name}", value)
        if isinstance(cleaned, Refusal):
            return cleaned
        fields[name] = cleaned
    return fields


def clean_amount(path: str, value: object) -> int | float | Refusal:
    """Return an amount of money, or why it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Refusal("wrong_type", path, f"{path} must be a number, got {value!r:.60}")
    if not math.isfinite(value) or not 0 <= value <= LARGEST_AMOUNT:
        return Refusal("out_of_range", path, f"{path} must lie between 0 and {LARGEST_AMOUNT}, got {value!r:.60}")
    return value


def _clean_text(path: str, value: object) -> str | Refusal:
    if not isinstance(value, str):
        return Refusal("wrong_type", path, f"{path} must be text, got {value!r:.60}")
    text = value.strip()
    if not text or len(text) > LONGEST_TEXT or "\0" in text:
        return Refusal("out_of_range", path, f"{path} must have between 1 and {LONGEST_TEXT} characters")
    return text
