"""What a row of the suite stands on: a broker, a company, workers that are started again, and a report."""

import asyncio
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from services.signals.fates import EXIT_CONFIGURATION
from services.signals.flush import STAGES
from shared.io.kafka import connect_admin
from shared.kernel.topics import EVENTS, TOPICS
from tests.support.broker import Broker
from tests.support.signals.company import Company
from tests.support.signals.stream import Stream
from tests.support.signals.verdict import Verdict, assert_offsets_behind, judge
from tests.support.signals.worker import Worker

__all__ = ["DEATHS", "LET_GO", "OWNED", "Ground", "Report", "Row"]

DEATHS = [f"{stage.name}:before" for stage in STAGES] + [f"{STAGES[-1].name}:after"]
LATEST_FLUSH = 5
LOOK_SECONDS = 0.2
RESUME_SECONDS = 60.0
TIGHT_BYTES = str(1 << 20)
LOOK_AT_OFFSETS_EVERY, FEW_KILLS = 10, 20
READY_SECONDS = 60.0
SETTLED_SECONDS = 90.0
OWNED = "upswing_signals_owned_partitions"
LET_GO = "upswing_signals_idle_accounts_total"


class Report(msgspec.Struct):
    """What a row did. Shape: `failed` says what was violated; `slowest_s` is the longest way back to readiness."""

    row: str
    fault: str
    kills: int = 0
    starts: int = 0
    events: int = 0
    triggers: int = 0
    repeats: int = 0
    letters: int = 0
    slowest_s: float = 0.0
    seconds: float = 0.0
    state: str = ""
    checked: list[str] = []
    failed: str = ""


class Counted(Worker):
    """A worker whose deaths and starts are counted."""

    def __init__(self, ground: "Ground", *args: Any, **settings: str) -> None:
        super().__init__(*args, **settings)
        self._report = ground.report

    def start(self, *, engine: str = "real", **how: Any) -> None:
        """Start it with the real engine."""
        self._report.starts += 1
        super().start(engine=engine, **how)

    def kill(self) -> None:
        """End it with kill -9."""
        self._report.kills += self.running
        super().kill()


