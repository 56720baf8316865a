"""The rules about other rules' triggers, each straight from its definition.

Where the definitions leave a choice, by the number of the entry:

- 18: what is open and fired, held or not, today or in the days before counts from the very record that fired it. At a
  change of day these values are those of the day that has ended, before anything ends.
- 18: the contraction score counts by itself, whether the rule `contraction_risk` is on or not, over its days.
- 58: while there is a contraction the value is 0, which is below any health; health counts when there is none.

Source: playbook sections 6 and 7, definitions 18, 19, 31, 58.
"""

from collections.abc import Iterator
from fractions import Fraction

from tests.oracle.gate import has_renewed
from tests.oracle.rows import Row, View, is_gated
from tests.oracle.value import Value, counted, pointed

CONTRACTING = {"usage_decline", "ticket_surge", "champion_left", "nps_drop", "competitor_mention"}


def score(view: View) -> int:
    """Return the contraction score, 0 to 5."""
    return len(view.began_within(view.playbook.rules.contraction_risk.days) & CONTRACTING)


def contraction_risk(view: View) -> Iterator[Value]:
    """Count the risks that are open together."""
    rule = view.playbook.rules.contraction_risk
    yield Value("contraction_risk", None, Fraction(score(view)), (counted(rule, rule.rules),))


def renewal_at_risk(view: View) -> Iterator[Value]:
    """Measure health, or 0 under a contraction, while the renewal is near and not completed (definition 58)."""
    rule = view.playbook.rules.renewal_at_risk
    renews_on = view.date("renews_on")
    if renews_on is None or not rule.from_days <= renews_on - view.today <= rule.to_days:
        return
    if has_renewed(view.history, view.playbook, view.today):
        return
    value = Fraction(0) if score(view) >= rule.contraction_score else view.score
    if value is not None:
        yield Value("renewal_at_risk", None, value, (pointed(rule, rule.health_score, "<"),))


def compound(view: View) -> Iterator[Value]:
    """Count the different expansion rules that are open together, when they are of enough categories."""
    rule = view.playbook.rules.compound
    found = {name for name in view.began_within(rule.days) if is_gated(name, view.playbook)} - {"compound"}
    categories = {getattr(view.playbook.rules, name).category for name in found}
    value = Fraction(len(found) if len(categories) >= rule.categories else 0)
    yield Value("compound", None, value, (counted(rule, rule.rules),))


ROWS = (
    Row("contraction_risk", contraction_risk),
    Row("renewal_at_risk", renewal_at_risk),
    Row("compound", compound),
)
