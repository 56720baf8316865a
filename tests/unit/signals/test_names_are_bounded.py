"""Names that carry an id: an account takes so many of each sort, and always those that somebody has declared."""

from typing import Any

from services.signals.core.account import Account
from services.signals.core.names import MOST_FEATURES, MOST_METRICS, MOST_OTHERS, MOST_PURCHASED
from services.signals.core.use_days import UseDays
from services.signals.core.use_state import LimitDays
from services.signals.core.use_sums import Metric
from shared.kernel.clock import day_of
from tests.oracle.adapters import EngineSubject
from tests.oracle.writing import WIDE_OPEN, event, instant, playbook

OPEN = playbook(WIDE_OPEN)
DAY = "2026-03-02 10:00"
TODAY = day_of(instant(DAY))


def begin() -> tuple[EngineSubject, Account]:
    """Return an account with a limit and a purchase."""
    engine = EngineSubject([OPEN])
    properties: dict[str, object] = {"limits": {"exports": 10}, "purchased_features": ["own_feature"]}
    engine.fold(event("account.updated", "acme", DAY, "f", properties=properties))
    return engine, engine.engine.state.accounts["acme"]


def tell(engine: EngineSubject, type_: str, *given: Any) -> None:
    """Fold events of one type in one record."""
    lines = (event(type_, "acme", DAY, f"{type_}{n}", user="ann", properties=one) for n, one in enumerate(given))
    engine.fold(b"\n".join(lines))


def test_of_features_so_many_are_kept_and_what_is_declared_always() -> None:
    """Under the other names people are active all the same."""
    engine, account = begin()
    account.head.features |= {f"report_{number}": UseDays(TODAY, 1, TODAY) for number in range(MOST_FEATURES - 2)}
    names = "new_a", "integrations", "new_b", "own_feature", "new_c"
    tell(engine, "feature.used", *({"feature": name} for name in names))
    tell(engine, "feature.blocked", {"feature": "new_d"}, {"feature": "sso"})
    kept = {"new_a", "integrations", "own_feature", "sso"}
    assert {name for name in account.head.features if not name.startswith("report_")} == kept
    assert account.head.use.times == dict.fromkeys(kept, 1)
    assert account.head.standing.acts_today == len(names)


def test_of_metrics_so_many_are_kept_and_those_with_a_limit_always() -> None:
    """Recorded, fed by features, reported and refused ones each have their bound."""
    engine, account = begin()
    head = account.head
    account.metrics.clear()
    account.metrics |= {f"rows_{number}": Metric({}) for number in range(MOST_METRICS)}
    head.gauges |= {f"disk_{number}": (1, 0, "", "") for number in range(MOST_OTHERS)}
    head.use.limits |= {f"calls_{number}": LimitDays([TODAY], armed=False) for number in range(MOST_OTHERS)}
    tell(
        engine,
        "usage.recorded",
        {"metric": "more", "quantity": 1, "cost": 2},
        {"metric": "exports", "quantity": 1, "cost": 2},
    )
    tell(engine, "feature.used", {"feature": "sso", "metric": "more"}, {"feature": "sso", "metric": "exports"})
    tell(engine, "limit.reached", {"metric": "more"}, {"metric": "exports"})
    tell(engine, "usage.reported", {"metric": "more", "level": 1}, {"metric": "exports", "level": 1})
    for known in (account.metrics, head.gauges, head.use.limits):
        assert ("more" in known, "exports" in known) == (False, True)
    assert (set(head.use.costs), set(head.use.by_features)) == ({"exports"}, {"exports"})


def test_of_requests_and_milestones_likewise() -> None:
    """Products, features and milestones of the playbook are always taken."""
    engine, account = begin()
    product, milestone = min(OPEN.products), OPEN.milestones["smb"][0].name
    account.head.milestones = tuple(f"step_{number}" for number in range(MOST_OTHERS))
    account.days.standing.requests |= {f"thing_{number}": {"": {TODAY: 1}} for number in range(MOST_OTHERS)}
    tell(engine, "milestone.reached", {"milestone": "more"}, {"milestone": milestone})
    tell(
        engine,
        "capability.requested",
        {"product": "thing_1"},
        {"product": product},
        {"feature": "sso"},
        {"product": "more"},
        {"feature": "more"},
    )
    assert account.head.milestones[MOST_OTHERS:] == (milestone,)
    requests = account.days.standing.requests
    assert requests["thing_1"] == {"": {TODAY: 2}}
    assert set(list(requests)[MOST_OTHERS:]) == {product.casefold(), ""}
    assert requests[""] == {"sso": {TODAY: 1}}


def update(engine: EngineSubject, *given: dict[str, object]) -> None:
    """Fold facts, each a second after the one before."""
    for properties in given:
        number = len(engine.log)
        engine.fold(
            event("account.updated", "acme", instant(DAY) + 1_000 * number, f"u{number}", properties=properties)
        )


def test_of_a_value_of_purchased_features_the_first_names_count() -> None:
    """Each once; so much is kept a day, too."""
    engine, account = begin()
    given = [f"add_{number // 2}" for number in range(2 * MOST_PURCHASED)]
    update(engine, {"purchased_features": [*given, "sso"]})
    assert account.fact("purchased_features") == given[::2]
    update(engine, {"purchased_features": ["sso", *given]})
    kept = ["sso", *(f"add_{number}" for number in range(MOST_PURCHASED - 1))]
    assert account.fact("purchased_features") == kept
    (day,) = account.days.use.purchased.values()
    assert (day.last, day.throughout) == (kept, [])


def test_of_days_of_renewal_those_ahead_are_kept() -> None:
    """No other day begins ever again."""
    engine, account = begin()
    update(engine, *({"renews_on": f"2025-{month:02}-01"} for month in range(1, 13)))
    update(engine, {"renews_on": "2026-03-05"}, {"renews_on": "2026-03-09"})
    assert [day - TODAY for day in account.head.renewal_days] == [3, 7]
