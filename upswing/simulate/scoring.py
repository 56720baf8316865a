"""Puts a whole score together: every rule, all together, outcomes, the gate, and what the rules starve for."""

from collections import Counter

from services.signals.core.rules import RULES
from shared.kernel.playbook import Playbook, each_rule
from shared.kernel.triggers import Trigger
from upswing.history.needs import NEEDS
from upswing.simulate.marks import Firing, RuleScore, Score
from upswing.simulate.score import divided, firings_of, number, outcomes_of, score_rule, share
from upswing.simulate.truth import Truth

SUMMED = (
    *("situations", "unseeable", "noticed", "missed", "firings", "right", "misled", "wrong"),
    *("fired", "held", "released", "resolved", "fired_accounts", "followed", "levels", "levels_noticed"),
)


def score_all(truth: Truth, triggers: list[Trigger], playbook: Playbook, examples: int = 3) -> Score:
    """Return the score of triggers against the truth."""
    every = firings_of(triggers)
    first_day, last_day = number(truth.simulation.first_day), number(truth.simulation.last_day)
    ours = [one for one in every if one.account_id in truth.accounts]
    firings = [one for one in ours if first_day <= one.day <= last_day]
    rules = [score_rule(rule, truth, firings, examples) for rule in truth.simulation.judged_rules]
    judged = {score.rule for score in rules}
    built = {row.name for row in RULES} | {one.rule for one in firings}
    accounts, passed = _gate(firings)
    return Score(
        rules=[score for score in rules if score.rule in built],
        overall=_sum([score for score in rules if score.rule in built]),
        outcomes=outcomes_of(truth, firings, examples),
        gate_accounts=accounts,
        gate_passed=passed,
        gate_pass_share=share(passed, accounts),
        not_judged=dict(Counter(one.rule for one in firings if one.rule not in judged)),
        not_built=[score.rule for score in rules if score.rule not in built],
        starving=starving(playbook, set(truth.totals.tokens)),
        unknown_accounts=len({one.account_id for one in every if one.account_id} - truth.accounts.keys()),
        outside=len(ours) - len(firings),
    )


def starving(playbook: Playbook, tokens: set[str]) -> dict[str, list[str]]:
    """Return the rules that are switched on and cannot ever fire on such events, each with what is missing."""
    enabled = {name for name, rule in each_rule(playbook) if rule.enabled}
    missing: dict[str, list[str]] = {}
    fed: set[str] = set()
    for need in NEEDS:
        if need.kind != "rule" or need.name not in enabled:
            continue
        wanting = [want.what for want in need.wants if not tokens.intersection(want.tokens)]
        if wanting:
            missing.setdefault(need.name, []).extend(wanting)
        else:
            fed.add(need.name)
    return {name: what for name, what in missing.items() if name not in fed}


def _sum(scores: list[RuleScore]) -> RuleScore:
    total = RuleScore(rule="all")
    for score in scores:
        for field in SUMMED:
            setattr(total, field, getattr(total, field) + getattr(score, field))
    return divided(total)


def _gate(firings: list[Firing]) -> tuple[int, int]:
    """Return how many accounts had a gate to look at, and for how many all criteria passed at one time at least."""
    seen: dict[str, bool] = {}
    for one in firings:
        seen[one.account_id] = seen.get(one.account_id, False) or one.gate_passes
    return len(seen), sum(seen.values())
