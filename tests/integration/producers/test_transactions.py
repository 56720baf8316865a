"""Transactions on `events`: what was committed counts once, what was aborted never, and gaps stop nobody."""

import asyncio

from confluent_kafka import Producer

from tests.support.producers import ACCOUNTS, MURMUR2, SECONDS, Log, event


async def test_of_transactions_what_was_committed_counts_and_what_was_aborted_never(log: Log) -> None:
    """Gaps do not stop the worker, at the end of the log neither; killed and read anew the answer is the same."""
    await log.run(log.example("Transactions"))
    await log.folded(75)
    assert log.count("passed_offsets") > 0
    await asyncio.to_thread(log.worker.kill)
    log.worker.wipe()
    await asyncio.to_thread(log.worker.start, engine="real", ready=True)
    producer = log.producer(**MURMUR2)
    producer.produce(log.topic, event("after", "acme-0"), key="acme-0")
    assert producer.flush(SECONDS) == 0
    await log.drained()
    assert log.worker.running
    await log.used(dict.fromkeys(ACCOUNTS, 0) | {f"acme-{line}": 15 for line in range(5)} | {"acme-0": 16})


async def test_killed_among_transactions_the_worker_counts_each_committed_event_once(log: Log) -> None:
    """Three kills while transactions are committed and aborted in turn; what is counted twice or never would show."""
    stop, committed = asyncio.Event(), 0

    def transact(producer: Producer, number: int) -> int:
        producer.begin_transaction()
        for line in range(6):
            producer.produce(log.topic, event(f"t{number}-{line}", f"acme-{line}"), key=f"acme-{line}")
        if number % 3 == 2:
            producer.abort_transaction(SECONDS)
            return 0
        producer.commit_transaction(SECONDS)
        return 1

    async def flow() -> int:
        producer, done, number = log.producer(**MURMUR2, **{"transactional.id": f"{log.prefix}flow"}), 0, 0
        await asyncio.to_thread(producer.init_transactions, SECONDS)
        while not stop.is_set():
            done += await asyncio.to_thread(transact, producer, number)
            number += 1
            await asyncio.sleep(0.02)
        return done

    flowing = asyncio.create_task(flow())
    for _ in range(3):
        await asyncio.sleep(1)
        await asyncio.to_thread(log.worker.kill)
        await asyncio.to_thread(log.worker.start, engine="real", ready=True)
    stop.set()
    committed = await flowing
    assert committed > 5
    await log.drained()
    await log.used({f"acme-{line}": committed for line in range(6)})


async def test_an_open_transaction_holds_back_what_comes_after_it_and_then_lets_it_go(log: Log) -> None:
    """Nothing is folded that may still be aborted; what others wrote meanwhile follows in its order."""
    open_one = log.producer(**MURMUR2, **{"transactional.id": f"{log.prefix}open"})
    await asyncio.to_thread(open_one.init_transactions, SECONDS)
    open_one.begin_transaction()
    open_one.produce(log.topic, event("aborted", "acme-1"), key="acme-1")
    assert open_one.flush(SECONDS) == 0
    plain = log.producer(**MURMUR2)
    plain.produce(log.topic, event("plain", "acme-1"), key="acme-1")
    assert plain.flush(SECONDS) == 0
    await asyncio.sleep(1)
    assert log.count("in_events", '{type="usage.recorded"}') == 0
    await asyncio.to_thread(open_one.abort_transaction, SECONDS)
    await log.folded(1)
    await log.used({"acme-1": 1})
