"""The signals worker: wires Faust, the reader, the flush and the timers, and runs until SIGTERM."""

import asyncio
import contextlib
import gc
import sys
from typing import Any, NoReturn, cast

import click
import faust
import uvloop
from faust.tables.manager import TableManager

from services.signals import compiled
from services.signals.consumer import SignalsTransport
from services.signals.delivery import Delivery
from services.signals.fates import guarded, leave
from services.signals.flush import Flush
from services.signals.metrics import CORE_INFO
from services.signals.owned import show_pause
from services.signals.playbooks import Playbooks
from services.signals.reader import EngineFactory, Reader
from services.signals.settings import Settings
from services.signals.store import PageOptions, PageStore, PageTable
from services.signals.ticker import Ticker
from services.signals.watchdog import Watchdog
from shared.io import metrics
from shared.io.kafka import topic_id
from shared.io.logs import configure_logging, get_logger
from shared.io.readiness import Readiness
from shared.io.settings import read_settings
from shared.kernel.errors import EXIT_CONFIGURATION, ConfigurationError, DependencyError, InvariantError
from shared.kernel.topics import CHANGELOG, DEAD_LETTERS, EVENTS, FACTS, PLAYBOOKS, SNAPSHOTS, TRIGGERS

__all__ = ["SignalsApp", "command", "run"]

NEEDED = (EVENTS, TRIGGERS, FACTS, SNAPSHOTS, DEAD_LETTERS, PLAYBOOKS, CHANGELOG)
GROUP = "signals"
TABLE = "pages"
REQUEST_SECONDS = 65.0
OPEN_PARTITIONS = 24
YOUNG_OBJECTS = 200_000  # accounts are many objects without cycles: looking for cycles among them is in vain
OLDER_GENERATIONS = 50

log = get_logger(__name__)


class SignalsApp(faust.App):
    """A Faust app without agents: its consumer hands whole batches to the reader, its table is our store."""

    def __init__(self, settings: Settings, engine: EngineFactory) -> None:
        self.settings = settings
        self.readiness = Readiness()
        self.delivery = Delivery(settings)
        self.playbooks = Playbooks(settings)
        self.reader = Reader(settings, engine, self.delivery, self.playbooks, self.readiness)
        self.flush = Flush(settings, self.reader, self.delivery)
        self.watchdog = Watchdog(settings, self.reader, self.readiness)
        super().__init__(settings.topic_prefix + GROUP, **_faust_settings(settings))
        options = PageOptions(settings.cache_bytes, settings.memtable_bytes, settings.open_files, OPEN_PARTITIONS)
        self.pages = PageTable(self, name=TABLE, key_type=bytes, value_type=bytes, page_options=options)
        self.tables.add(self.pages)
        self.topics.add(self.topic(self.reader.events_topic, key_type=bytes, value_type=bytes, acks=False))
        self.on_partitions_revoked.connect(cast("Any", self._let_go), weak=False)

    def _new_transport(self) -> SignalsTransport:
        return SignalsTransport(self.conf.broker_consumer, self)

    async def on_start(self) -> None:
        """Learn the log, connect, and start the timers; then Faust joins the group."""
        await super().on_start()
        try:
            await self._connect()
        except (ConfigurationError, DependencyError) as error:
            leave(error)
        self.reader.consumer = self.flush.consumer = self.consumer
        self.reader.store = cast("PageStore", self.pages.data)
        self.watchdog.watch_loop()
        for work in (self.watchdog.beat, self.playbooks.follow, self._show_lazily, self._flush_lazily):
            self.add_future(guarded(work))
        self.add_future(guarded(self.watchdog.run, self.consumer))
        if self.settings.ticker:
            self.add_future(guarded(Ticker(self.reader, self.delivery).run))
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS, OLDER_GENERATIONS, OLDER_GENERATIONS)

    async def on_stop(self) -> None:
        """Fold no more, flush and commit what was folded, then stop."""
        self.reader.halt("stopping")
        try:
            async with asyncio.timeout(self.settings.drain_seconds):
                await self.flush.run()
        except TimeoutError:
            log.warning("stopping without a last flush; what it would have held is read again")
        except (DependencyError, InvariantError) as error:
            leave(error)
        log.info("drained", positions={str(tp.partition): offset for tp, offset in self.reader.positions().items()})
        self.reader.close(set(self.reader.owned))
        await super().on_stop()
        await self.delivery.stop()

    def _crash(self, reason: BaseException) -> None:
        """Leave: whatever crashed a part of Faust leaves the worker in a state that nobody has thought of."""
        if not self.should_stop:
            leave(reason)
        super()._crash(reason)

    async def _connect(self) -> None:
        await self.delivery.start(NEEDED)
        if self.delivery.partitions(EVENTS) != self.delivery.partitions(CHANGELOG):
            raise ConfigurationError(
                f"{self.reader.changelog_topic} must have as many partitions as {self.reader.events_topic}: "
                "run `upswing topics check`"
            )
        self.reader.epoch = await topic_id(self.settings.kafka, self.reader.events_topic)
        log.info("connected", log=self.reader.epoch, instance=self.settings.instance)

    async def _show_lazily(self) -> None:
        while True:
            await asyncio.sleep(show_pause(self.reader.owned.values(), self.settings.flush_seconds))
            await self.reader.show()

    async def _flush_lazily(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.flush.pause_seconds):
                    await self.reader.full.wait()
            self.reader.full.clear()
            await self.flush.run()

    async def _let_go(self, _app: Any, revoked: set[Any], **_options: Any) -> None:
        """Flush while the group still takes our commits, then drop all engines: the assignment to come may differ."""
        self.reader.halt("the group is rebalancing")
        try:
            async with asyncio.timeout(self.settings.session_seconds / 2):
                await self.flush.run()
        except TimeoutError:
            log.warning("partitions were revoked before they could be flushed; they are read again")
        except (DependencyError, InvariantError) as error:
            leave(error)
        self.reader.close(set(self.reader.owned))
        log.info("partitions revoked", count=len(revoked))


