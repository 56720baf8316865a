"""The compiled core and the interpreted one say and store the same, byte for byte, with every rule on.

Each folds the same logs in a process of its own: made-up companies, floods, and the mixture of the whole playbook.
"""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import Phase, given, settings

from services.signals import compiled
from shared.kernel.errors import DependencyError
from shared.kernel.ids import partition_for
from tests.bench.mixture import SEED, uniform
from tests.bench.mixture import lines as mixture
from tests.property.signals.companies import PARTITION, PARTITIONS, Company, companies
from tests.property.signals.floods import floods
from tests.property.signals.test_whole_batches import Lines, cut, randoms
from tests.support.signals.folded import Log, Told
from upswing.compiling.compiler import own_compiler

EXAMPLES = 60
EVENTS, ACCOUNTS, PACKED, BATCHED = 20_000, 12, 400, 5
SAID = {"expansion.triggers", "account.snapshots", "dead.letters", "page"}


@pytest.mark.timeout(900)
def test_both_cores_say_and_store_the_same(tmp_path: Path) -> None:
    """What is compiled is held against what coverage and all other tests see."""
    if not compiled.is_built():
        pytest.skip(_why_not(tmp_path))
    logs = [*_drawn(), _mixture()]
    (tmp_path / "logs").write_bytes(msgspec.msgpack.encode(logs))
    interpreted, same = _folded("off", tmp_path), _folded("required", tmp_path)
    for log, left, right in zip(logs, interpreted, same, strict=True):
        assert left == right, log
    assert Counter(what for told in interpreted for what, _, _ in told).keys() >= SAID


def _why_not(scratch: Path) -> str:
    """Return why there is nothing compiled, and fail where there could be: CI has a compiler."""
    try:
        own = own_compiler(scratch)
    except DependencyError as error:
        return f"the core cannot be compiled here: {error}"
    if own is None:
        return "there is no C compiler here"
    if os.environ.get("CI"):
        pytest.fail("there is a compiler, but nothing is compiled: see what `upswing compile` says")
    return "nothing is compiled from these sources: run `upswing compile`"


def _drawn() -> list[Log]:
    found: list[Log] = []

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, phases=[Phase.generate])
    @given(randoms, companies(), floods())
    def draw(rng: Random, company: Company, flood: tuple[Lines, str]) -> None:
        found.append(_log(company.first, list(company.lines), rng))
        found.append(_log(flood[1], flood[0], rng))

    draw()
    return found


def _log(playbook: str, lines: Lines, rng: Random) -> Log:
    return Log(playbook, [batch for batch, _ in cut(rng, lines) if batch])


def _mixture() -> Log:
    """Return a month of some accounts by the default playbook, nearly all on the short way."""
    rng = Random(SEED)  # noqa: S311 - made-up input, no secret
    drawn = mixture(EVENTS, ACCOUNTS, uniform(ACCOUNTS, rng), rng)
    mine = [line for account, line in drawn if partition_for(account, PARTITIONS) == PARTITION]
    records = [b"\n".join(mine[at : at + PACKED]) for at in range(0, len(mine), PACKED)]
    return Log("", [records[at : at + BATCHED] for at in range(0, len(records), BATCHED)])


def _folded(mode: compiled.Mode, folder: Path) -> list[Told]:
    """Fold all logs in a process that runs one of the two."""
    done = subprocess.run(  # noqa: S603 - our own Python on our own program
        [sys.executable, "-m", "tests.support.signals.folded", mode, folder / "logs", folder / mode],
        cwd=compiled.ROOT,
        env=os.environ | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return msgspec.msgpack.decode((folder / mode).read_bytes(), type=list[Told])
