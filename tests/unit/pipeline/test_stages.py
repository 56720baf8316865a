"""The stages of a lead. Source: playbook section 9."""

from datetime import date, timedelta

import msgspec
import pytest

from services.pipeline.core.stages import (
    LARGEST_AMOUNT,
    LONGEST_TEXT,
    MOVES,
    OPEN_STAGES,
    Attempt,
    Refusal,
    Stage,
    check_model,
    plan_move,
    plan_snooze,
    reason_codes,
    required_fields,
)
from shared.kernel.errors import ConfigurationError
from tests.support.playbooks import shipped

MODEL = shipped().csql
CONFIRMED = {"timing": "Q3", "budget": "approved", "champion": "Dana"}
TODAY = date(2026, 6, 1)


def refused(stage: Stage, attempt: Attempt, **kept: str | float) -> Refusal:
    """Return why a move is refused."""
    move = plan_move(stage, attempt, kept, MODEL)
    assert isinstance(move, Refusal), move
    return move


def test_the_whole_way_to_closed_won_asks_for_the_fields_of_each_stage() -> None:
    """From the trigger to the deal, with what the playbook asks for."""
    kept: dict[str, str | int | float] = {}
    way = [
        Attempt("csql_created", {"context": "asked for more seats"}),
        Attempt("qualified", CONFIRMED),
        Attempt("proposal_sent", {"amount": 12_000}),
        Attempt("negotiation", {"note": "legal looks at it"}),
        Attempt("closed_won", {}, "upgrade"),
    ]
    stage = Stage.TRIGGER_FIRED
    for attempt in way:
        move = plan_move(stage, attempt, kept, MODEL)
        assert not isinstance(move, Refusal), move
        assert (move.before, move.after) == (stage, attempt.to)
        kept |= move.fields
        stage = move.after
    assert stage is Stage.CLOSED_WON
    assert move.amount == 12_000, "the amount of the proposal is that of the deal until another is given"
    assert move.reason_code == "upgrade"


@pytest.mark.parametrize("stage", list(Stage))
def test_no_stage_can_be_skipped_and_none_reached_again(stage: Stage) -> None:
    """Every move that the table does not hold is refused, and the refusal says what is allowed."""
    for to in Stage:
        if to in MOVES[stage]:
            continue
        refusal = refused(stage, Attempt(to, {}))
        assert refusal.field == "to"
        assert refusal.code == ("move_not_allowed" if MOVES[stage] else "closed")
        assert all(allowed in refusal.message for allowed in MOVES[stage])


def test_a_stage_that_does_not_exist_is_refused_with_those_that_do() -> None:
    """A slip of the pen is answered with the moves that are allowed."""
    refusal = refused(Stage.QUALIFIED, Attempt("propsal_sent", {}))
    assert refusal == Refusal("out_of_range", "to", "to must be one of proposal_sent, disqualified, got 'propsal_sent'")


@pytest.mark.parametrize("missing", list(CONFIRMED))
def test_each_required_field_is_asked_for_by_name(missing: str) -> None:
    """Timing, budget and champion are confirmed before a lead is qualified."""
    fields = {name: text for name, text in CONFIRMED.items() if name != missing}
    refusal = refused(Stage.CSQL_CREATED, Attempt("qualified", fields))
    assert refusal.field == f"fields.{missing}"
    assert refusal.code == "missing_field"


def test_a_required_field_may_have_been_given_earlier() -> None:
    """What is known of a lead need not be said twice."""
    move = plan_move(Stage.CSQL_CREATED, Attempt("qualified", {}), CONFIRMED, MODEL)
    assert not isinstance(move, Refusal)
    assert move.fields == {}


@pytest.mark.parametrize(
    ("stage", "to", "fields"),
    [
        (Stage.TRIGGER_FIRED, "disqualified", {}),
        (Stage.PROPOSAL_SENT, "closed_lost", {}),
        (Stage.NEGOTIATION, "closed_won", {"amount": 1}),
    ],
)
def test_the_ends_need_a_reason_code_of_their_own(stage: Stage, to: str, fields: dict[str, object]) -> None:
    """Disqualifying, losing and winning each have their list."""
    assert refused(stage, Attempt(to, fields)).field == "reason_code"
    wrong = refused(stage, Attempt(to, fields, "because"))
    assert wrong.code == "out_of_range"
    assert all(code in wrong.message for code in reason_codes(Stage(to), MODEL))
    for code in reason_codes(Stage(to), MODEL):
        assert not isinstance(plan_move(stage, Attempt(to, fields, code), {}, MODEL), Refusal)


