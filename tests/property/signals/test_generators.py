"""The generated companies are worth something: every rule fires, is held, and ends in some of them."""

from collections import Counter

from hypothesis import HealthCheck, Phase, given, settings

from services.signals.core.rules import RULES
from tests.oracle.adapters import EngineSubject
from tests.property.signals.companies import PARTITION, PARTITIONS, Company, companies

COMPANIES = 200


def test_the_companies_make_every_rule_fire_be_held_and_end() -> None:
    """Of two hundred companies, the same in every run, at least two make each rule fire, and two end it."""
    reached: Counter[tuple[str, str]] = Counter()

    @settings(
        max_examples=COMPANIES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(companies())
    def count(company: Company) -> None:
        engine = EngineSubject(company.playbooks(), PARTITION, PARTITIONS)
        reached.update({(told.rule, told.record) for line in company.records() for told in engine.fold(line)})

    count()
    began = {row.name: reached[row.name, "fired"] + reached[row.name, "held"] for row in RULES}
    ended = {name: reached[name, "resolved"] for name in began}
    assert min(began.values()) >= 2, began
    assert min(ended.values()) >= 2, ended
    assert sum(reached[name, "held"] for name in began) >= COMPANIES // 4
    assert sum(reached[name, "released"] for name in began) >= 2
