"""What the metric of folded records counts: each record once, however often it is fetched."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

import pytest
from faust.types import TP

from services.signals.fetching import Fetched, Part
from services.signals.metrics import RECORDS
from services.signals.owned import OutputLike, Owned
from services.signals.reader import Reader
from services.signals.settings import Settings
from shared.io.readiness import Readiness

NOBODY = cast("Any", None)  # no store, playbook or broker is needed to fold
EVENTS = TP("events", 0)
LOST_AT = 18


class Folding:
    """An engine that folds whatever it gets, and a delivery that has nothing to send."""

    def __init__(self, offset: int, most: int, stops: int = 0) -> None:
        self.offset, self.most, self.stops = offset, most, stops
        self.weight = self.swept = 0

    def fold_run(self, first: int, values: Sequence[bytes], _now_ms: int) -> None:
        """Fold records, no more at once than would do until a playbook is needed; stop in the first some times."""
        self.swept += 1
        self.offset = first - 1 if self.swept <= self.stops else first + min(len(values), self.most) - 1

    def needs_playbook(self) -> None:
        """Need none."""

    def take_outputs(self) -> Iterable[OutputLike]:
        """Say nothing."""
        return ()

    async def send(self, owned: Owned, _outputs: Iterable[OutputLike]) -> None:
        """Send nothing; the partition is lost at a certain record."""
        owned.closed = self.offset == LOST_AT


async def counted(offset: int, most: int, *batches: Fetched) -> float:
    """Return how many records are counted when batches are fetched by one who has folded up to an offset."""
    engine: Any = Folding(offset, most)
    reader = Reader(Settings(), NOBODY, engine, NOBODY, Readiness())
    reader.owned[EVENTS], reader.halted = Owned(EVENTS, TP("pages", 0), 0, engine, NOBODY), False
    before = total()
    for batch in batches:
        await reader.take({EVENTS: batch})
    return total() - before


def total() -> float:
    """Return what the metric says."""
    return next(sample.value for family in RECORDS.collect() for sample in family.samples if "_total" in sample.name)


def batch(first: int, number: int) -> Fetched:
    """Return records from an offset on."""
    return Fetched([Part(first, [b"line"] * number, 0)])


@pytest.mark.parametrize("most", [100, 2])
@pytest.mark.parametrize(("offset", "records"), [(9, 8), (12, 5), (17, 0)])
async def test_records_that_were_folded_before_a_seek_are_not_counted_again(
    offset: int, records: int, most: int
) -> None:
    """A broker gives the whole batch in which the wanted record lies; in between a playbook may be waited for."""
    assert await counted(offset, most, batch(10, 8), batch(10, 8)) == records


async def test_records_of_a_partition_that_is_lost_meanwhile_are_counted_as_far_as_they_were_folded() -> None:
    """The rest is another worker's."""
    assert await counted(9, 1, batch(10, 10)) == 9


class Looked(Folding):
    """One that also notes, each time something is sent, how far its partition is."""

    def __init__(self, offset: int, most: int, stops: int) -> None:
        super().__init__(offset, most, stops)
        self.seen: list[tuple[int, bool]] = []

    async def send(self, owned: Owned, _outputs: Iterable[OutputLike]) -> None:
        """Send nothing."""
        self.seen.append((owned.next, owned.flushed))


async def test_a_record_that_is_not_through_with_all_accounts_is_given_again_and_counts_once() -> None:
    """What it has changed is flushed in between, though the offset stands."""
    engine: Any = Looked(9, 1, stops=3)
    reader = Reader(Settings(), NOBODY, engine, NOBODY, Readiness())
    owned = reader.owned[EVENTS] = Owned(EVENTS, TP("pages", 0), 0, engine, NOBODY)
    owned.committed, reader.halted = 10, False
    before = total()
    await reader.take({EVENTS: batch(10, 2)})
    assert engine.seen == [(10, False)] * 3 + [(11, False), (12, False)]
    assert total() - before == 2


async def test_a_playbook_that_comes_takes_the_offset_back_until_all_accounts_are_through() -> None:
    """Its record counted as folded while its body was waited for."""

    class Supplying:
        """A playbook has come: the record that named it is not through."""

        asked = 0

        async def supply(self, engine: Folding, _version: str) -> None:
            """Give it."""
            self.asked += 1
            engine.offset -= 1

    class Waiting(Looked):
        """One that waits for a playbook once, at its first record."""

        def needs_playbook(self) -> str | None:  # type: ignore[override]  # the other needs none
            """Return the version."""
            return "2" if not playbooks.asked and self.swept else None

    playbooks = Supplying()
    engine: Any = Waiting(9, 1, stops=0)
    reader = Reader(Settings(), NOBODY, engine, cast("Any", playbooks), Readiness())
    owned = reader.owned[EVENTS] = Owned(EVENTS, TP("pages", 0), 0, engine, NOBODY)
    reader.halted = False
    before = total()
    await reader.take({EVENTS: batch(10, 2)})
    assert (engine.seen[0], owned.next, total() - before) == ((10, False), 12, 2)