class Ground:
    """One row's ground. Shape: `kills` is how many faults were asked for."""

    def __init__(self, folder: Path, bootstrap: str, jars: list[Path], report: Report, seed: int, kills: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.bootstrap, self.jars, self.report, self.kills = folder, bootstrap, jars, report, kills
        self.random = random.Random(f"{seed}/{report.row}")  # noqa: S311 - a run that can be repeated
        self._workers: list[Counted] = []
        self._brokers: list[Broker] = []
        self._company: Company | None = None

    async def company(self, *, bootstrap: str = "", kind: type[Company] = Company, **shape: Any) -> Company:
        """Return a company on topics of its own."""
        seed = self.random.randrange(1 << 30)
        made = kind(bootstrap or self.bootstrap, f"c{secrets.token_hex(4)}.", seed=seed, **shape)
        await made.create()
        self._company = made
        return made

    def tight_worker(self) -> Counted:
        """Return a worker that has memory for a few accounts only, and lets others have a turn after each of a tick."""
        made = self.worker(ACCOUNTS_BYTES=TIGHT_BYTES)
        made.swept = "1"
        return made

    def worker(self, instance: str = "w1", **settings: str) -> Counted:
        """Return a worker of the company, not yet started."""
        assert self._company
        own = {"PLAYBOOK": str(self._company.save_playbook(self.folder)), "STALL_SECONDS": "30"} | settings
        made = Counted(self, self.folder, self._company.bootstrap, self._company.prefix, instance, **own)
        self._workers.append(made)
        return made

    def broker(self, **settings: str) -> Broker:
        """Start a broker of the row's own, with some settings changed."""
        made = Broker(self.folder / "kafka", self.jars)
        properties = made._kafka._properties
        with properties.open("a") as file:
            file.writelines(f"{name.replace('_', '.')}={value}\n" for name, value in settings.items())
        made.start()
        self._brokers.append(made)
        return made

    def close(self) -> None:
        """End whatever still runs."""
        for worker in self._workers:
            Worker.kill(worker)
        for broker in self._brokers:
            broker.kill()

    def checked(self, what: str) -> None:
        """Note that something was found right."""
        if what not in self.report.checked:
            self.report.checked.append(what)

    def pause(self, least: float, most: float) -> Awaitable[None]:
        """Wait for a random time."""
        return asyncio.sleep(self.random.uniform(least, most))

    def death(self, number: int) -> str:
        """Return where in a flush to die, each place in turn, in a random flush."""
        return f"{DEATHS[number % len(DEATHS)]}:{self.random.randrange(1, LATEST_FLUSH)}"

    async def die(self, worker: Counted, death: str, **how: Any) -> None:
        """Start a worker and let it die where it is told."""
        worker.start(die=death, **how)
        code = await asyncio.to_thread(worker.wait)
        assert code == -9, f"the worker ended with {code} instead of dying at {death}:\n{worker.tail()}"
        self.report.kills += 1
        often = self.kills <= FEW_KILLS or self.report.kills % LOOK_AT_OFFSETS_EVERY == 1
        if often and self._company:
            await assert_offsets_behind(self._company)

    async def ready(self, worker: Counted, seconds: float = READY_SECONDS, **how: Any) -> float:
        """Start a worker, wait until it is ready, and return how long that took."""
        began = time.monotonic()
        worker.start(**how)
        await asyncio.to_thread(worker.wait_ready, seconds)
        took = time.monotonic() - began
        self.report.slowest_s = max(self.report.slowest_s, took)
        return took

    async def stop(self, worker: Counted) -> None:
        """End a worker as a supervisor does; it must end well."""
        code = await asyncio.to_thread(worker.stop)
        assert code == 0, f"the worker ended with {code} at SIGTERM:\n{worker.tail()}"

    async def supervise(self, workers: list[Counted], done: Callable[[], Awaitable[bool]], seconds: float) -> None:
        """Start workers again that leave, until something holds."""
        deadline = time.monotonic() + seconds
        while not await done():
            for worker in workers:
                if not worker.running:
                    code = worker.exit_code
                    assert code != EXIT_CONFIGURATION, f"it left with {code}:\n{worker.tail()}"
                    worker.start()
            assert time.monotonic() < deadline, f"not done within {seconds:g} s:\n{workers[0].tail()}"
            await asyncio.sleep(LOOK_SECONDS)

    async def settle(self, company: Stream, *workers: Counted, seconds: float = SETTLED_SECONDS) -> None:
        """Let workers fold all that is there now, starting again those that leave."""
        ends = {tp.partition: end for tp, end in (await company.ends(EVENTS.name)).items()}

        async def settled() -> bool:
            committed = await company.committed()
            return all(committed.get(partition, 0) >= end for partition, end in ends.items())

        await self.supervise(list(workers), settled, seconds)

    async def finish(self, company: Company, worker: Counted, **how: Any) -> Verdict:
        """Let one worker fold what is left, compare everything, and once more after a cold recovery."""
        for other in self._workers:
            if other is not worker and other.running:
                await self.stop(other)
        await self._stop_settled(company, worker)
        verdict = await judge(company, worker.store, **how)
        await company.assert_compactable()
        worker.wipe()
        await self.ready(worker)
        await self._stop_settled(company, worker)
        again = await judge(company, worker.store, broken=how.get("broken"), reference=verdict.reference)
        assert again.state == verdict.state, "a cold recovery leads to another state"
        report = self.report
        report.events, report.triggers, report.state = verdict.events, verdict.triggers, verdict.state
        report.repeats, report.letters = verdict.repeats, verdict.letters
        for what in ("triggers", "facts", "letters", "state", "store", "offsets", "cold recovery"):
            self.checked(what)
        if how.get("oracle"):
            self.checked("brute-force oracle")
        return verdict

    async def _stop_settled(self, company: Company, worker: Counted) -> None:
        """Stop a worker that owns and has folded everything; one that leaves just then is started again."""

        async def owns_all() -> bool:
            ready = worker.running and worker.readiness().get("ready")
            return bool(ready) and worker.metrics().get(OWNED) == company.partitions and await company.lag() == 0

        await self.supervise([worker], owns_all, SETTLED_SECONDS)
        while await asyncio.to_thread(worker.stop) != 0:
            await self.supervise([worker], owns_all, SETTLED_SECONDS)

    async def recreate(self, company: Company, topic: str) -> None:
        """Delete a topic and create it again, empty."""
        name = company.prefix + topic
        async with connect_admin(company.bootstrap) as admin:
            await admin.delete_topics([name])
            row = next(one for one in TOPICS if one.name == topic)
            for _attempt in range(50):
                made = await admin.create_topics([NewTopic(name, company.partitions, 1, topic_configs=row.settings)])
                if made.topic_errors[0][1] == 0:
                    return
                await asyncio.sleep(LOOK_SECONDS)
        raise AssertionError(f"{name} could not be created again")

    async def configure(self, company: Company, topic: str, **changes: str) -> None:
        """Give a topic its declared settings, some of them changed."""
        row = next(one for one in TOPICS if one.name == topic)
        settings = row.settings | {name.replace("_", "."): value for name, value in changes.items()}
        async with connect_admin(company.bootstrap) as admin:
            await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, company.prefix + topic, settings)])


class Row(msgspec.Struct, frozen=True):
    """One fault. Shape: `share` is which part of the kills asked for it takes, since some faults take long."""

    name: str
    fault: str
    run: Callable[[Ground], Awaitable[None]]
    share: float = 1.0
