"""The generated companies are worth something: in some of them every rule fires, is held, is released and ends."""

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.oracle.adapters import EngineSubject
from tests.oracle.rules import RULES
from tests.property.signals.companies import PARTITION, PARTITIONS, Company, companies
from tests.property.signals.vocabulary import FOCUS

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
COMPANIES = 3000 if THOROUGH else 300
RELEASED_BY = len(RULES) if THOROUGH else len(RULES) * 2 // 3
RECORDS = ("fired", "held", "released", "resolved")
Reached = Counter[tuple[str, str]]


def reach(focus: str, number: int, reached: Reached) -> None:
    """Count in how many of some companies, the same in every run, each rule says each sort of record."""

    @settings(
        max_examples=number,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(companies(focus))
    def count(company: Company) -> None:
        engine = EngineSubject(company.playbooks(), PARTITION, PARTITIONS)
        reached.update({(told.rule, told.record) for record in company.packed() for told in engine.fold(record)})

    count()


def table(reached: Reached) -> str:
    """Return in how many companies each rule did what."""
    head = f"{'':22}" + "".join(f"{record:>10}" for record in RECORDS)
    rows = [f"{rule:22}" + "".join(f"{reached[rule, record]:10}" for record in RECORDS) for rule in RULES]
    return "\n".join([head, *rows])


def test_the_companies_make_every_rule_fire_be_held_be_released_and_end(capsys: pytest.CaptureFixture[str]) -> None:
    """Of three hundred companies, as many of each focus; the table is printed.

    A release needs a hold that ends while what it holds still stands: of three hundred companies few come to that, so
    only a thorough run, of ten times as many, asks it of every rule.
    """
    reached: Reached = Counter()
    for focus in FOCUS:
        reach(focus, COMPANIES // len(FOCUS), reached)
    shown = f"of {COMPANIES // len(FOCUS) * len(FOCUS)} companies\n{table(reached)}"
    with capsys.disabled():
        print(f"\n{shown}")  # noqa: T201 - the table is what the test is for
    missing = [(rule, record) for rule in RULES for record in RECORDS if not reached[rule, record]]
    assert [one for one in missing if one[1] != "released"] == [], shown
    assert sum(bool(reached[rule, "released"]) for rule in RULES) >= RELEASED_BY, shown
    assert sum(reached[rule, "held"] for rule in RULES) >= COMPANIES, shown
