"""Counts by day, purchases and windows of use give what going through all that happened would give."""

from hypothesis import given
from hypothesis import strategies as st

from services.signals.core import use_counts, use_purchases, use_windows
from services.signals.core.account import Account, new_account
from services.signals.core.recent import RecentIds
from services.signals.core.terms import Terms
from services.signals.core.use_state import KEPT_DAYS, Counts
from services.signals.core.use_sums import Metric
from services.signals.core.user import Users
from services.signals.core.windows import day_sum
from shared.kernel.clock import DAY_MS
from tests.oracle.writing import playbook

TODAY = 20_000
TERMS = Terms(playbook())
SHORT = Terms(
    playbook({"rules.usage_velocity.days": 3, "rules.usage_velocity.gap_days": 5, "rules.usage_decline.days": 2})
)
days = st.integers(TODAY - 70, TODAY)


def account_of(today: int) -> Account:
    """Return an account that has begun on some day."""
    head, gone = new_account("acme", today)
    return Account(head, gone, [Users()], RecentIds())


@given(st.lists(st.tuples(days, st.integers(1, 5))), days, st.integers(1, 90))
def test_counts_are_exact_in_any_order(added: list[tuple[int, int]], last_day: int, window: int) -> None:
    """However they come, a window of any length that ends on any day holds what lies in it."""
    counts = Counts()
    for day, number in added:
        use_counts.add(counts, day, number)
    assert use_counts.within(counts, last_day, window) == sum(
        n for day, n in added if last_day - window < day <= last_day
    )


@given(st.lists(days, min_size=1), st.integers(1, 40))
def test_no_more_days_are_kept_than_asked(added: list[int], kept: int) -> None:
    """What lies further back than the newest day is forgotten, or never taken in."""
    counts, newest = Counts(), -1
    for day in added:
        newest = max(newest, day)
        use_counts.add(counts, day, 1, kept)
    assert len(counts.by_day) <= kept
    assert counts.newest == newest
    assert use_counts.within(counts, newest, kept) <= len(added)
    assert use_counts.within(counts, newest, 1) == added.count(newest)


FEATURES = st.lists(st.sampled_from(["sso", "automation"]), unique=True)


@given(
    given_values=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3), FEATURES), min_size=1), forgets=st.booleans()
)
def test_purchased_since_the_day_after_the_last_value_without_it(
    *, given_values: list[tuple[int, int, list[str]]], forgets: bool
) -> None:
    """Whatever order the facts arrive in; forgetting what lies before the horizon changes no answer."""
    account = account_of(TODAY)
    registers: dict[tuple[int, str, str], list[str]] = {}
    for number, (back, hour, value) in enumerate(given_values):
        moment = ((TODAY - back) * DAY_MS + hour, "app", f"e{number}")
        register = account.head.facts.get("purchased_features")
        use_purchases.given(account, register, value or None, moment)
        registers[moment] = value
        if register is None or moment > register[1:]:
            account.head.facts["purchased_features"] = (value, *moment)
    expected: dict[str, int] = {}
    for moment, value in sorted(registers.items()):
        expected = {name: expected.get(name, moment[0] // DAY_MS) for name in value}
    if forgets:
        account.head.today = TODAY + KEPT_DAYS - 10
        use_purchases.forget(account)
        assert len(account.days.use.purchased) <= 11 + 1 + 2  # days, what was carried in, and since when two features
    assert {name: use_purchases.since(account, name) for name in expected} == expected


def test_what_lies_before_the_horizon_tells_no_more_than_since_when_something_is_purchased() -> None:
    """Four facts of long ago are three: one for each feature that they end with, and the last of them."""
    account = account_of(TODAY)
    values: tuple[list[str], ...] = (["automation"], [], ["sso"], ["sso", "automation"], ["automation", "sso"])
    for number, value in enumerate(values):
        moment = ((TODAY + number) * DAY_MS, "app", f"e{number}")
        use_purchases.given(account, account.head.facts.get("purchased_features"), value, moment)
        account.head.facts["purchased_features"] = (value, *moment)
    account.head.today = TODAY + KEPT_DAYS + 5
    use_purchases.forget(account)
    assert sorted(account.days.use.purchased) == [TODAY + 2, TODAY + 3, TODAY + 4]
    assert (use_purchases.since(account, "sso"), use_purchases.since(account, "automation")) == (TODAY + 2, TODAY + 3)
    use_purchases.forget(account)
    assert use_purchases.since(account, "automation") == TODAY + 3


def test_a_purchase_that_was_given_before_its_history_was_kept_has_its_day() -> None:
    """The fact in force of an older page begins the history, when the next value comes and before."""
    account = account_of(TODAY)
    register = (["sso"], (TODAY - 9) * DAY_MS, "app", "old")
    account.head.facts["purchased_features"] = register
    assert use_purchases.since(account, "sso") == TODAY - 9
    moment = (TODAY * DAY_MS, "app", "new")
    use_purchases.given(account, register, ["sso", "automation"], moment)
    account.head.facts["purchased_features"] = (["sso", "automation"], *moment)
    assert use_purchases.since(account, "sso") == TODAY - 9
    assert use_purchases.since(account, "automation") == TODAY


STEPS = st.lists(
    st.tuples(st.sampled_from([0, 1, 1, 2]), st.sampled_from([SHORT, SHORT, TERMS]), st.none() | st.integers(1, 20)),
    max_size=12,
)


@given(st.dictionaries(st.integers(TODAY - 20, TODAY + 12), st.integers(0, 9)), STEPS)
def test_windows_rolled_from_day_to_day_are_those_computed_anew(
    cells: dict[int, int], steps: list[tuple[int, Terms, int | None]]
) -> None:
    """On every day, or after days without a look; under other terms, and after a late quantity."""
    account, metric = account_of(TODAY), Metric(cells)
    for passed, terms, late in steps:
        today = account.head.today = account.head.today + passed
        if late is not None:
            cells[today - late] = cells.get(today - late, 0) + 1
            metric.windows = None
        rule, quarter = terms.playbook.rules.usage_velocity, terms.playbook.rules.usage_decline.days
        velocity = (today, today - rule.days, today - rule.gap_days)
        assert use_windows.velocity(account, metric, terms) == tuple(day_sum(cells, end, rule.days) for end in velocity)
        decline = (day_sum(cells, today, quarter), day_sum(cells, today - quarter, quarter))
        assert use_windows.decline(account, metric, terms) == decline
