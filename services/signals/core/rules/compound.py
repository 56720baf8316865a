"""Several different expansion rules stand at once, from more than one category: the account goes to the top.

Source: playbook section 6, definitions 18 and 19.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.derived import lately_fired
from services.signals.core.rules.movers import NOTHING
from services.signals.core.rules.row import STRUCTS, Level, Measure, Numbers, RuleRow, count_level, no_watch
from services.signals.core.terms import Terms
from shared.kernel.phrases import counted

NAME = "compound"
CATEGORIES = {name: rule.category for name, rule in STRUCTS.items() if rule.kind == "expansion" and name != NAME}


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a number of rules."""
    rule = terms.playbook.rules.compound
    return (count_level(rule, rule.rules),)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the number of rules, 0 while they are of too few categories; it can always be measured."""
    rule = terms.playbook.rules.compound
    rules = lately_fired(account, CATEGORIES, rule.days)
    enough = len({CATEGORIES[name] for name in rules}) >= rule.categories
    yield Measure(None, None, len(rules) if enough else 0, 1, rule.days)


def tell(account: Account, terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell which rules, of which categories, and that they do not count while these are too few."""
    rules = lately_fired(account, CATEGORIES, measure.window_days or 0)
    categories = sorted({CATEGORIES[name] for name in rules})
    named = f" ({', '.join(rules)})" if rules else ""
    triggers, of = counted(len(rules), "expansion trigger"), counted(len(categories), "category", "categories")
    text = f"{triggers} of {of} within {measure.window_days} days{named}"
    if rules and not measure.amount:
        text += f", none of which counts: they must be of {terms.playbook.rules.compound.categories} categories"
    return {"rules": list(rules), "categories": list(categories), "days": measure.window_days}, text


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    no_watch,
    "count",
    tell=tell,
    moved_by=NOTHING,
    derived=True,
    single=True,
    example="3 expansion triggers of 2 categories within 30 days (power_user, qbr_outcome, usage_ceiling) (≥ 3)",
    tuning="""
    `rules` different ones from `categories` within `days`, held ones included. Raise `rules` if most of the queue is
    compound. Fewer categories count as none at all.
    """,
)
