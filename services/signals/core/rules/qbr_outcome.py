"""A business review named a need that is on the roadmap.

Source: playbook section 6, definition 16.
"""

from collections.abc import Iterator

from services.signals.core import sharing
from services.signals.core.account import Account
from services.signals.core.rules.one_off import one_off
from services.signals.core.rules.row import Measure, RuleRow
from services.signals.core.terms import Terms
from shared.kernel.clock import day_of, iso_day
from shared.kernel.events.envelope import Event
from shared.kernel.events.qbr_held import QbrHeld


def happening(_account: Account, terms: Terms, event: Event) -> Iterator[Measure]:
    """Yield how many needs of the roadmap a QBR named, without regard to case and outer blanks."""
    if not isinstance(event, QbrHeld):
        return
    named = {need.strip().casefold() for need in event.properties.unmet_needs}
    needs = [need for need in terms.playbook.roadmap if need.strip().casefold() in named]
    held_on = sharing.word(iso_day(day_of(event.occurred_at)))  # type: ignore[arg-type]  # the codec has settled it
    text = f"the business review of {held_on} named what is on the roadmap: {', '.join(needs)}"
    yield Measure(None, None, len(needs), 1, None, {"needs": needs, "held_on": held_on}, text)


ROW: RuleRow = one_off(
    "qbr_outcome",
    happening,
    "a business review that names a need on the roadmap",
    moved_by=frozenset({QbrHeld}),
    example="the business review of 2026-03-06 named what is on the roadmap: Custom roles (≥ 1)",
    tuning="""
    The list is `roadmap`; names match without regard to case and outer blanks, so keep the list in the words of your
    business reviews. A review that is told later than `stands_days` after it was held counts, but does not fire; a
    longer roadmap fires for no review of the past.
    """,
)
