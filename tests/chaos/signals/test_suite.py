"""Each row of `make chaos-signals`, as short as can be: three always, the others and the mutations when long."""

from pathlib import Path

import pytest

from tests.chaos.signals.__main__ import ROWS, run_row, table
from tests.chaos.signals.mutating import apply, try_mutation
from tests.chaos.signals.mutations import FAST, MUTATIONS, Mutation
from tests.conftest import JARS, ROOT
from tests.support.broker import Broker

ALWAYS = {"2": 2, "2-gap": 2, "17": 1}  # rows, and faults of each
SEED = 5


@pytest.mark.parametrize(
    ("name", "kills"),
    [
        pytest.param(
            row.name, ALWAYS.get(row.name, 2), id=row.name, marks=[] if row.name in ALWAYS else pytest.mark.long
        )
        for row in ROWS
    ],
)
async def test_a_fault_changes_nothing(kafka: Broker, jars: list[Path], tmp_path: Path, name: str, kills: int) -> None:
    """Whatever fails, what is said and known is what the log says."""
    (row,) = [one for one in ROWS if one.name == name]
    report = await run_row(row, tmp_path, kafka.bootstrap, jars, SEED, round(kills / row.share))
    assert not report.failed, table([report])
    assert "cold recovery" in report.checked


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutation", [one for one in MUTATIONS if one.name in FAST], ids=lambda one: str(one.name))
def test_a_protection_undone_is_noticed(kafka: Broker, tmp_path: Path, mutation: Mutation) -> None:
    """Row 23, three of them; `make chaos-signals MUTATE=1` tries all."""
    assert try_mutation(mutation, tmp_path, kafka.bootstrap, JARS)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: str(one.name))
def test_each_protection_is_where_its_mutation_looks_for_it(tmp_path: Path, mutation: Mutation) -> None:
    """A protection that has moved would be left in place, and its row would prove nothing."""
    for name, _text, _replacement in mutation.edits:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    apply(mutation, tmp_path)
    for name, _text, _replacement in mutation.edits:
        compile((tmp_path / name).read_text(), name, "exec")
