"""The criteria of the gate but health: what they come to, and which of them stands in the way just now.

Source: playbook section 5, definitions 14, 17, 25, 28, 30 and 31.
"""

from collections.abc import Callable

from services.signals.core import health
from services.signals.core.account import Account
from services.signals.core.feature_days import days_used
from services.signals.core.rules.movers import COMPONENT, CRITERION, SORTED
from services.signals.core.terms import Terms, onboarded_days
from shared.kernel.events.envelope import Event
from shared.kernel.playbook.bounds import Trend
from shared.kernel.playbook.gate import GateCriteria, UnknownCriterion

Check = Callable[[Account, Terms, GateCriteria], bool]


def ticket_trend(account: Account, terms: Terms) -> Trend:
    """Return the trend of tickets: declining is tested first (definition 17)."""
    measures = terms.playbook.measures
    now, before = health.tickets(account, measures.ticket_window_days)
    if now < before or now == before == 0:
        return "declining"
    return "stable" if now * 100 <= before * (100 + measures.ticket_stable_percent) else "growing"


def adopted(account: Account, terms: Terms) -> list[str]:
    """Return the core features that the account has adopted, in the playbook's order."""
    features, today, days, least = (
        account.head.features,
        account.head.today,
        terms.adopted_window_days,
        terms.adopted_days,
    )
    return [
        name
        for name in terms.playbook.core_features
        if name in features and days_used(features[name], today, days) >= least
    ]


def departments(account: Account, terms: Terms) -> set[str]:
    """Return the departments in which somebody uses an adopted core feature (definition 25)."""
    today, days, using = account.head.today, terms.adopted_window_days, set[str]()
    for feature in adopted(account, terms):
        for department, seen in account.core_departments.get(feature, {}).items():
            if department not in using and seen.any_within(today, days):
                using.add(department)
    return using


def moved_by(account: Account, kind: type[Event]) -> None:
    """Note that an event of a type, no mere activity, has changed what the gate asks for, or what health is made of."""
    if kind not in SORTED:
        account.gate_cache = None
        account.parts.clear()
        return
    if kind in COMPONENT:
        account.parts.pop(COMPONENT[kind], None)
    if kind in CRITERION:
        account.moved(CRITERION[kind])


def in_the_way(account: Account, terms: Terms) -> str | None:
    """Return a criterion but health that does not pass, None if all do: first those that few events move."""
    asked = terms.gate(account)
    return next((name for name, stops in CHECKS if stops(account, terms, asked)), None)


def _stops(asked: GateCriteria, name: UnknownCriterion, met: bool | None) -> bool:
    """Tell whether a criterion is in the way; None is not known."""
    return asked.unknown.get(name) != "leave_out" if met is None else not met


def _onboarding(account: Account, _terms: Terms, asked: GateCriteria) -> bool:
    since = onboarded_days(account)
    return _stops(asked, "days_since_onboarding", None if since is None else since > asked.days_since_onboarding)


def _sponsor(account: Account, _terms: Terms, asked: GateCriteria) -> bool:
    return asked.exec_sponsor and not account.fact("exec_sponsor")


def _review(account: Account, _terms: Terms, asked: GateCriteria) -> bool:
    head = account.head
    return asked.qbr_days is not None and not health.within(head.qbr_ms, head.today, asked.qbr_days)


def _sentiment(account: Account, terms: Terms, asked: GateCriteria) -> bool:
    score = health.sentiment(account, terms)
    return _stops(asked, "sentiment", None if score is None else score >= asked.sentiment)


def _trend(account: Account, terms: Terms, asked: GateCriteria) -> bool:
    return ticket_trend(account, terms) not in asked.ticket_trend


def _features(account: Account, terms: Terms, asked: GateCriteria) -> bool:
    return len(adopted(account, terms)) < asked.core_features


def _share(account: Account, _terms: Terms, asked: GateCriteria) -> bool:
    seats = account.fact("seats")
    met = account.active_month * 100 > asked.active_share_percent * seats if seats else None
    return _stops(asked, "active_share_percent", met)


def _departments(account: Account, terms: Terms, asked: GateCriteria) -> bool:
    wanted = asked.core_departments
    return wanted is not None and len(departments(account, terms)) < wanted


CHECKS: tuple[tuple[str, Check], ...] = (
    ("days_since_onboarding", _onboarding),
    ("exec_sponsor", _sponsor),
    ("qbr_days", _review),
    ("sentiment", _sentiment),
    ("ticket_trend", _trend),
    ("core_features", _features),
    ("active_share_percent", _share),
    ("core_departments", _departments),
)
