"""How firings are compared with what is true, case by case."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from shared.kernel.errors import ConfigurationError
from shared.kernel.triggers import Trigger, encode_trigger
from tests.support.simulate import PLAYBOOK
from tests.support.truths import BEGINS, ENDS, account, stands, trigger, truth
from upswing.commands.simulate import command
from upswing.simulate.marks import RuleScore, Score
from upswing.simulate.report import percent
from upswing.simulate.scoring import score_all, starving
from upswing.simulate.truth import Truth, encode, read_truth


def score(known: Truth, *triggers: Trigger) -> Score:
    """The score of some triggers."""
    return score_all(known, list(triggers), PLAYBOOK)


def rule(known: Truth, *triggers: Trigger) -> RuleScore:
    """The score of `usage_ceiling`."""
    (found,) = score(known, *triggers).rules
    return found


@pytest.mark.parametrize(
    ("day", "noticed"),
    [("2026-03-08", 0), ("2026-03-09", 1), (BEGINS, 1), (ENDS, 1), ("2026-03-21", 1), ("2026-03-22", 0)],
)
def test_a_firing_counts_within_a_day_of_the_situation(day: str, noticed: int) -> None:
    """The tolerance is the situation's own."""
    found = rule(truth(account("acme", stands())), trigger(day))
    assert (found.noticed, found.missed, found.right, found.wrong) == (noticed, 1 - noticed, noticed, 1 - noticed)


def test_another_account_scope_or_rule_notices_nothing() -> None:
    """All three must be the same."""
    known = truth(account("acme", stands()), account("other"))
    for other in ({"account_id": "other"}, {"scope": "storage_gb"}):
        found = rule(known, trigger(BEGINS, **other))
        assert (found.noticed, found.wrong, found.precision, found.recall) == (0, 1, 0.0, 0.0)
    elsewhere = score(known, trigger(BEGINS, rule="cross_sell_fit"))
    assert (elsewhere.rules[0].noticed, elsewhere.not_judged) == (0, {"cross_sell_fit": 1})


def test_a_situation_without_scope_is_met_by_any() -> None:
    """A rule without scopes may name one in its evidence."""
    assert rule(truth(account("acme", stands(scope=None))), trigger(BEGINS)).noticed == 1


def test_what_no_event_shows_is_not_missed_but_unseeable() -> None:
    """Recall is of what can be seen; of all that is real there is another."""
    found = rule(
        truth(account("acme", stands(seen_from=None), stands(scope="storage_gb"))), trigger(BEGINS, scope="storage_gb")
    )
    assert (found.situations, found.unseeable, found.missed) == (2, 1, 0)
    assert (found.recall, found.recall_of_real) == (1.0, 0.5)


def test_what_is_seen_late_may_be_noticed_late() -> None:
    """Events that wait in a queue show it when they arrive."""
    known = truth(account("acme", stands(seen_from="2026-03-25")))
    assert rule(known, trigger("2026-03-25")).noticed == 1
    assert rule(known, trigger("2026-03-27")).noticed == 0


def test_a_firing_on_what_only_the_events_show_is_misled_not_wrong() -> None:
    """The rule did its work; the instrumentation did not."""
    found = rule(truth(account("acme", illusions=[stands()])), trigger(BEGINS))
    assert (found.misled, found.wrong, found.precision) == (1, 0, 0.0)


def test_several_firings_of_one_situation_notice_it_once() -> None:
    """Levels rise: each firing is right, the situation is one, and the delay is that of the first."""
    known = truth(account("acme", stands()))
    found = rule(known, trigger("2026-03-12", trigger_id="a"), trigger("2026-03-15", trigger_id="b"))
    assert (found.situations, found.noticed, found.firings, found.right) == (1, 1, 2, 2)
    assert found.median_delay_days == 2