class SignalsTables(TableManager):
    """Faust's tables without the second that it sleeps before it begins: there are no agents to wait for."""

    async def on_start(self) -> None:
        """Register the table, and start recovery."""
        await self._update_channels()
        await self.recovery.start()


class SignalsWorker(faust.Worker):
    """Faust's worker: signals, start and stop. Logging is ours."""

    def _crash(self, reason: BaseException) -> None:
        """Leave, as the app does."""
        if not self.should_stop:
            leave(reason)
        super()._crash(reason)


def _faust_settings(settings: Settings) -> dict[str, Any]:
    return {
        "broker": [f"kafka://{address.strip()}" for address in settings.kafka.split(",")],
        "datadir": settings.store_dir,
        "key_serializer": "raw",
        "value_serializer": "raw",
        "web_enabled": False,
        "canonical_url": f"http://{settings.instance}",  # how Faust's assignor tells workers apart
        "TableManager": SignalsTables,
        "stream_wait_empty": False,
        "stream_recovery_delay": 0.0,
        "table_standby_replicas": 0,
        "topic_disable_leader": True,
        "topic_allow_declare": False,
        "consumer_group_instance_id": settings.instance,
        "consumer_auto_offset_reset": "earliest",
        "consumer_max_fetch_size": settings.fetch_partition_bytes,
        "broker_session_timeout": settings.session_seconds,
        "broker_heartbeat_interval": settings.heartbeat_seconds,
        "broker_rebalance_timeout": settings.session_seconds * 3,
        "broker_request_timeout": REQUEST_SECONDS,
        "broker_commit_interval": 3_600.0,  # Faust has nothing to commit: `flush` does
        "producer_max_batch_size": 1 << 20,
    }


def run(settings: Settings, engine: EngineFactory, core: compiled.Core | None = None) -> NoReturn:
    """Run a worker until SIGTERM. Errors: `ConfigurationError` at the start; later errors end the process."""
    configure_logging("signals", settings.log_level, settings.log_json)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    settings.store_dir.mkdir(parents=True, exist_ok=True)
    core = core or compiled.running()
    CORE_INFO.labels(core.kind).set(1)
    app = SignalsApp(settings, engine)
    try:
        metrics.serve(settings.port, app.readiness, settings.host)
    except OSError as error:
        raise ConfigurationError(
            f"port {settings.port} is taken ({error.strerror}): set UPSWING_SIGNALS_PORT"
        ) from error
    log.info("core", core=core.kind, why=core.why)
    worker = SignalsWorker(app, override_logging=False, redirect_stdouts=False, quiet=True)
    worker.spinner = None
    worker.execute_from_commandline()


@click.command()
def command() -> None:
    """Service: fold events, decide triggers. Errors: what a restart cannot mend ends it with code 78."""
    try:
        settings = read_settings(Settings, "signals")
        core = compiled.choose(settings.compiled)
        from services.signals.core.engine import Engine  # noqa: PLC0415 - only now is it known which one

        run(settings, Engine, core)
    except ConfigurationError as error:
        click.echo(f"upswing: {error}", err=True)
        sys.exit(EXIT_CONFIGURATION)
