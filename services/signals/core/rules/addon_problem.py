"""An add-on's problem shows: as many events of the kind that it would help with as the playbook names.

Source: playbook sections 3 and 6, definition 68.
"""

from collections.abc import Iterator

from services.signals.core import use_problems
from services.signals.core.account import Account
from services.signals.core.feature_days import days_used
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, count_level
from services.signals.core.terms import Terms, onboarded_days
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.playbook.offers import Addon

NAME = "addon_problem"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the level of an add-on that the playbook has no more; those it has are in `scope_levels`."""
    return (_level(terms, 1, None),)


def scope_levels(terms: Terms, scope: str | None) -> tuple[Level, ...]:
    """Return the one level of an add-on: the count of its problem; its conversation has an owner of its own."""
    addon = terms.playbook.addons.get(scope or "")
    return levels(terms) if addon is None else (_level(terms, addon.problem.count, addon.conversation_owner),)


def _level(terms: Terms, count: int, owner_role: str | None) -> Level:
    plain = count_level(terms.playbook.rules.addon_problem, count)
    return Level(plain.name, plain.threshold, plain.comparison, plain.margin, owner_role)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield how often the problem of each add-on was met that could be offered now."""
    for name, addon, key in _offered(account, terms):
        if _is_time(account, addon) and _adopted(account, terms, addon):
            days = addon.problem.days
            yield Measure(name, "addon", use_problems.times(account, key, days), 1, days)


def _offered(account: Account, terms: Terms) -> list[tuple[str, Addon, str]]:
    """Return the add-ons that the account does not own, each with its problem: once for its facts and these terms."""
    found: list[tuple[str, Addon, str]] | None = account.at_hand.get(NAME)
    if found is None:
        owned = {*(account.fact("products") or ()), *(account.fact("purchased_features") or ())}
        found = account.at_hand[NAME] = [
            (name, addon, use_problems.key_of(addon.problem))
            for name, addon in sorted(terms.playbook.addons.items())
            if name not in owned
        ]
    return found


def _is_time(account: Account, addon: Addon) -> bool:
    since = onboarded_days(account)
    return addon.earliest_day == 0 if since is None else since >= addon.earliest_day


def _adopted(account: Account, terms: Terms, addon: Addon) -> bool:
    features, today = account.head.features, account.head.today
    return all(
        name in features and days_used(features[name], today, terms.adopted_window_days) >= terms.adopted_days
        for name in addon.prerequisites
    )


def tell(_account: Account, terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell what happened how often, and the sentence that leads from there to the add-on."""
    addon = terms.playbook.addons[measure.scope or ""]
    problem, number = addon.problem, measure.amount
    items = ", ".join(f"{name} {value}" for name, value in sorted(problem.where.items()))
    where = f" ({items})" if items else ""
    text = f"{number:,} times {problem.type}{where} in {problem.days} days, which {measure.scope} helps with"
    numbers: Numbers = {
        "addon": measure.scope,
        "event_type": problem.type,
        "events": number,
        "days": problem.days,
        "bridge": addon.bridge,
    }
    return numbers, text


def watch(_account: Account, _terms: Terms) -> None:
    """Note nothing: what completes a number, or the adoption of what is needed, makes the rules be looked at."""


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    watch,
    "count",
    scope_levels,
    tell=tell,
    moved_by=frozenset({FeatureUsed}),  # which may adopt what an add-on builds on
    moved_under=lambda terms: terms.problems.types,
    unmeasured="no add-on, or each is owned, too early, or lacks what it builds on",
    example="5 times ticket.opened (severity high) in 30 days, which Priority Support helps with (≥ 5)",
    tuning="""
    The numbers stand with the add-on: `addons.<name>.problem` (`type`, `where`, `count`, `days`), `earliest_day` since
    onboarding and `prerequisites`, each adopted as core features are. `where` compares properties of our event types;
    one that the type has not is never met. A problem that is new in the playbook counts from then on. Who has the
    add-on in `products` or `purchased_features`, by its very name, is not offered it.
    """,
)