def test_a_stage_without_reasons_takes_none() -> None:
    """A reason for going on would be lost: it is refused."""
    refusal = refused(Stage.TRIGGER_FIRED, Attempt("csql_created", {"context": "x"}, "upgrade"))
    assert (refusal.code, refusal.field) == ("unknown_field", "reason_code")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"contxt": "x"}, "unknown_field"),
        ({"context": 7}, "wrong_type"),
        ({"context": "   "}, "out_of_range"),
        ({"context": "a\0b"}, "out_of_range"),
        ({"context": "x" * (LONGEST_TEXT + 1)}, "out_of_range"),
        ({"context": "x", "amount": "12"}, "wrong_type"),
        ({"context": "x", "amount": True}, "wrong_type"),
        ({"context": "x", "amount": -0.01}, "out_of_range"),
        ({"context": "x", "amount": LARGEST_AMOUNT + 1}, "out_of_range"),
        ({"context": "x", "amount": float("nan")}, "out_of_range"),
    ],
)
def test_a_field_that_means_nothing_is_refused_by_name(fields: dict[str, object], code: str) -> None:
    """Unknown, of the wrong type, or out of range."""
    refusal = refused(Stage.TRIGGER_FIRED, Attempt("csql_created", fields))
    assert refusal.code == code
    assert refusal.field == f"fields.{list(fields)[-1]}"


@pytest.mark.parametrize("amount", [0, LARGEST_AMOUNT, 0.5])
def test_amounts_at_their_bounds_are_taken(amount: float) -> None:
    """Both ends belong to the range."""
    move = plan_move(Stage.QUALIFIED, Attempt("proposal_sent", {"amount": amount}), {}, MODEL)
    assert not isinstance(move, Refusal)
    assert move.amount == amount


def test_texts_are_kept_without_outer_blanks() -> None:
    """What is kept is what was meant."""
    move = plan_move(Stage.TRIGGER_FIRED, Attempt("csql_created", {"context": "  ready \n"}), {}, MODEL)
    assert not isinstance(move, Refusal)
    assert move.fields == {"context": "ready"}


@pytest.mark.parametrize(("days", "allowed"), [(0, False), (1, True), (90, True), (91, False), (-1, False)])
def test_a_snooze_ends_after_today_and_not_too_late(days: int, *, allowed: bool) -> None:
    """Tomorrow is the first day, the playbook's number of days the last."""
    until = TODAY + timedelta(days=days)
    answer = plan_snooze(Stage.QUALIFIED, until, TODAY, MODEL)
    assert answer == until if allowed else isinstance(answer, Refusal)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in OPEN_STAGES])
def test_a_closed_lead_cannot_be_snoozed(stage: Stage) -> None:
    """There is nothing to wake up."""
    answer = plan_snooze(stage, TODAY + timedelta(days=1), TODAY, MODEL)
    assert isinstance(answer, Refusal)
    assert answer.code == "closed"


def test_a_playbook_with_a_stage_of_its_own_is_refused_with_the_path() -> None:
    """The machine knows its stages; the playbook says what they ask for."""
    check_model(MODEL)
    stages = list(MODEL.stages)
    stages[2] = msgspec.structs.replace(stages[2], key="approved")
    with pytest.raises(ConfigurationError, match=r"csql\.stages\[2\]\.key is 'approved', allowed are trigger_fired"):
        check_model(msgspec.structs.replace(MODEL, stages=tuple(stages)))


def test_a_playbook_that_lacks_a_stage_is_refused_by_name() -> None:
    """Disqualified needs no row: it asks for nothing but its reason."""
    rows = tuple(row for row in MODEL.stages if row.key != "negotiation")
    with pytest.raises(ConfigurationError, match=r"csql\.stages lacks negotiation"):
        check_model(msgspec.structs.replace(MODEL, stages=rows))
    assert required_fields(Stage.DISQUALIFIED, MODEL) == ()
