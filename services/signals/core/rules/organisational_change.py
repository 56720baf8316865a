"""The company is in the news: funding, new leadership, an initiative.

Source: playbook section 6, definition 16.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.rules.one_off import day_told, happened, one_off
from services.signals.core.rules.row import Measure, RuleRow
from services.signals.core.terms import Terms
from shared.kernel.events.company_news import CompanyNews
from shared.kernel.events.envelope import Event

NAME = "organisational_change"


def happening(_account: Account, terms: Terms, event: Event) -> Iterator[Measure]:
    """Yield 1 for news of a kind that the playbook lists."""
    if isinstance(event, CompanyNews) and event.properties.news in terms.playbook.rules.organisational_change.news:
        news = event.properties.news
        yield happened(event, {"news": news}, f"news about the company on {day_told(event)}: {news}")


ROW: RuleRow = one_off(
    NAME,
    happening,
    "news about the company",
    moved_by=frozenset({CompanyNews}),
    example="news about the company on 2026-03-06: funding (≥ 1)",
    tuning="`news` lists the kinds that matter to you: `funding`, `initiative`, `leadership`.",
)
