"""What may happen to a made-up company: the types of events and the facts, with values around their boundaries."""

from hypothesis import strategies as st

CORE = ["dashboards", "reports", "alerts", "imports"]
GATED = ["integrations", "automation", "sso", "roles", "forecasting"]
LEVELS = [0, 10, 65, 65.000001, 69.999999, 70, 75, 76, 80, 80.000001, 85, 86, 90, 90.000001, 95, 96, 150, 10**15]
QUANTITIES = [0, 1, 10, 35, "0.000001", 30, 40, 70, "25.5", 10**14]
NEEDS = [[], ["Custom roles"], [" custom ROLES ", "Offline mode", "custom roles"], ["a pony"], ["Data residency"]]
PROPERTIES: dict[str, st.SearchStrategy[dict[str, object]]] = {
    "session.started": st.just({}),
    "feature.used": st.fixed_dictionaries(
        {"feature": st.sampled_from([*CORE * 2, *GATED, "other"])},
        optional={"metric": st.just("api_calls"), "quantity": st.sampled_from(QUANTITIES)},
    ),
    "feature.blocked": st.fixed_dictionaries({"feature": st.sampled_from([*GATED, "reports"])}),
    "usage.recorded": st.fixed_dictionaries(
        {"metric": st.sampled_from(["api_calls", "api_calls", "storage_gb"]), "quantity": st.sampled_from(QUANTITIES)}
    ),
    "usage.reported": st.fixed_dictionaries(
        {"metric": st.sampled_from(["storage_gb", "storage_gb", "api_calls"]), "level": st.sampled_from(LEVELS)}
    ),
    "user.provisioned": st.fixed_dictionaries({}, optional={"department": st.sampled_from(["Sales", "Finance"])}),
    "user.deactivated": st.just({}),
    "user.erased": st.just({}),
    "ticket.opened": st.fixed_dictionaries(
        {"ticket_id": st.sampled_from(["t1", "t2"]), "severity": st.sampled_from(["low", "high", "urgent"])}
    ),
    "ticket.resolved": st.fixed_dictionaries({"ticket_id": st.sampled_from(["t1", "t2"])}),
    "survey.answered": st.one_of(
        st.fixed_dictionaries({"survey": st.just("nps"), "score": st.sampled_from([0, 6, 7, 7.5, 8, 9])}),
        st.fixed_dictionaries({"survey": st.just("csat"), "score": st.sampled_from([1, 3, 4, 5])}),
    ),
    "qbr.held": st.fixed_dictionaries({}, optional={"unmet_needs": st.sampled_from(NEEDS)}),
    "milestone.reached": st.fixed_dictionaries(
        {"milestone": st.sampled_from(["first_dashboard", "first_report", "governance_approved"])}
    ),
    "outcome.achieved": st.fixed_dictionaries({"outcome": st.just("saved"), "primary": st.booleans()}),
    "champion.changed": st.fixed_dictionaries({"change": st.sampled_from(["promoted", "moved", "moved_away", "left"])}),
    "stakeholder.added": st.fixed_dictionaries({"role": st.sampled_from(["executive", "user"])}),
    "engagement.recorded": st.fixed_dictionaries({"kind": st.sampled_from(["webinar", "reply"])}),
    "renewal.completed": st.just({}),
    "limit.reached": st.just({"metric": "api_calls"}),
    "subscription.set": st.just({"subscription_id": "s", "mrr": 10, "currency": "USD"}),
    "pricing.viewed": st.just({}),
}
FOCUS: dict[str, list[str]] = {
    "everything": sorted(PROPERTIES),
    "use": ["usage.recorded", "usage.reported", "usage.recorded", "feature.used", "limit.reached"],
    "seats": ["session.started", "user.provisioned", "session.started", "user.deactivated", "user.erased"],
    "features": ["feature.blocked", "feature.used", "feature.blocked"],
    "acts": [*["session.started", "feature.used", "usage.recorded"] * 3, "user.deactivated", "user.erased"],
    "reviews": ["qbr.held", "qbr.held", "survey.answered", "feature.used", "ticket.opened", "renewal.completed"],
    "gate": ["survey.answered", "qbr.held", "feature.used", "ticket.opened", "session.started", "renewal.completed"],
}
FACTS: dict[str, st.SearchStrategy[object]] = {
    "seats": st.sampled_from([None, 0, 1, 2, 3, 5]),
    "plan": st.sampled_from(["Starter", "Growth", "Scale", "Handmade", None]),
    "limits": st.one_of(
        st.none(),
        st.dictionaries(st.sampled_from(["api_calls", "storage_gb"]), st.sampled_from([100, 100, 50, 0, None, "0.5"])),
    ),
    "segment": st.sampled_from(["SMB", "smb", "Mid-Market", "Enterprise", "Galactic", None]),
    "mrr": st.sampled_from([100, 2083, "2083.333334", 9000, None]),
    "status": st.sampled_from(["active", "active", "suspended", "churned", None]),
    "onboarded_at": st.sampled_from(["2025-06-01", "2025-12-20", "2026-01-25", "2026-02-10", None]),
    "renews_on": st.sampled_from(["2026-01-28", "2026-02-20", "2026-03-01", "2026-03-22", "2026-05-31", None]),
    "employees": st.sampled_from([None, 0, 80, 95, 96, 100, 114, 115, 119, 120]),
    "billing_anchor": st.sampled_from([None, 1, 21, 28, 31]),
    "health_score": st.sampled_from([None, None, 49, 75, 84.99, 85, 120, -1]),
    "exec_sponsor": st.sampled_from([None, "Ada", True, False]),
    "champion": st.sampled_from([None, "Bob"]),
    "purchased_features": st.sampled_from([None, ["sso"], []]),
}
facts = st.dictionaries(st.sampled_from(sorted(FACTS)), st.none(), min_size=1, max_size=4).flatmap(
    lambda names: st.fixed_dictionaries({name: FACTS[name] for name in names})
)
setting = st.fixed_dictionaries(
    {
        "seats": st.sampled_from([1, 2, 3]),
        "plan": st.sampled_from(["Starter", "Growth"]),
        "limits": st.just({"api_calls": 100, "storage_gb": 100}),
        "onboarded_at": st.just("2025-10-01"),
        "segment": st.sampled_from(["SMB", "SMB", "Mid-Market", "Enterprise"]),
    },
    optional={"employees": st.sampled_from([80, 100]), "renews_on": st.sampled_from(["2026-03-01", "2026-03-23"])},
)
