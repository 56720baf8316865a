"""The facts of a made-up company, with values around their boundaries."""

from hypothesis import strategies as st

PURCHASES = [None, ["sso"], [], ["sso", "roles"], ["roles"], ["Priority Support", "sso"]]
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
    "onboarded_at": st.sampled_from(["2025-06-01", "2025-12-20", "2026-01-10", "2026-01-25", "2026-02-10", None]),
    "renews_on": st.sampled_from(["2026-01-28", "2026-02-20", "2026-03-01", "2026-03-22", "2026-05-31", None]),
    "employees": st.sampled_from([None, 0, 80, 95, 96, 100, 114, 115, 119, 120]),
    "billing_anchor": st.sampled_from([None, 1, 21, 28, 31]),
    "health_score": st.sampled_from([None, 49, 49.999, 55, 65, 75, 79.99, 80, 84.99, 85, 120, -1]),
    "exec_sponsor": st.sampled_from([None, "Ada", True, False, "u1"]),
    "champion": st.sampled_from([None, "Bob", "u1"]),
    "purchased_features": st.sampled_from(PURCHASES),
    "products": st.sampled_from([None, [], ["Core"], [" CORE "], ["Insights"], ["Core", "Priority Support"]]),
    "industry": st.sampled_from([None, "SaaS", " saas ", "Retail", "Farming"]),
    "budget_month": st.sampled_from([None, 1, 2, 3, 5, 11, 12]),
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
    optional={
        "employees": st.sampled_from([80, 100]),
        "renews_on": st.sampled_from(["2026-03-01", "2026-03-23"]),
        "health_score": st.sampled_from([60, 80, 95]),
        "purchased_features": st.sampled_from([["sso"], ["roles", "sso"]]),
        "products": st.sampled_from([["Core"], ["Core", "Insights"]]),
        "industry": st.sampled_from(["SaaS", "Retail"]),
        "champion": st.just("Bob"),
        "budget_month": st.sampled_from([2, 7]),
    },
)
