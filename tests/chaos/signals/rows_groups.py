"""Rows 8, 9, 15 and 21: zombies, workers that join and leave, clocks that jump, rolling restarts."""

import asyncio
import signal
import time

import msgspec
import psutil
from aiokafka import TopicPartition

from services.signals.core.pages import META_KEY, NO_STAMP, stamp_of
from shared.io.kafka import make_producer
from shared.kernel.clock import DAY_MS, HOUR_MS
from shared.kernel.topics import CHANGELOG, EVENTS, PAGE_BATCH_BYTES
from tests.chaos.signals.ground import OWNED, Counted, Ground, Row
from tests.support.signals.company import Company
from tests.support.signals.stream import stamp_of_record
from tests.support.signals.worker import wait_until

__all__ = ["ROWS"]

FLOW = {"count": 30, "pause": 0.08}
QUIET_FLOW = {"count": 5, "pause": 0.1}  # not every account changes between two flushes
SESSION_SECONDS = 6
WRITES = 5
NOTICED = "another worker writes to it"
HOUR_SECONDS = 3_600


async def wake_zombies(ground: Ground) -> None:
    """A worker is frozen past its session, another takes over, the first wakes: its late pages change nothing."""
    company = await ground.company()
    pair = [ground.worker("w1", STALL_SECONDS="120"), ground.worker("w2", STALL_SECONDS="120")]
    async with company.flowing(**QUIET_FLOW):
        for number in range(ground.kills):
            zombie, heir = pair[number % 2], pair[1 - number % 2]
            where = ("changelog", "ownership", "", "store")[number % 4]
            await _freeze(ground, zombie, where)
            heir.start()
            await asyncio.to_thread(heir.wait_ready, SESSION_SECONDS + 60)
            await ground.pause(0.5, 1.5)
            ends = await company.ends(CHANGELOG.name)
            zombie.signal(signal.SIGCONT)
            ground.report.kills += 1
            await _await_end(zombie, 8)
            zombie.kill()
            if where == "ownership":
                await _assert_no_late_page(company, ends)
                ground.checked("ownership before a flush")
            await ground.settle(company, heir)
            if where == "changelog":
                assert NOTICED in heir.log.read_text() + zombie.log.read_text(), "nobody has noticed the late write"
                ground.checked("late writes noticed")
            heir.kill()
    await ground.settle(company, pair[0])
    await ground.stop(pair[0])
    await _write_old_pages(company)
    for _write in range(WRITES):
        await company.write(20)
    pair[0].wipe()
    await ground.finish(company, pair[0])
    ground.checked("old pages lose")


async def _write_old_pages(company: Company) -> None:
    """Write pages that newer ones have replaced to the changelog once more, as a zombie that nobody notices would."""
    first: dict[tuple[int, bytes], bytes] = {}
    newest: dict[tuple[int, bytes], tuple[int, int]] = {}
    for record in await company.records(CHANGELOG.name):
        if record.key != META_KEY:
            place, stamp = (record.partition, record.key), stamp_of_record(record)
            newest[place] = max(stamp, newest.get(place, NO_STAMP))
            if record.value is not None:
                first.setdefault(place, record.value)
    old = {place: page for place, page in first.items() if stamp_of(page) < newest[place]}
    assert old, "no page was replaced"
    async with make_producer(company.bootstrap, max_request_size=PAGE_BATCH_BYTES) as producer:
        for (partition, key), page in old.items():
            await producer.send(company.prefix + CHANGELOG.name, page, key=key, partition=partition)
        await producer.flush()


async def _freeze(ground: Ground, zombie: Counted, where: str) -> None:
    """Start a worker and freeze it: before a stage of its flush, or anywhere."""
    if where:
        zombie.start(die=f"{where}:pause:{ground.random.randrange(2, 6)}")
        process = psutil.Process(zombie.pid)
        await asyncio.to_thread(wait_until, 60, lambda: process.status() == psutil.STATUS_STOPPED, "a stop")
        return
    await ground.ready(zombie)
    await ground.pause(0.2, 1)
    zombie.signal(signal.SIGSTOP)


