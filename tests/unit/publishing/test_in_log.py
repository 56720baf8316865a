"""Which version the log was told of last: by the log's own order, whatever the clock of who published says."""

from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any

import msgspec
import pytest

from shared.kernel.clock import DAY_MS, HOUR_MS, MINUTE_MS
from shared.kernel.topics import EVENTS
from tests.oracle.writing import control, event, playbook
from upswing.publishing.in_log import told_last
from upswing.publishing.versions import Published
from upswing.trace.logbook import Logbook

NOON = 1_780_315_200_000
NOW = NOON + DAY_MS
USED = event("feature.used", "acme", NOON, "e", user="u", properties={"feature": "control.playbook"})


class Record(msgspec.Struct, frozen=True):
    """One record of the log."""

    offset: int
    timestamp: int
    value: bytes


class Log(Logbook):
    """A log of one partition whose first records may be gone. Shape: of each record its time and its lines."""

    def __init__(self, *records: tuple[int, bytes], gone: int = 0) -> None:
        super().__init__("nowhere")
        self._records = [Record(gone + n, at, value) for n, (at, value) in enumerate(records)]
        self._end = gone + len(records)

    async def partitions(self, topic: str) -> list[int]:
        """Return the only one."""
        assert topic == EVENTS.name
        return [0]

    async def ends(self, topic: str) -> dict[int, int]:
        """Return the end of the only one."""
        assert topic == EVENTS.name
        return {0: self._end}

    async def read(
        self, topic: str, partitions: Iterable[int], since_ms: int, wanted: Callable[[bytes], bool] = bool
    ) -> AsyncGenerator[Any, None]:
        """Yield the records since an instant."""
        assert (topic, list(partitions)) == (EVENTS.name, [0])
        for record in self._records:
            if record.timestamp >= since_ms and wanted(record.value):
                yield record


def row(version: str, at: int = NOON, usable: bool = True) -> Published:
    """Return a version that was published then, by its publisher's clock."""
    return Published(version, at, playbook({"version": version}) if usable else None)


def set_to(version: str, at: int = NOON) -> tuple[int, bytes]:
    """Return the record, at the broker's time, that puts a version into force."""
    return at, control("playbook", NOON, version=version, digest="")


async def told(log: Log, *known: Published) -> str | None:
    """Return the version that the log was told of last."""
    found = await told_last(log, known, NOW)
    return found.version if found else None


@pytest.mark.parametrize("skew_ms", [0, 90_000, -90_000, 50 * MINUTE_MS, -50 * MINUTE_MS])
async def test_a_clock_that_is_ahead_or_behind_hides_no_version(skew_ms: int) -> None:
    """Among the events of a busy log as on a quiet one."""
    busy = [(NOON + n * MINUTE_MS, USED) for n in range(-90, 0)]
    after = [(NOON + n * MINUTE_MS, USED) for n in range(1, 90)]
    assert await told(Log(*busy, set_to("one"), *after), row("one", NOON + skew_ms)) == "one"
    assert await told(Log(set_to("one")), row("one", NOON + skew_ms)) == "one"


@pytest.mark.parametrize("skew_ms", [0, 90_000, -90_000])
async def test_a_version_that_the_log_was_not_told_of_is_not_in_force(skew_ms: int) -> None:
    """The command was stopped after the body: on a busy log, a quiet one, and one where nothing was ever written."""
    busy = [(NOON + n * MINUTE_MS, USED) for n in range(-90, 90)]
    at = NOON + skew_ms
    assert await told(Log(*busy), row("one", at)) is None
    assert await told(Log((NOON - 9 * HOUR_MS, USED)), row("one", at)) is None
    assert await told(Log(), row("one", at)) is None
    assert (
        await told(Log(set_to("one", NOON - 9 * HOUR_MS), *busy), row("one", NOON - 9 * HOUR_MS), row("two", at))
        == "one"
    )
    assert await told(Log(set_to("one", NOON - 20_000)), row("one", NOON - 20_000), row("two", at)) == "one"
    assert await told(Log()) is None


async def test_a_version_of_before_whose_second_publishing_was_stopped_does_not_come_back() -> None:
    """It is the newest on its topic, but the log's last word is the other."""
    log = Log(set_to("one", NOON - 2 * MINUTE_MS), set_to("two", NOON - 90_000), (NOON, USED))
    assert await told(log, row("two", NOON - 90_000), row("one", NOON)) == "two"
    again = Log(set_to("one", NOON - 2 * MINUTE_MS), set_to("two", NOON - 90_000), set_to("one", NOON))
    assert await told(again, row("two", NOON - 90_000), row("one", NOON)) == "one"


async def test_a_version_that_cannot_be_used_leaves_the_one_before_in_force() -> None:
    """Signals refuses it, though the log names it."""
    log = Log(set_to("one"), set_to("odd", NOON + 9))
    assert await told(log, row("one"), row("odd", NOON + 9, usable=False)) == "one"
    assert await told(Log(set_to("odd")), row("odd", usable=False)) is None


async def test_a_log_that_no_longer_reaches_back_to_a_version_was_told_of_it() -> None:
    """But one published only now, whose command was stopped, is not taken for one of those."""
    old, late = row("one", NOON - 40 * DAY_MS), row("two")
    trimmed = Log((NOON - 30 * DAY_MS, USED), (NOON, USED), gone=5)
    assert await told(trimmed, old) == "one"
    assert await told(trimmed, old, late) == "one"
    assert await told(Log(gone=5), old) == "one"  # nothing was sent for a month
    assert await told(Log(gone=5), late) is None
    assert await told(Log((NOON - 30 * DAY_MS, USED)), old) is None  # another log, with the topic of bodies of before


async def test_the_control_record_is_found_in_a_packed_record() -> None:
    """As it could be written by hand, between other lines, of which one cannot be read."""
    packed = b"\n".join([USED, b'{"control.playbook', b'{"type":"control.playbook"}', set_to("one")[1], USED])
    assert await told(Log((NOON, packed)), row("one")) == "one"
