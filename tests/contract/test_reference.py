"""The generated parts of the documentation are current, and say something of everything."""

import re
from pathlib import Path

import pytest
import yaml

from services.signals.core.rules import OPS_RULES, RULES
from shared.kernel.events import EVENT_TYPES
from shared.kernel.topics import TOPICS
from upswing.reference.meanings import MEANINGS
from upswing.reference.metrics import declared
from upswing.reference.pages import PARTS, current_files
from upswing.reference.settings import CLASSES, meaning_of

DOCS = Path("docs")


def test_what_is_generated_is_what_the_code_generates() -> None:
    """`upswing reference` brings it up to date."""
    stale = [str(path) for path, text in current_files(DOCS) if not path.exists() or path.read_text() != text]
    assert stale == []


def test_each_generated_part_is_on_a_page() -> None:
    """A part that no page holds would be written for nobody."""
    pages = "".join(page.read_text() for page in DOCS.glob("*.md"))
    assert [name for name in PARTS if f"<!-- generated: {name} -->" not in pages] == []


def test_each_rule_brings_its_page() -> None:
    """A new rule's row says what its evidence says, with the threshold in brackets, and how it is tuned."""
    page = (DOCS / "triggers.md").read_text()
    names = [row.name for row in (*RULES, *OPS_RULES)]
    assert [name for name in names if f"| `{name}` |" not in page or f"### `{name}`" not in page] == []
    assert [row.name for row in RULES if not re.search(r" \((>|≥|<|≤) [\d.,]+( %)?\)$", row.example)] == []
    assert [row.name for row in (*RULES, *OPS_RULES) if not row.tuning.strip().endswith(".")] == []
    assert all(row.example for row in OPS_RULES)


def test_the_page_of_the_rules_is_in_words() -> None:
    """Each rule feeds on something, and no number is written as Python writes it."""
    page = (DOCS / "triggers.md").read_text()
    assert len(re.findall(r"^- \*\*Feeds on\*\*: \w", page, re.MULTILINE)) == len(RULES) + len(OPS_RULES)
    assert re.findall(r"[({\[]'|\{\}|\(\)|None", page) == []


@pytest.mark.parametrize("service", CLASSES)
def test_each_setting_has_a_meaning_and_each_meaning_a_setting(service: str) -> None:
    """A new setting is not documented by its name alone, and a dropped one not any more."""
    names = CLASSES[service].model_fields
    assert [name for name in names if not meaning_of(service, name)] == []
    assert [name for name in MEANINGS[service] if name not in names] == []


def test_the_tables_name_every_event_type_topic_and_metric() -> None:
    """Whatever way the tables are made."""
    events, topics, metrics = PARTS["event types"](), PARTS["topics"](), PARTS["metrics"]()
    assert [row.name for row in EVENT_TYPES if f"| `{row.name}` |" not in events] == []
    assert [row.name for row in TOPICS if f"| `{row.name}` |" not in topics] == []
    names = {next(iter(metric.describe())).name for found in declared().values() for metric in found}
    assert [name for name in names if not re.search(rf"`{name}(_total)?`", metrics)] == []
    assert len(names) == len(re.findall(r"^\| `upswing_", metrics, re.MULTILINE))


def test_the_alerts_are_on_metrics_and_labels_that_exist() -> None:
    """A rule on a metric that is gone would be silent for ever."""
    text = (DOCS / "metrics.md").read_text()
    rules = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])["groups"][0]["rules"]
    tables = PARTS["metrics"]()
    for rule in rules:
        for name in re.findall(r"upswing_\w+", rule["expr"]):
            assert f"`{name.removesuffix('_bucket')}`" in tables, f"{rule['alert']} looks at {name}"