def test_a_level_is_noticed_when_it_or_a_higher_one_fires_on_its_day() -> None:
    """Two levels reached on one day fire once, at the higher."""
    levels = {"nurture": BEGINS, "outreach": BEGINS, "owner": "2026-03-15"}
    known = truth(account("acme", stands(levels=levels)))
    found = rule(known, trigger(BEGINS))
    assert (found.levels, found.levels_noticed) == (3, 2)
    assert rule(known, trigger(BEGINS), trigger("2026-03-15", level="owner")).levels_noticed == 3
    assert rule(known, trigger("2026-03-18", level="owner")).levels_noticed == 0
    assert rule(truth(account("acme", stands(levels=levels, seen_from=None)))).levels == 0


def test_the_records_of_a_trigger_are_one_firing_and_told_apart() -> None:
    """Held, then released; and a repeat of a record is no second one."""
    known = truth(account("acme", stands()))
    rows = [trigger(BEGINS, record, trigger_id="a") for record in ("held", "held", "released", "resolved")]
    found = rule(known, *rows)
    assert (found.firings, found.fired, found.held, found.released, found.resolved) == (1, 0, 1, 1, 1)


def test_outcomes_compare_those_that_fired_with_all() -> None:
    """Of four accounts two expand; one of them fired before, one fired and did not expand."""
    known = truth(
        account("a", expanded_on=["2026-04-01"]),
        account("b", expanded_on=["2026-04-01"]),
        account("c"),
        account("d"),
    )
    fired = [trigger(BEGINS, account_id=name, trigger_id=name) for name in "ac"]
    outcomes = score(known, *fired, trigger("2026-04-02", "held", met=False, account_id="b", trigger_id="b")).outcomes
    assert (outcomes.expanded, outcomes.base_rate) == (2, 0.5)
    assert (outcomes.fired_accounts, outcomes.fired_and_expanded, outcomes.precision) == (3, 1, 0.3333)
    assert (outcomes.fired_before, outcomes.recall, outcomes.lift) == (1, 0.5, 0.67)
    assert (outcomes.alerted_accounts, outcomes.precision_of_alerts) == (2, 0.5)
    assert outcomes.lift_of_alerts == 1.0
    assert [one.account_id for one in outcomes.examples_not_foreseen] == ["b"]


def test_what_only_the_loading_of_history_held_would_have_been_an_alert() -> None:
    """What the gate, a risk or a renewal held would not."""
    known = truth(account("acme"))
    for because, met, alerted in (
        (("backfill",), True, 1),
        (("backfill", "renewal_quiet"), True, 0),
        (("sentiment",), False, 0),
    ):
        held = trigger(BEGINS, "held", met=met)
        gate = msgspec.structs.replace(held.gate, held_because=because)
        result = score(known, msgspec.structs.replace(held, gate=gate))
        assert result.outcomes.alerted_accounts == alerted


def test_a_later_firing_may_be_the_one_that_is_followed() -> None:
    """An account that fired long ago and again just before it expanded was foreseen."""
    known = truth(account("acme", expanded_on=["2026-06-20"]))
    rows = [trigger(BEGINS, trigger_id="a"), trigger("2026-04-02", trigger_id="b")]
    assert score(known, *rows).outcomes.fired_and_expanded == 1


def test_an_expansion_counts_for_ninety_days() -> None:
    """The last day of the horizon is in it."""
    for day, followed in (("2026-06-08", 1), ("2026-06-09", 0)):
        known = truth(account("acme", expanded_on=[day]))
        assert score(known, trigger(BEGINS)).outcomes.fired_and_expanded == followed


def test_risk_rules_do_not_foresee_expansion() -> None:
    """Only expansion rules are asked about expansion."""
    known = truth(account("acme", expanded_on=["2026-04-01"]))
    assert score(known, trigger(BEGINS, kind="risk", rule="ticket_surge")).outcomes.fired_accounts == 0


