"""From a client's post to the alert at the receiver: all services, broker and database as real processes.

The accounts' past is loaded first, under the clock of history, as the product is meant to be used; then a steady load
runs, in which some accounts a second cross a threshold with their gates open.
"""

import asyncio
import gc
import time
from pathlib import Path
from typing import Any

import msgspec

from deploy.local.ports import free_port
from deploy.local.stack import LocalStack
from services.ingest.settings import Settings as IngestSettings
from shared.io.playbooks import read_playbook
from shared.kernel.clock import DAY_MS
from shared.kernel.topics import EVENTS, TRIGGERS
from tests.bench.company import Company
from tests.bench.hops import HOPS, Hops, read_fates, read_hops
from tests.bench.load import Load, Plan
from tests.bench.processes import Meter, Strangers
from tests.bench.receiver import Receiver
from tests.bench.rows import Row, percentile
from tests.bench.stacks import fresh_settings, meter, running, say, tell_strangers, until_caught_up
from upswing.commands.keys import issue_key
from upswing.history.controls import LogControls
from upswing.history.player import play
from upswing.history.sender import SegmentSender

__all__ = ["Asked", "measure_e2e"]

SOURCE = "bench"
OWNERS = 12
METER_SECONDS = 0.5
CATCH_UP_SECONDS = 120.0
LAST_ALERT_SECONDS = 15.0
GROUPS = (("signals", EVENTS.name), ("pipeline", TRIGGERS.name), ("notify", TRIGGERS.name))


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure. Units: in the names; rates a second."""

    seconds: float
    warm_up_seconds: float
    rate: int
    deciding_rate: float
    accounts: int
    command: str


class Measured(msgspec.Struct, frozen=True):
    """What came of it. Units: `latencies` and `answers` in milliseconds, one an alert and one a request."""

    latencies: list[float]
    missing: int
    repeated: int
    answers: list[float]
    refused: list[str]
    events: int
    usage: Meter
    strangers: float
    hops: Hops


async def measure_e2e(asked: Asked) -> list[Row]:
    """Return the rows of the whole way. Errors: `RuntimeError` when the stack cannot be measured."""
    receiver = Receiver(free_port())
    settings = fresh_settings("e2e")
    settings.data.mkdir(parents=True)
    environment = {
        "UPSWING_NOTIFY_ROUTES": str(_write_routes(settings.data / "routes.json", receiver)),
        "UPSWING_NOTIFY_ALLOW_LOCAL_URLS": "true",
    }
    playbook = read_playbook(settings.playbook)
    company = Company(playbook, asked.accounts, OWNERS, SOURCE)
    now_ms = time.time_ns() // 1_000_000

    async def history_begins(stack: LocalStack) -> None:
        async with LogControls(stack.bootstrap) as controls:
            await controls.begin(now_ms)

    _, write_key = issue_key(IngestSettings(data=settings.data).keys_path, SOURCE)
    say("e2e: starting Kafka, PostgreSQL and the four services")
    async with receiver, running(settings, environment=environment, before_services=[history_begins]) as stack:
        await _load_past(stack, company, write_key, now_ms)
        load = Load(company, _plan(asked), f"{settings.url('ingest')}/v1/batch", write_key)
        say(f"e2e: warming up for {asked.warm_up_seconds:g} s")
        await load.run(asked.warm_up_seconds)
        measured = await _measure(stack, load, receiver, asked)
    _tell(measured, asked)
    return _rows(measured, asked)


def _plan(asked: Asked) -> Plan:
    return Plan(rate=asked.rate, batch=max(1, asked.rate // 50), deciding_rate=asked.deciding_rate)


def _write_routes(path: Path, receiver: Receiver) -> Path:
    """Write routes that give each owner a webhook of their own, so that Slack's limit holds and is never reached."""
    owners = [f"csm-{number}" for number in range(OWNERS)]
    routes = {
        "channels": {owner: {"kind": "slack_webhook", "url": receiver.url(owner)} for owner in owners},
        "routes": [{"name": owner, "to": [owner], "match": {"owner": [owner]}} for owner in owners],
    }
    path.write_bytes(msgspec.json.encode(routes))  # JSON is YAML
    return path.absolute()


async def _load_past(stack: LocalStack, company: Company, write_key: str, now_ms: int) -> None:
    calls = company.past(now_ms)
    say(f"e2e: loading the past of {company.accounts:,} accounts, {len(calls):,} events")
    sender = SegmentSender(stack.settings.url("ingest"), write_key)
    midnight_ms = now_ms // DAY_MS * DAY_MS
    async with LogControls(stack.bootstrap) as controls:
        await play(calls, sender, controls, until_ms=midnight_ms, step_ms=DAY_MS, told=lambda _sent: None)
        await controls.end(midnight_ms)
    await asyncio.to_thread(sender.close)
    await until_caught_up(stack.bootstrap, GROUPS, stack.settings.partitions, CATCH_UP_SECONDS)


