"""A lead driven at random, against a model that knows only the playbook's table. Source: playbook section 9."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.pipeline.core.stages import Attempt, Refusal, Stage, plan_move
from tests.support.playbooks import shipped

MODEL = shipped().csql
ORDER = ["trigger_fired", "csql_created", "qualified", "proposal_sent", "negotiation", "closed_won"]
NEEDED = {
    "trigger_fired": set(),
    "csql_created": {"context"},
    "qualified": {"timing", "budget", "champion"},
    "proposal_sent": {"amount"},
    "negotiation": set(),
    "closed_won": {"amount"},
    "closed_lost": set(),
    "disqualified": set(),
}
CODES = {
    "closed_won": set(MODEL.reason_codes.won),
    "closed_lost": set(MODEL.reason_codes.lost),
    "disqualified": set(MODEL.reason_codes.disqualified),
}
ENDS = ("closed_won", "closed_lost", "disqualified")
NAMES = sorted({name for names in NEEDED.values() for name in names})
CODE_NAMES = sorted({code for codes in CODES.values() for code in codes})


class Lead(RuleBasedStateMachine):
    """One lead; `way` are the stages that it has passed."""

    @initialize()
    def begin(self) -> None:
        """Begin where every lead begins."""
        self.way = ["trigger_fired"]
        self.kept: dict[str, str | int | float] = {}
        self.reasons: list[str | None] = []

    @rule(
        to=st.sampled_from([*ORDER, "closed_lost", "disqualified", "archived"]),
        given=st.sets(st.sampled_from(NAMES)),
        code=st.none() | st.sampled_from([*CODE_NAMES, "because"]),
    )
    def try_to_move(self, to: str, given: set[str], code: str | None) -> None:
        """Try any move with any fields: it is made exactly when the model allows it."""
        stage = self.way[-1]
        fields: dict[str, object] = {name: 5 if name == "amount" else "said" for name in given}
        move = plan_move(Stage(stage), Attempt(to, fields, code), self.kept, MODEL)
        if not self._allowed(stage, to, given, code):
            assert isinstance(move, Refusal)
            assert move.message.isprintable()
            return
        assert not isinstance(move, Refusal), move
        assert move.after == to
        self.way.append(to)
        self.kept |= move.fields
        self.reasons.append(move.reason_code)

    def _allowed(self, stage: str, to: str, given: set[str], code: str | None) -> bool:
        if stage in ENDS or to not in self._next(stage):
            return False
        if not given <= NEEDED[to] | {"amount", "note"} or not NEEDED[to] <= given | set(self.kept):
            return False
        return code in CODES[to] if to in CODES else code is None

    @staticmethod
    def _next(stage: str) -> set[str]:
        late = ORDER.index(stage) >= ORDER.index("proposal_sent")
        return {ORDER[ORDER.index(stage) + 1], "closed_lost" if late else "disqualified"}

    @invariant()
    def passed_every_stage_in_order(self) -> None:
        """Nothing is skipped and nothing passed twice, whatever was tried."""
        working = [stage for stage in self.way if stage in ORDER]
        assert working == ORDER[: len(working)]
        assert all(stage not in ENDS for stage in self.way[:-1])

    @invariant()
    def has_all_that_its_stages_asked_for(self) -> None:
        """Whatever stage was reached, what it asks for is kept."""
        for stage in self.way:
            assert NEEDED[stage] <= set(self.kept)


Lead.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestLead = Lead.TestCase
