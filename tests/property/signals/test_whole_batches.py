"""However lines are packed into records, and records into batches: the same state, byte for byte, and the same said.

One engine gets each line as a record of its own, one by one; the other gets random records in random batches. What
hangs on offsets is left out: the stamps of pages, and where a dead letter came from.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.signals.core.engine import Engine
from shared.kernel.playbook import Playbook
from shared.kernel.topics import DEAD_LETTERS
from tests.oracle.adapters import EPOCH, Pages
from tests.property.signals.companies import PARTITION, PARTITIONS, Company, companies
from tests.property.signals.floods import floods
from tests.property.signals.playbooks import PLAYBOOKS

NOW_MS = 1_800_000_000_000
FLUSHED = 0.3  # of the batches
randoms = st.integers(0, 1 << 30).map(Random)
Lines = list[tuple[bytes, bool]]
JSON, MSGPACK = msgspec.json.Decoder(), msgspec.msgpack.Decoder()
Said = dict[bytes, list[tuple[str, Any]]]


class Folding:
    """An engine over a store of its own, and all that it said, by account."""

    def __init__(self, playbooks: list[Playbook]) -> None:
        self.pages = Pages()
        self.bodies = {playbook.version: playbook for playbook in playbooks}
        self.engine = Engine(PARTITION, PARTITIONS, EPOCH, adopt=False, playbook=playbooks[0], pages=self.pages)
        self.said: Said = defaultdict(list)
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.next = 0

    def take(self, values: list[bytes]) -> None:
        """Fold records as the reader does, and note what they cause."""
        records = list(enumerate(values, self.next))
        self.next += len(records)
        while records:
            self.engine.fold_many(records, NOW_MS)
            if (version := self.engine.needs_playbook()) is not None:
                self.engine.add_playbook(version, self.bodies[version])
            records = [record for record in records if record[0] > self.engine.offset]
        for output in self.engine.take_outputs():
            self.said[output.key].append((output.topic.name, _placeless(output.topic is DEAD_LETTERS, output.value)))
        self.counts += self.engine.take_counts()

    def flush(self) -> None:
        """Write the pages."""
        for group in self.engine.take_dirty():
            self.pages.apply(group)

    def stored(self) -> dict[bytes, str]:
        """Return all pages without their stamps, as text, in which the order of keys shows."""
        return {key: repr(_unstamped(page)) for key, page in self.pages.pages.items()}


def _unstamped(page: bytes) -> list[Any]:
    version, _stamp, *rest = JSON.decode(page) if page[:1] == b"[" else MSGPACK.decode(page)
    return [version, *rest]


def _placeless(is_letter: bool, value: bytes | None) -> Any:
    said = msgspec.json.decode(value or b"{}")  # nothing: a tombstone
    for field in ("letter_id", "origin") if is_letter else ():
        said.pop(field)
    return said


def cut(rng: Random, lines: Lines) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Draw batches: the records of each, and its lines one by one."""
    batch: list[list[bytes]] = []
    single: list[bytes] = []
    packed, often = rng.choice([0.0, 0.7, 0.99]), rng.choice([4, 20, 200])
    for line, alone in lines:
        if batch and not alone and rng.random() < packed:
            batch[-1].append(line)
        else:
            batch.append([line])
        if alone:
            batch.append([])
        single.append(line)
        if not rng.randrange(often):
            yield [b"\n".join(record) for record in batch if record], single
            batch, single = [], []
    yield [b"\n".join(record) for record in batch if record], single


def assert_batches_change_nothing(rng: Random, lines: Lines, playbooks: list[Playbook]) -> None:
    """Fold both ways, flushing after the same lines, and compare."""
    one_by_one, whole = Folding(playbooks), Folding(playbooks)
    for batch, single in cut(rng, lines):
        for line in single:
            one_by_one.take([line])
        whole.take(batch)
        if rng.random() < FLUSHED:
            one_by_one.flush()
            whole.flush()
        assert one_by_one.said == whole.said
    one_by_one.flush()
    whole.flush()
    assert one_by_one.counts == whole.counts
    left, right = one_by_one.stored(), whole.stored()
    assert left.keys() == right.keys()
    for key, page in left.items():
        assert page == right[key], key


@given(st.data())
def test_batches_of_any_company_change_nothing(data: st.DataObject) -> None:
    """Everything may happen, and most of it looks at the rules."""
    company: Company = data.draw(companies())
    assert_batches_change_nothing(data.draw(randoms), list(company.lines), company.playbooks())


@given(st.data())
def test_batches_of_a_flood_change_nothing(data: st.DataObject) -> None:
    """Nearly all is use, and nearly nothing comes of it."""
    lines, first = data.draw(floods())
    playbooks = [PLAYBOOKS[first], *(row for name, row in PLAYBOOKS.items() if name != first)]
    assert_batches_change_nothing(data.draw(randoms), lines, playbooks)
