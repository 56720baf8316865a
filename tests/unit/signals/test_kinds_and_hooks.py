"""What the framework of rules promises to every rule: kinds, hooks, levels that low values meet, and failures."""

import pytest
from msgspec.structs import replace

from services.signals.core import hooks
from services.signals.core.account import Account
from services.signals.core.rules import RULES
from services.signals.core.rules.row import Level, least_amount
from services.signals.core.steps import RuleFailed
from services.signals.core.terms import Terms
from shared.kernel.playbook import Playbook
from shared.kernel.topics import TRIGGERS
from shared.kernel.triggers import Trigger, decode_trigger
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, control, instant, only, playbook

SHUT = playbook(only("champion_left", "outcome_achieved", "contraction_risk", "competitor_mention"))


def told(subject: EngineSubject, line: bytes) -> list[Trigger]:
    """Fold a line without showing anything, and return the records of triggers."""
    subject.log.append(line)
    subject.engine.fold(len(subject.log) - 1, line, 1)
    subject._supply(subject.engine)
    return [decode_trigger(one.value) for one in subject.engine.take_outputs() if one.topic == TRIGGERS]


def test_risk_fires_though_the_gate_is_shut_and_shows_it_all_the_same() -> None:
    """Expansion is held by every criterion in the way; risk lists the criteria, is held by none, and worth nothing."""
    subject = EngineSubject([SHUT])
    story = Story(subject)
    story.facts("2026-03-02 09:00", mrr=1_000)
    (held,) = told(subject, story.line("2026-03-02 10:00", "outcome.achieved", outcome="x", primary=True))
    (fired,) = told(subject, story.line("2026-03-02 11:00", "champion.changed", change="left", person="Kim"))
    assert (held.record, held.kind, "core_features" in held.gate.held_because) == ("held", "expansion", True)
    assert (fired.record, fired.kind, fired.gate.held_because, fired.estimated_acv) == ("fired", "risk", (), None)
    assert [one.name for one in fired.gate.criteria] == [one.name for one in held.gate.criteria]
    assert not fired.gate.open
    assert fired.evidence.summary == "the champion Kim left the company on 2026-03-02 (≥ 1)"


def test_contraction_holds_expansion_before_any_other_reason_but_the_criteria() -> None:
    """Two signs within 30 days; suspended besides."""
    subject = EngineSubject([SHUT])
    story = Story(subject)
    story.facts("2026-03-02 09:00", status="suspended")
    told(subject, story.line("2026-03-02 10:00", "champion.changed", change="left"))
    _, risk = told(subject, story.line("2026-03-02 10:00", "competitor.mentioned", where="call"))
    (held,) = told(subject, story.line("2026-03-02 11:00", "outcome.achieved", outcome="x", primary=True))
    assert (risk.rule, risk.evidence.numbers["rules"]) == ("contraction_risk", ["champion_left", "competitor_mention"])
    assert held.gate.held_because[-2:] == ("contraction_risk", "suspended")


def test_without_that_hold_contraction_holds_nothing() -> None:
    """`holds.contraction_risk` is off."""
    book = playbook(
        WIDE_OPEN
        | only("champion_left", "competitor_mention", "contraction_risk", "outcome_achieved")
        | {"holds.contraction_risk": False}
    )
    story = Story(EngineSubject([book]))
    story.ready("2026-03-02 09:00")
    story.happens("2026-03-02 10:00", "champion.changed", change="left")
    story.happens("2026-03-02 10:00", "competitor.mentioned", where="call")
    assert story.happens("2026-03-02 11:00", "outcome.achieved", outcome="x", primary=True) == [
        "fired outcome_achieved"
    ]


def failing(_account: Account, _terms: Terms) -> None:
    """Fail as a hook may."""
    raise ZeroDivisionError


def test_a_hook_that_fails_is_its_rules_failure() -> None:
    """At a record it is the record's fate; at a change of day it is noted, and the other hooks run."""
    subject = EngineSubject([SHUT])
    Story(subject).facts("2026-03-02 09:00")
    state = subject.engine.state
    account, ran = state.accounts["acme"], list[str]()
    both: hooks.Hooks = (("nps_drop", failing), ("compound", lambda *_: ran.append("ran")))
    with pytest.raises(RuleFailed, match="nps_drop: ZeroDivisionError"):
        hooks.run(both, account, state.terms, None)
    noted: list[RuleFailed] = []
    hooks.run(both, account, state.terms, noted)
    assert ([failure.rule for failure in noted], ran) == (["nps_drop"], ["ran"])


def test_every_amount_may_meet_a_level_that_low_values_meet() -> None:
    """A watch on it looks at everything; one that rises is met from an amount on."""
    low, high, above = (
        Level(None, 50_000_000, "<", 0), Level(None, 50_000_000, ">=", 0), Level(None, 50_000_000, ">", 0)
    )  # fmt: skip
    assert [least_amount(level, 10) for level in (low, high, above)] == [0, 500, 501]


