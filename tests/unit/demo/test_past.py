"""The demo's past: small, in order, the same every time."""

from collections import Counter

import pytest

from shared.kernel.clock import DAY_MS
from tests.support.intake import NOW
from tests.support.playbooks import shipped
from upswing.demo.cast import CAST
from upswing.demo.past import BEFORE_DAYS, DAYS, past
from upswing.history.calls import Call

PLAYBOOK = shipped("demo")


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    """The past itself."""
    return past(PLAYBOOK, NOW)


def test_the_past_is_the_same_for_the_same_seed_and_moment(calls: list[Call]) -> None:
    """And another one for another seed."""
    assert past(PLAYBOOK, NOW) == calls
    assert past(PLAYBOOK, NOW, seed=1) != calls


def test_the_past_is_a_small_company_of_three_segments_over_ninety_days(calls: list[Call]) -> None:
    """About twenty accounts, at most 40,000 events, in order, each with its own id, none later than now."""
    assert len({call.account_id for call in calls}) == len(CAST) == 20
    assert Counter(customer.segment for customer in CAST).keys() == {"SMB", "Mid-Market", "Enterprise"}
    assert 20_000 < len(calls) <= 40_000
    assert len({call.message_id for call in calls}) == len(calls)
    assert [call.at_ms for call in calls] == sorted(call.at_ms for call in calls)
    assert calls[-1].at_ms < NOW
    assert DAYS + BEFORE_DAYS - 2 <= (NOW - calls[0].at_ms) // DAY_MS <= DAYS + BEFORE_DAYS
    worked = next(call.at_ms for call in calls if call.method == "page")
    assert DAYS - 2 <= (NOW - worked) // DAY_MS <= DAYS


def test_people_come_with_their_account_before_the_ninety_days(calls: list[Call]) -> None:
    """Nobody is a newcomer when history begins: no department of the past looks as if it had just begun."""
    first = {call.account_id: call.at_ms for call in reversed(calls) if call.method == "group"}
    came = [call for call in calls if call.method == "identify"]
    assert len(came) == sum(customer.users for customer in CAST)
    assert all(call.at_ms - first[call.account_id] < DAY_MS for call in came)


def test_people_work_on_workdays(calls: list[Call]) -> None:
    """Weekends are quiet: a day of the weekend has less than a third of a workday's logins."""
    days = Counter(call.at_ms // DAY_MS for call in calls if call.method == "page")
    weekend = [count for day, count in days.items() if (day + 3) % 7 >= 5]
    workdays = [count for day, count in days.items() if (day + 3) % 7 < 5]
    assert 3 * sum(weekend) / len(weekend) < sum(workdays) / len(workdays)
