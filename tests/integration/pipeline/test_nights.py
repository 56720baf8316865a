"""Once a night: the bounds of usage per seat reach every partition of `events`, and signals reads them."""

import asyncio
from pathlib import Path

import pytest

from services.pipeline import nightly
from services.pipeline.repository import accounts, nights
from shared.kernel.codec import decode_line
from shared.kernel.controls import Quintiles
from shared.kernel.topics import EVENTS
from tests.support.pipeline.log import PARTITIONS, Log
from tests.support.pipeline.office import Office
from tests.support.pipeline.process import PipelineProcess
from tests.support.pipeline.samples import DAY, HEALTH, NOON, make_snapshot

USED = {"smb": (0.1, 0.2, 0.3, 0.4, 0.5), "mid_market": (5, 1, 3, 3, 3, 7.123457), "enterprise": (1, 2, 3, 4)}
BOUNDS = {"smb": (0.1, 0.2, 0.3, 0.4), "mid_market": (3, 3, 3, 5)}


async def show_all(office: Office) -> None:
    """Show the accounts above, one without seats and one that has churned."""
    usages = [(segment, usage) for segment, all_of in USED.items() for usage in all_of]
    known = [make_snapshot(f"a{n}", segment=one[0], usage_per_seat=one[1]) for n, one in enumerate(usages)]
    churned = make_snapshot("gone", segment="smb", usage_per_seat=99.0, facts={"status": "churned"})
    await office.show(*known, make_snapshot("no-seats", segment="smb"), churned)


async def tell(office: Office) -> bool:
    """Do the night's work, as a process does."""
    return await office.unit.run("night", lambda session: nightly.tell_quintiles(session, office.context, office.now))


async def told(office: Office) -> list[Quintiles]:
    """Return the control records that wait to be published."""
    rows = [row for row in await office.outbox() if row.topic == EVENTS.name]
    assert all(row.everywhere and row.key is None for row in rows)
    lines = [decode_line(row.value or b"") for row in rows]
    return [line for line in lines if isinstance(line, Quintiles)]


async def test_the_bounds_are_those_of_each_segment_with_five_accounts(office: Office) -> None:
    """Values that accounts have; four accounts have no fifths; nobody without seats, nobody who has churned."""
    await show_all(office)
    assert await tell(office)
    (control,) = await told(office)
    assert (control.at, control.playbook_version) == (NOON, office.context.playbook.version)
    assert control.segments == BOUNDS


async def test_a_night_is_told_once_whoever_begins_at_the_same_moment(office: Office) -> None:
    """Two processes at once, then one that starts later in the day; the next day there is another."""
    assert sorted(await asyncio.gather(tell(office), tell(office))) == [False, True]
    office.now = NOON + DAY // 2 - 1
    assert not await tell(office)
    office.now += 1
    assert await tell(office)
    assert [control.at for control in await told(office)] == [NOON, NOON + DAY // 2]


async def test_a_night_that_failed_is_told_by_the_next_one_who_tries(office: Office) -> None:
    """Taking it and writing the record are one transaction."""

    async def fails(session: object) -> None:
        assert await nights.take(session, nightly.QUINTILES, NOON // DAY)  # type: ignore[arg-type]  # as the unit gives it
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        await office.unit.run("night", fails)
    assert await tell(office)


async def test_too_few_cross_sells_are_counted_among_the_healthy(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of four healthy accounts one shows a cross-sell: fewer than 30 %. The ill and the churned are not asked."""
    ill = type(HEALTH)(74.0, {})
    healthy = type(HEALTH)(75.0, {})
    shown = ("cross_sell_fit",)
    await office.show(
        *(make_snapshot(f"h{n}", health=healthy) for n in range(3)),
        make_snapshot("h3", health=healthy, active_triggers=shown),
        make_snapshot("ill", health=ill, active_triggers=shown),
        make_snapshot("gone", health=healthy, facts={"status": "churned"}, active_triggers=shown),
        make_snapshot("unknown", health=type(HEALTH)(None, {})),
    )
    assert await office.unit.run("count", accounts.count_cross_sells) == (4, 1)
    await tell(office)
    assert "few cross-sells" in capsys.readouterr().out
    await office.show(make_snapshot("h2", 2, health=healthy, active_triggers=shown))
    office.now += DAY
    await tell(office)
    assert "few cross-sells" not in capsys.readouterr().out


async def test_one_of_two_processes_writes_the_record_to_every_partition(
    tmp_path: Path, log: Log, database: str, office: Office
) -> None:
    """They start together, on a day that nobody has told yet; real Kafka, real PostgreSQL."""
    await show_all(office)
    both = [PipelineProcess(tmp_path, log.bootstrap, log.prefix, database, INSTANCE=name) for name in ("one", "two")]
    try:
        for process in both:
            process.start()
        for process in both:
            await process.wait_ready()
        await log.read(EVENTS, lambda records: len(records) >= PARTITIONS)
        share = (await both[0].metrics())["upswing_pipeline_cross_sell_share"]
        records = await log.read(EVENTS, lambda records: len(records) >= PARTITIONS)  # nothing came twice meanwhile
    finally:
        for process in both:
            process.kill()
    assert share == 0
    assert sorted(record.partition for record in records) == list(range(PARTITIONS))
    (line,) = {record.value for record in records}
    control = decode_line(line)
    assert isinstance(control, Quintiles)
    assert control.segments == BOUNDS
