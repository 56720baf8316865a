"""The account shows that it wants more: requests for capabilities, views of prices, webinars.

Source: playbook section 6, definitions 59 and 67.
"""

from collections.abc import Iterator

from services.signals.core import interest
from services.signals.core.account import Account
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, count_level, no_watch
from services.signals.core.terms import Terms
from services.signals.core.windows import day_sum
from shared.kernel.events.capability_requested import CapabilityRequested
from shared.kernel.events.engagement_recorded import EngagementRecorded
from shared.kernel.events.pricing_viewed import PricingViewed
from shared.kernel.phrases import counted

NAME = "buying_intent"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a count of signals, with the margin of a count."""
    rule = terms.playbook.rules.buying_intent
    return (count_level(rule, rule.signals),)


def _parts(account: Account, days: int) -> tuple[int, int, int]:
    people, today = account.days.people, account.head.today
    requests, webinars = day_sum(people.requests, today, days), day_sum(people.webinars, today, days)
    return requests, interest.viewers(account, days), webinars


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the number of signals of the window; it can always be measured."""
    days = terms.playbook.rules.buying_intent.days
    yield Measure(None, None, sum(_parts(account, days)), 1, days)


def tell(account: Account, terms: Terms, _measure: Measure) -> tuple[Numbers, str]:
    """Tell how many there were of each."""
    days = terms.playbook.rules.buying_intent.days
    requests, viewers, webinars = _parts(account, days)
    numbers: Numbers = {"requests": requests, "pricing_viewers": viewers, "webinars": webinars, "days": days}
    asked, looked = counted(requests, "request"), counted(viewers, "viewer")
    text = f"{asked}, {looked} of prices and {counted(webinars, 'webinar')} in {days} days"
    return numbers, text


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,
    "count",
    only_falls=True,
    tell=tell,
    moved_by=frozenset({CapabilityRequested, EngagementRecorded, PricingViewed}),
    single=True,
    example="1 request, 2 viewers of prices and 0 webinars in 30 days (≥ 2)",
    tuning="""
    `signals` counts requests, different people who viewed prices (all unknown ones are one) and webinars together.
    Raise it where prices are viewed by many who never buy; `engagement.recorded` counts only with the kind `webinar`.
    """,
)