async def _measure(stack: LocalStack, load: Load, receiver: Receiver, asked: Asked) -> Measured:
    say(f"e2e: measuring for {asked.seconds:g} s at {asked.rate} events/s")
    before = set(load.posted)
    load.answered.clear()
    load.refused.clear()
    events = load.events
    usage = meter(_pids(stack))
    strangers = Strangers(*filter(None, [stack.postgres.pid()]))
    gc.collect()
    gc.freeze()
    watching = asyncio.create_task(_keep_reading(usage))
    await load.run(asked.seconds)
    watching.cancel()
    usage.read()
    others = strangers.cores()
    expected = {name: at for name, at in load.posted.items() if name not in before}
    await _await_alerts(receiver, set(expected))
    if missing := expected.keys() - receiver.arrivals.keys():
        for fate, count in (await read_fates(stack.database_url, missing)).most_common(3):
            say(f"e2e: {count} missing alerts: {fate}")
    latencies = [receiver.arrivals[name][0] - at for name, at in expected.items() if name in receiver.arrivals]
    return Measured(
        latencies=latencies,
        missing=len(expected) - len(latencies),
        repeated=sum(len(receiver.arrivals.get(name, ())) > 1 for name in expected),
        answers=list(load.answered),
        refused=list(load.refused),
        events=load.events - events,
        usage=usage,
        strangers=others,
        hops=await read_hops(stack.database_url, expected, receiver.arrivals),
    )


def _pids(stack: LocalStack) -> dict[str, int | None]:
    names = ("kafka", *stack.services)
    return {name: stack.supervisor.pid(name) for name in names} | {"postgres": stack.postgres.pid()}


async def _keep_reading(usage: Meter) -> None:
    while True:
        await asyncio.sleep(METER_SECONDS)
        usage.read()


async def _await_alerts(receiver: Receiver, expected: set[str]) -> None:
    deadline = time.monotonic() + LAST_ALERT_SECONDS
    while not expected <= receiver.arrivals.keys() and time.monotonic() < deadline:
        await asyncio.sleep(0.05)


def _tell(measured: Measured, asked: Asked) -> None:
    alerts = len(measured.latencies) + measured.missing
    say(
        f"e2e: {measured.events:,} events, {alerts} of them decide; alerts: {len(measured.latencies)} arrived, "
        f"{measured.missing} missing, {measured.repeated} twice; requests not taken: {len(measured.refused)}"
    )
    for reason in sorted(set(measured.refused))[:3]:
        say(f"e2e: not taken: {reason}")
    say(f"e2e: Slack's limit of a message a second and channel was on; {OWNERS} channels, so it was not reached")
    tell_strangers("e2e", measured.strangers)
    for hop in HOPS:
        values = measured.hops[hop]
        if values:
            say(f"e2e: {hop:<38} p50 {percentile(values, 50):6.1f} ms   p99 {percentile(values, 99):6.1f} ms")
    for name, cpu in measured.usage.cpu_seconds.items():
        share, rss = cpu / asked.seconds * 100, measured.usage.rss_bytes[name] / 1e6
        say(f"e2e: {name:<9} {share:5.1f} % of one core, {rss:5.0f} MB")


def _rows(measured: Measured, asked: Asked) -> list[Row]:
    if not measured.latencies:
        raise RuntimeError("e2e: no alert arrived, so there is nothing to measure")
    cpu = sum(measured.usage.cpu_seconds.values())

    def row(name: str, value: float, unit: str) -> Row:
        return Row(name=f"e2e.{name}", value=value, unit=unit, command=asked.command)

    figures: list[Any] = [
        ("p50_ms", percentile(measured.latencies, 50), "ms"),
        ("p99_ms", percentile(measured.latencies, 99), "ms"),
        ("max_ms", max(measured.latencies), "ms"),
        ("alerts", len(measured.latencies), "alerts"),
        ("missing", measured.missing, "alerts"),
        ("repeated", measured.repeated, "alerts"),
        ("ack_p50_ms", percentile(measured.answers, 50), "ms"),
        ("ack_p99_ms", percentile(measured.answers, 99), "ms"),
        ("cpu_cores", cpu / asked.seconds, "cores"),
        ("others_cores", measured.strangers, "cores"),
        ("rss_mb", sum(measured.usage.rss_bytes.values()) / 1e6, "MB"),
    ]
    hops = [
        (f"hop.{name.split(' (')[0].replace(' ', '_')}.{quantile}_ms", percentile(values, int(quantile[1:])), "ms")
        for name, values in measured.hops.items()
        for quantile in ("p50", "p99")
        if values
    ]
    return [row(*figure) for figure in (*figures, *hops)]