async def _await_end(worker: Counted, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while worker.running and time.monotonic() < deadline:
        await asyncio.sleep(0.1)


async def _assert_no_late_page(company: Company, since: dict[TopicPartition, int]) -> None:
    """Assert that since then nobody has written an older page over a newer one."""
    newest: dict[bytes, tuple[int, int]] = {}
    late = 0
    for record in await company.records(CHANGELOG.name):
        if record.value is None:
            continue
        key, stamp = b"%d/%s" % (record.partition, record.key), stamp_of(record.value)
        known = newest.get(key, NO_STAMP)
        late += stamp < known and record.offset >= since[TopicPartition(record.topic, record.partition)]
        newest[key] = max(stamp, known)
    assert not late, f"a worker that owned nothing any more wrote {late} pages"


async def join_and_leave(ground: Ground) -> None:
    """A second worker takes half of the partitions, and dies or leaves, again and again."""
    company = await ground.company()
    first, second = ground.worker("w1"), ground.worker("w2")
    async with company.flowing(**FLOW):
        await ground.ready(first)
        for number in range(ground.kills):
            second.start()
            await asyncio.to_thread(wait_until, 60, lambda: _shared(first, second), "an even assignment")
            await ground.pause(0.3, 2)
            if number % 2:
                await ground.stop(second)
                ground.report.kills += 1
            else:
                second.kill()
            await asyncio.to_thread(wait_until, 60, lambda: _owned(first) == company.partitions, "the return of all")
            await ground.pause(0.2, 1)
    await ground.finish(company, first)


def _owned(worker: Counted) -> float:
    return worker.metrics().get(OWNED, 0) if worker.running else 0


def _shared(first: Counted, second: Counted) -> bool:
    return second.readiness() != {} and _owned(first) == _owned(second) == 2


async def jump_clocks(ground: Ground) -> None:
    """Two workers write the ticks, each with a clock that jumps by up to an hour, at times over midnight."""
    company = await ground.company()
    company.clock_ms, company.step_ms, company.ticks = time.time_ns() // 1_000_000 - HOUR_MS, 20_000, False
    clocks = {name: ground.folder / f"{name}.clock" for name in ("w1", "w2")}
    workers = [ground.worker(name, TICKER="true") for name in clocks]
    for file in clocks.values():
        file.write_text("0")
    async with company.flowing(count=12, pause=0.2):
        for worker, file in zip(workers, clocks.values(), strict=True):
            await ground.ready(worker, clock=file)
        for number in range(ground.kills):
            worker, file = workers[number % 2], clocks[f"w{number % 2 + 1}"]
            far = 26 * HOUR_SECONDS if number == ground.kills // 2 else HOUR_SECONDS
            file.write_text(f"{far if number == ground.kills // 2 else ground.random.uniform(-far, far)}")
            await ground.pause(0.5, 1.5)
            if number % 3 == 2:
                worker.kill()
                await ground.ready(worker, clock=file)
    await company.write(1_500)  # however fast the machine is, there is enough to tell of
    await ground.finish(company, workers[0], oracle=True)
    await _assert_ticks_went_forward(ground, company)


async def _assert_ticks_went_forward(ground: Ground, company: Company) -> None:
    """Ticks that are behind are folded without effect; ours are written forward all the same by each owner."""
    ticks = [
        (record.partition, msgspec.json.decode(record.value)["at"])
        for record in await company.records(EVENTS.name)
        if b"control.tick" in record.value
    ]
    assert ticks, "nobody ticked"
    for partition in range(company.partitions):
        own = [at for number, at in ticks if number == partition]
        assert own == sorted(own), f"time went backwards in partition {partition}"
    assert len({at // DAY_MS for _number, at in ticks}) > 1, "no clock passed midnight"
    ground.checked("ticks go forward")


async def restart_in_turn(ground: Ground) -> None:
    """Two workers are restarted by SIGTERM in turn while events flow: nothing is lost, and each ends well."""
    company = await ground.company()
    workers = [ground.worker("w1"), ground.worker("w2")]
    async with company.flowing(**FLOW):
        for worker in workers:
            await ground.ready(worker)
        for number in range(ground.kills):
            worker = workers[number % 2]
            await ground.stop(worker)
            ground.report.kills += 1
            await ground.ready(worker)
            await ground.pause(0.2, 1)
    await ground.finish(company, workers[0])


ROWS = (
    Row("8", "SIGSTOP past the session, then SIGCONT", wake_zombies, 0.2),
    Row("9", "a second worker joins and leaves", join_and_leave, 0.4),
    Row("15", "late, early, repeated events; clocks jump", jump_clocks),
    Row("21", "SIGTERM in turn under load", restart_in_turn),
)