def without_reviews(book: Playbook) -> Playbook:
    """Return a playbook under which the components of health cannot be told, though a given score can be compared."""
    engagement = replace(book.health.engagement, qbr_days=None)
    return replace(book, version="broken", health=replace(book.health, engagement=engagement))


def test_what_cannot_tell_its_last_value_does_not_end_on_that_day() -> None:
    """It is counted, and ends when it can tell again."""
    sound = playbook(WIDE_OPEN | only("health_critical"))
    later = playbook(WIDE_OPEN | only("health_critical") | {"version": "later"})
    subject = EngineSubject([sound, without_reviews(sound), later])
    story = Story(subject)
    told(subject, story.line("2026-03-02 09:00", "qbr.held", unmet_needs=[]))
    facts = story.line("2026-03-02 10:00", "account.updated", health_score=40)
    assert [one.record for one in told(subject, facts)] == ["fired"]
    told(subject, control("playbook", instant("2026-03-02 11:00"), version="broken", digest=""))
    told(subject, story.line("2026-03-02 12:00", "account.updated", health_score=90))
    assert told(subject, control("tick", instant("2026-03-03 00:00"))) == []
    assert subject.engine.take_counts()["rule_failures", "health_critical"] == 1
    told(subject, control("playbook", instant("2026-03-03 11:00"), version="later", digest=""))
    assert [one.record for one in told(subject, control("tick", instant("2026-03-04 00:00")))] == ["resolved"]


def test_a_page_leaves_out_what_cannot_be_told() -> None:
    """A rule of the day tells what it has put into its value; here that is lost."""
    subject = EngineSubject([playbook(WIDE_OPEN | {"rules.power_user.acts": 1})])
    story = Story(subject)
    story.ready("2026-01-01 09:00")
    story.active("2026-01-01 10:00", *"abcde")
    story.tick("2026-02-05 00:00")
    story.active("2026-02-05 10:00", *["a"] * 20, *"bcde")
    story.tick("2026-02-06 00:00")
    assert "power_user" in {row.rule for row in subject.snapshots["acme"].rules}
    (value,) = subject.engine.state.accounts["acme"].days.judged["power_user"]
    value.numbers.clear()
    story.facts("2026-02-06 10:00", employees=10)
    story.facts("2026-02-06 10:00", employees=30)
    shown = {row.rule for row in subject.snapshots["acme"].rules}
    assert ("power_user" in shown, "headcount_growth" in shown) == (False, True)


def test_the_order_of_the_rules_is_risk_first_then_expansion_and_compound_last() -> None:
    """Definition 33: contraction sees what this record has fired, the gate sees contraction."""
    names = [row.name for row in RULES]
    kinds = [row.kind == "expansion" for row in RULES]
    assert kinds == sorted(kinds)
    risky = [name for name, expands in zip(names, kinds, strict=True) if not expands]
    assert (risky[-2:], names[-1]) == (["contraction_risk", "renewal_at_risk"], "compound")


def test_a_trigger_whose_value_fails_at_midnight_stands_until_it_can_be_measured() -> None:
    """It neither ends nor fires on that day."""
    open_to_all = playbook(WIDE_OPEN | {"rules.gated_exploration.features": 1})
    window = replace(open_to_all.rules.gated_exploration, days=None)
    broken = replace(open_to_all, version="broken", rules=replace(open_to_all.rules, gated_exploration=window))
    subject = EngineSubject([open_to_all, broken])
    story = Story(subject)
    story.ready("2026-03-02 09:00", plan="Starter")
    assert story.happens("2026-03-02 10:00", "feature.blocked", feature="sso") == ["fired gated_exploration"]
    story.judge_by("2026-03-02 11:00", broken)
    assert story.tick("2026-03-20 00:00") == []
    assert subject.counts["rule_failures", "gated_exploration"] > 0
    assert ("gated_exploration", None, None) in subject.engine.state.accounts["acme"].episodes


def test_what_waits_since_a_change_of_terms_right_at_its_line_is_looked_at_whatever_happens() -> None:
    """Down by exactly the ten points that count now: any more health is a recovery."""
    strict, loose = (
        playbook(WIDE_OPEN | only("health_declining") | {"version": name, "rules.health_declining.drop_points": points})
        for name, points in (("first", 20), ("second", 10))
    )
    subject = EngineSubject([strict, loose])
    story = Story(subject)
    story.ready("2026-03-01 09:00", health_score=90)
    story.tick("2026-03-02 00:00")
    story.facts("2026-03-02 10:00", health_score=80)
    account = subject.engine.state.accounts["acme"]
    assert not account.unsettled
    story.judge_by("2026-03-02 11:00", loose)
    assert (account.parked, account.unsettled) == ({("health_declining", None, None)}, True)
    assert story.tick("2026-03-03 00:00") == ["fired health_declining"]
