"""One import from its files to the end of history, resumed where it was killed.

Source: design (backfill), definitions 63 and 73.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import msgspec

from deploy.local.leftovers import only_one
from services.ingest.core.intake import Refused
from shared.kernel.clock import HOUR_MS, day_of, midnight_ms
from shared.kernel.errors import ConfigurationError, Problem, Reason
from upswing.importing.log import HistoryLog
from upswing.importing.plan import Plan, digest_of, forget, new_plan, read_plan, write_plan
from upswing.importing.prepare import STAGED, Asked, Chosen, choose, prepare
from upswing.importing.quality import Quality
from upswing.importing.staging import count, open_database
from upswing.importing.tail import read_cursors
from upswing.importing.units import Unit, lines_of, units

SETTLE_SECONDS = 1.0
Told = Callable[[int, int], None]


class Target(msgspec.Struct, frozen=True):
    """Where an import goes: the broker, the prefix of its topics, and the folder of its staging file."""

    bootstrap: str
    prefix: str
    work: Path


class Voice(msgspec.Struct, frozen=True):
    """How an import speaks: lines, the report, and progress as events written and events in all."""

    say: Callable[[str], None]
    report: Callable[[Quality], None]
    told: Told


async def run_import(asked: Asked, target: Target, voice: Voice) -> Quality:
    """Import files, or go on with what was begun; alone. Errors: each is one sentence that says what to do."""
    with only_one(target.work):
        return await _run(asked, target, voice)


async def _run(asked: Asked, target: Target, voice: Voice) -> Quality:
    chosen = choose(asked)
    plan = read_plan(target.work)
    if plan is not None and plan.done:
        if plan.made_from == digest_of(asked, chosen):
            voice.say("this import is complete already: nothing was written again")
            return plan.quality
        raise ConfigurationError(
            f"another import ({plan.quality.events:,} events) has ended in this log, and history can be loaded once: "
            "start the stack, or import these files into a new log (--data or --topic-prefix)"
        )
    async with HistoryLog(target.bootstrap, target.prefix, plan.import_id if plan else "") as log:
        begun = log.touched
    if plan is not None and plan.made_from != digest_of(asked, chosen):
        if begun:
            raise ConfigurationError(
                "an import was begun into this log, and its files, mapping or playbook have changed since: restore "
                "them and run the same command to finish it, or begin anew with a new --data folder or --topic-prefix"
            )
        plan = None
    if plan is None:
        plan = await asyncio.to_thread(_stage, asked, chosen, target.work, voice)
    else:
        voice.say("going on with the import that was begun; its report was:")
    voice.report(plan.quality)
    connection = open_database(target.work / STAGED, asked.limits, fresh=False)
    try:
        await _play(connection, plan, chosen, target, voice)
    finally:
        connection.close()
    plan.done = True
    write_plan(target.work, plan)
    for path in target.work.glob(f"{STAGED}*"):
        path.unlink()
    return plan.quality


def _stage(asked: Asked, chosen: Chosen, work: Path, voice: Voice) -> Plan:
    work.mkdir(parents=True, exist_ok=True)
    forget(work)
    prepared = prepare(asked, chosen, work, voice.say)
    prepared.close()
    step_ms = chosen.found.mapping.tick_hours * HOUR_MS
    plan = new_plan(asked, chosen, step_ms, prepared.identities, prepared.quality)
    if plan.quality.events:
        write_plan(work, plan)
    return plan


async def _play(
    connection: duckdb.DuckDBPyConnection, plan: Plan, chosen: Chosen, target: Target, voice: Voice
) -> None:
    """Write every unit that is not in the log yet. The next one is read while this one is sent."""
    steps = units(connection, step_ms=plan.step_ms, until_ms=midnight_ms(day_of(plan.now_ms)))
    whole = count(connection, "SELECT (SELECT count(*) FROM refused) + (SELECT count(*) FROM repeats)") == 0
    async with HistoryLog(target.bootstrap, target.prefix, plan.import_id) as log:
        await _until_still(log, target, plan)
        since, partitions = log.begun, len(log.cursors)
        waiting = [unit for unit in steps if unit.number >= since]
        done = _events_before(connection, next((unit for unit in waiting if unit.kind == "events"), None), plan)
        voice.told(done, plan.quality.events)
        events = iter([unit for unit in waiting if unit.kind == "events"])

        def fetch() -> list[tuple[int, bytes, int]]:
            unit = next(events, None)
            return [] if unit is None else lines_of(connection.cursor(), unit, partitions, whole=whole)

        following = asyncio.create_task(asyncio.to_thread(fetch))
        for unit in waiting:
            if unit.kind != "events":
                await log.control(unit)
                continue
            lines = await following
            following = asyncio.create_task(asyncio.to_thread(fetch))
            await log.events(unit, lines)
            done += sum(number for _partition, _text, number in lines)
            voice.told(done, plan.quality.events)
        await following
        await log.identities(plan.identities)
        await log.letters(_refused(connection), chosen.source, time.time_ns() // 1_000_000)


async def _until_still(log: HistoryLog, target: Target, plan: Plan) -> None:
    """Wait until nothing more arrives of what a killed process had sent; a new log has nothing to wait for."""
    while log.touched:
        await asyncio.sleep(SETTLE_SECONDS)
        topic, numbers = f"{target.prefix}events", list(log.cursors)
        now = await read_cursors(target.bootstrap, topic, numbers, plan.import_id)
        if now == log.cursors:
            return
        log.cursors = now


def _events_before(connection: duckdb.DuckDBPyConnection, first: Unit | None, plan: Plan) -> int:
    if first is None:
        return plan.quality.events
    return count(connection, f"SELECT count(*) FROM good WHERE place < {first.first}")


def _refused(connection: duckdb.DuckDBPyConnection) -> list[tuple[Refused, str]]:
    rows = connection.execute(
        "SELECT code, field, message, line, id, account, file, line_no FROM refused "
        "JOIN lined USING (place) ORDER BY place"
    ).fetchall()
    return [
        (Refused(Problem(Reason(code), field, message), line.encode(), event_id, account), f"import file {file}:{row}")
        for code, field, message, line, event_id, account, file, row in rows
    ]
