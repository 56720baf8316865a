"""An adoption milestone is past its due day and was never reached.

Source: playbook sections 3 and 7, definition 57.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, no_watch
from services.signals.core.terms import Terms, onboarded_days
from shared.kernel.quantities import MILLION

NAME = "milestone_missed"


def levels(_terms: Terms) -> tuple[Level, ...]:
    """Return the one level: any milestone."""
    return (Level(None, MILLION, ">=", MILLION),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield how many milestones of the segment are past due; they are named, for the value is that of this day."""
    rows = terms.playbook.milestones.get(terms.segment(account), ())
    since = onboarded_days(account)
    if since is None or not rows:
        return
    reached = account.head.milestones
    missed = [row.name for row in rows if since > row.due_days and row.name not in reached]
    yield Measure(None, None, len(missed), 1, None, {"milestones": missed} if missed else {}, "")


def tell(_account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Return the names of what was missed."""
    missed = measure.numbers.get("milestones")
    if not isinstance(missed, list):
        return {"milestones": []}, "no milestone is past its due day"
    return measure.numbers, f"past the due day since onboarding: {', '.join(missed)}"


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,
    "count",
    by_day="begins",
    tell=tell,
    single=True,
    unmeasured="no onboarding day, or no milestones for the segment",
    example="past the due day since onboarding: first_dashboard, first_report (≥ 1)",
    tuning="The due days stand with `milestones`, by segment: set them to what your healthy accounts needed, not to "
    "what the plan hoped for. A milestone that nobody sends as `milestone.reached` is missed by everybody.",
)
