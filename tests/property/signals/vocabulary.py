"""What may happen to a made-up company: the types of events, with values around their boundaries.

Shape: what follows a slash narrows a type: `account.updated/seats` is a change of that fact alone.
"""

from hypothesis import strategies as st

from tests.property.signals.facts import FACTS, facts

CORE = ["dashboards", "reports", "alerts", "imports"]
GATED = ["integrations", "automation", "sso", "roles", "forecasting"]
LEVELS = [0, 10, 65, 65.000001, 69.999999, 70, 75, 76, 80, 80.000001, 85, 86, 90, 90.000001, 95, 96, 150, 10**15]
QUANTITIES = [0, 1, 10, 35, "0.000001", 30, 40, 70, "25.5", 10**14]
UNIT_COSTS = [10, 10, 99]
COSTS = [0, 1, 10, 11, 35, "38.5", 40, 50, 100, None]
DEPARTMENTS = ["Sales", "Sales", "Finance", "Marketing", "sales"]
NEEDS = [[], ["Custom roles"], [" custom ROLES ", "Offline mode", "custom roles"], ["a pony"], ["Data residency"]]
PROPERTIES: dict[str, st.SearchStrategy[dict[str, object]]] = {
    "session.started": st.just({}),
    "feature.used": st.fixed_dictionaries(
        {"feature": st.sampled_from([*CORE * 2, *GATED, "other"])},
        optional={"metric": st.just("api_calls"), "quantity": st.sampled_from(QUANTITIES)},
    ),
    "feature.blocked": st.fixed_dictionaries({"feature": st.sampled_from([*GATED, "reports"])}),
    "usage.recorded": st.fixed_dictionaries(
        {"metric": st.sampled_from(["api_calls", "api_calls", "storage_gb"]), "quantity": st.sampled_from(QUANTITIES)},
        optional={"cost": st.sampled_from(COSTS)},
    ),
    "usage.reported": st.fixed_dictionaries(
        {"metric": st.sampled_from(["storage_gb", "storage_gb", "api_calls"]), "level": st.sampled_from(LEVELS)}
    ),
    "user.provisioned": st.fixed_dictionaries({}, optional={"department": st.sampled_from(DEPARTMENTS)}),
    "user.deactivated": st.just({}),
    "user.erased": st.just({}),
    "ticket.opened": st.fixed_dictionaries(
        {"ticket_id": st.sampled_from(["t1", "t2"]), "severity": st.sampled_from(["low", "high", "urgent"])}
    ),
    "ticket.resolved": st.fixed_dictionaries({"ticket_id": st.sampled_from(["t1", "t2"])}),
    "survey.answered": st.one_of(
        st.fixed_dictionaries({"survey": st.just("nps"), "score": st.sampled_from([0, 6, 6.5, 7, 7.5, 9, 10])}),
        st.fixed_dictionaries({"survey": st.just("csat"), "score": st.sampled_from([1, 3, 4, 5])}),
    ),
    "qbr.held": st.fixed_dictionaries({}, optional={"unmet_needs": st.sampled_from(NEEDS)}),
    "milestone.reached": st.fixed_dictionaries(
        {"milestone": st.sampled_from(["first_dashboard", "first_report", "governance_approved"])}
    ),
    "outcome.achieved": st.fixed_dictionaries({"outcome": st.just("saved"), "primary": st.booleans()}),
    "champion.changed": st.fixed_dictionaries({"change": st.sampled_from(["promoted", "moved", "moved_away", "left"])}),
    "stakeholder.added": st.fixed_dictionaries({"role": st.sampled_from(["executive", "user"])}),
    "engagement.recorded": st.fixed_dictionaries({"kind": st.sampled_from(["webinar", "webinar", "reply"])}),
    "renewal.completed": st.just({}),
    "limit.reached": st.fixed_dictionaries({"metric": st.sampled_from(["api_calls", "api_calls", "exports"])}),
    "subscription.set": st.just({"subscription_id": "s", "mrr": 10, "currency": "USD"}),
    "pricing.viewed": st.just({}),
    "capability.requested": st.fixed_dictionaries(
        {},
        optional={
            "product": st.sampled_from(["Insights", " insights", "Connect", "Other"]),
            "feature": st.sampled_from(["forecasting", "sso", "reports"]),
            "by_executive": st.booleans(),
        },
    ),
    "competitor.mentioned": st.just({}),
    "company.news": st.fixed_dictionaries({"news": st.sampled_from(["funding", "initiative", "leadership"])}),
    "effort.logged": st.just({"hours": 1, "mentions_competitor": True}),
    "account.updated": facts,
    "usage.recorded/cost": st.fixed_dictionaries(
        {
            "metric": st.just("api_calls"),
            "quantity": st.sampled_from([10, 10, 14, 30]),
            "cost": st.sampled_from(UNIT_COSTS),
        }
    ),
    "survey.answered/nps": st.fixed_dictionaries(
        {"survey": st.just("nps"), "score": st.sampled_from([0, 6, 6.5, 7, 9, 10])}
    ),
    "survey.answered/drop": st.fixed_dictionaries({"survey": st.just("nps"), "score": st.sampled_from([9, 7, 6, 6])}),
    "ticket.opened/high": st.just({"ticket_id": "t", "severity": "high"}),
    "feature.used/imports": st.fixed_dictionaries({"feature": st.sampled_from(["imports", "imports", "reports"])}),
    "feature.blocked/sso": st.fixed_dictionaries({"feature": st.sampled_from(["sso", "sso", "roles", "automation"])}),
    "qbr.held/needs": st.fixed_dictionaries({"unmet_needs": st.sampled_from(NEEDS[1:])}),
}
PROPERTIES |= {f"account.updated/{name}": st.fixed_dictionaries({name: value}) for name, value in FACTS.items()}
USE = ["usage.recorded", "usage.recorded", "usage.reported", "feature.used", "limit.reached"]
PERSONS = ["session.started", "user.provisioned", "session.started", "user.deactivated", "user.erased"]
FOCUS: dict[str, list[str]] = {
    "everything": sorted(kind for kind in PROPERTIES if "/" not in kind),
    "use": USE,
    "quantities": ["usage.recorded/cost"],
    "costs": ["usage.recorded/cost"],
    "unit costs": ["usage.recorded/cost"],
    "refusals": ["limit.reached"],
    "tickets": ["ticket.opened/high", "ticket.opened/high", "ticket.resolved", "competitor.mentioned"],
    "tries": ["feature.blocked/sso", "feature.blocked/sso", "feature.used"],
    "growth": ["account.updated/employees"],
    "advocates": ["survey.answered/nps", "renewal.completed"],
    "answers": [*["survey.answered/drop"] * 4, "survey.answered/nps", "user.erased", "user.deactivated"],
    "sleepers": [*["user.provisioned"] * 4, "user.deactivated", "user.erased", "session.started"],
    "needs": ["qbr.held/needs", "renewal.completed"],
    "limits": ["limit.reached", "usage.reported", "usage.recorded", "account.updated/limits", "account.updated/plan"],
    "seats": PERSONS,
    "logins": ["session.started", "session.started", "session.started", "user.provisioned", "account.updated/seats"],
    "departments": [*["user.provisioned", "session.started"] * 4, "user.deactivated", "user.erased"],
    "features": ["feature.blocked", "feature.used", "feature.blocked/sso", "feature.blocked/sso"],
    "addons": ["ticket.opened/high", "feature.used/imports", "usage.recorded", "account.updated/products"],
    "purchases": ["account.updated/purchased_features", "feature.used", "feature.blocked", "session.started"],
    "acts": [*["session.started", "feature.used", "usage.recorded"] * 3, "user.deactivated", "user.erased"],
    "reviews": ["qbr.held", "qbr.held", "survey.answered", "feature.used", "ticket.opened", "renewal.completed"],
    "gate": ["survey.answered", "qbr.held", "feature.used", "ticket.opened", "session.started", "renewal.completed"],
    "risks": ["survey.answered/nps", "competitor.mentioned", "champion.changed", "ticket.opened/high"],
    "renewals": ["account.updated/renews_on", "renewal.completed", "champion.changed", "account.updated/health_score"],
    "health": ["account.updated/health_score", "account.updated/health_score", "ticket.opened", "milestone.reached"],
    "buying": ["capability.requested", "pricing.viewed", "engagement.recorded", "stakeholder.added", "user.erased"],
    "whitespace": ["capability.requested", "account.updated/products", "account.updated/budget_month", *PERSONS[:1]],
    "people": [*["account.updated/exec_sponsor", "account.updated/champion", "user.erased"] * 2, "session.started"],
    "happenings": ["outcome.achieved", "champion.changed", "company.news", "stakeholder.added", "renewal.completed"],
}