def test_the_gate_passes_when_all_criteria_did_at_one_firing() -> None:
    """What else holds a trigger, as the loading of history, says nothing of the account."""
    known = truth(account("a"), account("b"), account("c"))
    rows = [trigger(BEGINS, "held", account_id="a", trigger_id="a"), trigger(BEGINS, met=False, account_id="b")]
    result = score(known, *rows)
    assert (result.gate_accounts, result.gate_passed, result.gate_pass_share) == (2, 1, 0.5)


def test_rules_starve_for_what_no_event_holds() -> None:
    """Named with what is missing; a rule of two scopes starves when both do."""
    missing = starving(
        PLAYBOOK, {"usage.recorded", "account.updated.plan", "account.updated.seats", "user.provisioned"}
    )
    assert "usage_ceiling" not in missing
    assert "seat_saturation" not in missing
    assert missing["qbr_outcome"] == ["QBRs with unmet needs"]


def test_triggers_of_other_accounts_are_counted_and_those_of_sources_are_not() -> None:
    """A silent source has no account; an account that is not in the truth may mean that it is another log's."""
    rows = [
        trigger(BEGINS, account_id="stranger", trigger_id="a"),
        trigger(BEGINS, account_id="", rule="source_silent"),
    ]
    result = score(truth(account()), *rows)
    assert (result.unknown_accounts, result.overall.firings) == (1, 0)


def test_days_that_do_not_belong_to_the_story_are_left_out() -> None:
    """The clock goes on after the files end; the truth does not."""
    known = truth(account("acme", stands(ends=None)))
    result = score(known, trigger("2026-02-28"), trigger("2026-04-11"), trigger("2026-04-10", trigger_id="x"))
    assert (result.outside, result.overall.firings, result.overall.right) == (2, 1, 1)


def test_nothing_divided_by_nothing_is_nothing() -> None:
    """No share is made up."""
    found = rule(truth(account()))
    assert (found.precision, found.recall, percent(found.recall)) == (None, None, "–")


def test_misses_are_named_up_to_the_number_asked_for() -> None:
    """So that a person can look."""
    known = truth(*(account(f"a{place}", stands()) for place in range(5)))
    (found,) = score_all(known, [], PLAYBOOK, examples=2).rules
    assert [one.account_id for one in found.examples_missed] == ["a0", "a1"]
    assert found.missed == 5


def test_the_command_scores_a_file_of_triggers(tmp_path: Path) -> None:
    """As a table for people, as JSON for machines, and with an exit code for CI."""
    known = truth(account("acme", stands()), account("late", stands()))
    path, rows = tmp_path / "truth.jsonl", tmp_path / "triggers.jsonl"
    path.write_bytes(b"".join(encode(one) for one in (known.simulation, *known.accounts.values(), known.totals)))
    rows.write_bytes(encode_trigger(trigger(BEGINS)) + b"\n\n")
    given = ["score", "--truth", str(path), "--triggers", str(rows)]
    shown = CliRunner().invoke(command, given)
    assert shown.exit_code == 0
    assert "usage_ceiling" in shown.output
    assert f"late  usage_ceiling api_calls  {BEGINS}: stood until {ENDS}, and nothing fired" in shown.output
    told = msgspec.json.decode(CliRunner().invoke(command, [*given, "--json"]).output, type=Score)
    assert (told.overall.recall, told.overall.precision) == (0.5, 1.0)
    assert CliRunner().invoke(command, [*given, "--min-recall", "0.6"]).exit_code == 1


def test_a_file_that_is_no_truth_is_refused_by_its_line(tmp_path: Path) -> None:
    """One sentence, with the line."""
    path = tmp_path / "truth.jsonl"
    for content, wanted in (
        (b'{"record":"other"}\n', "line 1: no record"),
        (b"\xff\n", "line 1: no record"),
        (b"", "not whole"),
        (encode(msgspec.structs.replace(truth().simulation, schema=99)) + encode(truth().totals), "has schema 99"),
    ):
        path.write_bytes(content)
        with pytest.raises(ConfigurationError, match=wanted):
            read_truth(path)
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_truth(tmp_path / "nowhere")
