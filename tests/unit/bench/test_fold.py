"""The fold that is measured in process gives the answer of the comparison, whatever form its records have."""

import pytest

from tests.bench.fold import JOBS, PARTS
from tests.bench.in_process import JOBS as RECIPES
from tests.bench.in_process import measure
from tests.bench.job import expected, make_job

EVENTS, ACCOUNTS = 12_000, 12


@pytest.mark.parametrize("job", ["three_rules", "three_rules_single"])
def test_three_rules_fire_as_expected(job: str) -> None:
    """Each event is counted once, and each part takes its time."""
    costs = measure(job, EVENTS, ACCOUNTS)
    assert costs.triggers >= len(expected(make_job(EVENTS, ACCOUNTS)))
    assert EVENTS <= costs.events <= EVENTS + ACCOUNTS
    assert all(getattr(costs, part) > 0 for part in PARTS)


def test_every_rule_is_measured_too() -> None:
    """With the facts and people of accounts, which are lines of their own."""
    costs = measure("every_rule", 3_000, 3)
    assert costs.events > 3_000
    assert costs.triggers > 0


def test_all_jobs_are_run() -> None:
    """What the part names is what can be measured."""
    assert set(JOBS) == set(RECIPES)
