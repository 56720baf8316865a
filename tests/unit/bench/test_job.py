"""A comparison is only worth something when all contestants do the same job and ours gives its answer."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from services.signals.core.engine import Engine
from shared.io.playbooks import read_playbook
from shared.kernel.codec import decode_record
from shared.kernel.events.account_updated import AccountUpdated
from shared.kernel.events.feature_used import FeatureUsed
from shared.kernel.topics import TRIGGERS
from tests.bench import encode, own_signals
from tests.bench.job import GATED, events, expected, make_job, short_line

EVENTS, ACCOUNTS, PACK = 12_000, 12, 300


class NoPages:
    """A store with nothing in it."""

    def get(self, key: bytes) -> bytes | None:  # noqa: ARG002 - the port's signature
        """Return no page."""
        return None

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:  # noqa: ARG002 - the port's signature
        """Yield no page."""
        return iter(())


def test_the_engine_gives_the_answer_of_the_comparison(tmp_path: Path) -> None:
    """It finds the accounts and rules that brute force finds, and no other."""
    job = make_job(EVENTS, ACCOUNTS)
    playbook = read_playbook(own_signals.write_playbook(tmp_path, job.usage_limit, list(GATED)))
    engine = Engine(0, 1, "epoch", adopt=False, playbook=playbook, pages=NoPages())
    lines = [encode.line(event) for event in events(EVENTS, ACCOUNTS)]
    for offset, start in enumerate(range(0, EVENTS, PACK)):
        engine.fold(offset, b"\n".join(lines[start : start + PACK]), 0)
    bodies = [msgspec.json.decode(out.value) for out in engine.take_outputs() if out.topic is TRIGGERS]
    found = {(body["account_id"], body["rule"]) for body in bodies}
    assert found == expected(job)
    assert {rule for _, rule in found} == {"usage_ceiling", "seat_saturation", "gated_exploration"}


def test_both_formats_hold_the_same_events() -> None:
    """The rivals' short lines say what ours say; facts come once an account, before its first event."""
    known: set[str] = set()
    for event in events(2_000, 7):
        (*facts, (_, used)), bad = decode_record(encode.line(event))
        short = msgspec.json.decode(short_line(event))
        assert not bad
        assert isinstance(used, FeatureUsed)
        assert (used.id, used.account_id, used.user_id) == (short["id"], short["account_id"], short["user_id"])
        assert used.occurred_at == round(short["ts"] * 1000)
        assert (used.properties.feature, used.properties.quantity) == (short["feature"], short["quantity"])
        assert [type(fact) for _, fact in facts] == ([] if used.account_id in known else [AccountUpdated])
        known.add(used.account_id)


def test_the_encoder_needs_nothing_but_python(tmp_path: Path) -> None:
    """The rival kit imports the file into an environment that has none of our dependencies."""
    script = (
        "import importlib.util, sys; spec = importlib.util.spec_from_file_location('e', sys.argv[1]); "
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module); "
        "print(module.line(('e0', 'a', 'u', 'f', 0.0, 1)).count(b'\\n'))"
    )
    command = [sys.executable, "-I", "-S", "-c", script, str(Path(encode.__file__))]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)  # noqa: S603 - our own file
    assert done.stdout.strip() == "1"
