"""`upswing explain` on a real broker: an account from its snapshot, and how its open triggers fired."""

import asyncio

from click.testing import CliRunner
from msgspec.structs import replace

from shared.kernel.ids import partition_for
from shared.kernel.snapshots import RuleValue, encode_snapshot
from shared.kernel.topics import SNAPSHOTS, TRIGGERS
from shared.kernel.triggers import Evidence, encode_trigger
from tests.support.pipeline.samples import make_snapshot, make_trigger
from tests.support.topics import PARTITIONS, Topics
from upswing.commands.accounts import command
from upswing.explain.find import find_snapshot
from upswing.explain.tell import tell
from upswing.trace.logbook import Logbook


async def told(topics: Topics) -> str:
    """Return what is told of the account."""
    async with asyncio.timeout(60), Logbook(topics.bootstrap, topics.prefix) as book:
        found = await find_snapshot(book, "acme")
    assert found.snapshot is not None
    return "\n".join(tell(found.snapshot, found.behind, found.began))


async def test_an_open_trigger_is_told_with_the_value_at_which_it_fired(topics: Topics) -> None:
    """The first record of its id counts; others, of other accounts too, and unreadable ones are passed over."""
    held = make_trigger(record="held")
    now = Evidence(84, 90, ">", "percent", summary="42 of 50 seats")
    stands = RuleValue("seat_saturation", "expansion", None, None, None, "fired", now, "2026-06-01", held.trigger_id)
    await topics.write(TRIGGERS.name, b"not ours")
    for trigger in (
        make_trigger(account_id="globex"),
        make_trigger(decided_by="app/e0"),
        held,
        replace(held, record="released", evidence=now),
    ):
        await topics.write(TRIGGERS.name, encode_trigger(trigger), trigger.account_id)
    await topics.write(SNAPSHOTS.name, encode_snapshot(make_snapshot(rules=(stands,))))
    assert f"since 2026-06-01: fired at 46 of 50 seats; now 42 of 50 seats [{held.trigger_id}]" in await told(topics)


async def test_an_account_without_open_triggers_is_told_from_its_snapshot_alone(topics: Topics) -> None:
    """Nobody reads the triggers for it."""
    await topics.write(SNAPSHOTS.name, encode_snapshot(make_snapshot()))
    assert "acme (Acme): mid_market" in await told(topics)


async def test_an_unknown_account_is_not_removed_unless_one_insists(topics: Topics) -> None:
    """A misspelt name would leave the account that was meant; exit code 1, a sentence, nothing written."""
    await topics.write(SNAPSHOTS.name, encode_snapshot(make_snapshot()))
    partition = partition_for("acme", PARTITIONS)
    near = next(name for name in (f"acme{n}" for n in range(99)) if partition_for(name, PARTITIONS) == partition)
    words = ["remove", near, "--yes", "--kafka", topics.bootstrap, "--topic-prefix", topics.prefix]
    refused = await asyncio.to_thread(CliRunner().invoke, command, words)
    assert refused.exit_code == 1
    assert f"nothing is known of account {near}: did you mean acme? (--unknown" in str(refused.exception)
    assert (await topics.ends())[partition] == 0
    done = await asyncio.to_thread(CliRunner().invoke, command, [*words, "--unknown"])
    assert "signals removes the account when it comes to it" in done.output
    assert (await topics.ends())[partition] == 1
    words[1] = "acme"
    assert (await asyncio.to_thread(CliRunner().invoke, command, words)).exit_code == 0


async def test_an_account_is_not_offered_in_place_of_itself(topics: Topics) -> None:
    """As one would be whose snapshot cannot be read, or has come only since."""
    await topics.write(SNAPSHOTS.name, b'{"facts":{"name":"Acme"}}')
    async with asyncio.timeout(60), Logbook(topics.bootstrap, topics.prefix) as book:
        found = await find_snapshot(book, "acme")
    assert (found.snapshot, found.similar, found.known) == (None, (), 0)
