"""What an event costs as accounts grow in number and in size: the pure fold with its flushes, in this process.

No Kafka, no store: pages go into a dictionary, so only the growth is told, and a ratio is held against its bound. Each
size folds the same number of events, of half a day, after its accounts have been made; midnights are not in it.
"""

import gc
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from random import Random

import msgspec

from services.signals.core.engine import Engine
from shared.io.playbooks import read_playbook
from tests.bench.mixture import FIRST_DAY, SEED, uniform, zipf
from tests.bench.own_signals import ROOT
from tests.bench.rows import Row
from tests.bench.stacks import say
from tests.oracle.adapters import Pages

__all__ = ["Asked", "measure_scaling"]

PACK = 500
BATCH_RECORDS = 16
FLUSH_BATCHES = 8
USERS = (10, 100, 1_000, 10_000, 100_000)
USERS_IN_ALL = 100_000
DAY_MS = 86_400_000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure: `events` for each size; `most_accounts` bounds how many accounts there are."""

    events: int
    most_accounts: int
    command: str


def measure_scaling(asked: Asked) -> list[Row]:
    """Return the cost of an event by users in an account, and by accounts, uniform and Zipf."""
    by_users = {users: _by_users(users, asked.events) for users in USERS}
    for users, cost in by_users.items():
        say(f"scaling: {users:,} users in an account: {cost:.2f} us an event")
    rows = [_row(f"fold_us_{users}_users", cost, "us/event", asked) for users, cost in by_users.items()]
    rows.append(_row("users_100k_to_10", by_users[USERS[-1]] / by_users[USERS[0]], "times", asked))
    sizes = [size for size in (1_000, 100_000, 1_000_000) if size <= asked.most_accounts]
    for name, spread in (("uniform", uniform), ("zipf", zipf)):
        costs = {size: _by_accounts(size, asked.events, spread) for size in sizes}
        for size, cost in costs.items():
            say(f"scaling: {size:,} accounts, {name}: {cost:.2f} us an event")
            rows.append(_row(f"fold_us_{size}_accounts_{name}", cost, "us/event", asked))
        rows.append(_row(f"accounts_{name}_most_to_1k", costs[sizes[-1]] / costs[sizes[0]], "times", asked))
    return rows


def _row(name: str, value: float, unit: str, asked: Asked) -> Row:
    return Row(name=f"signals.{name}", value=value, unit=unit, command=asked.command)


def _by_accounts(accounts: int, count: int, spread: Callable[[int, Random], Iterator[int]]) -> float:
    """Return the cost of an event when so many accounts share the events of a day; making them is not in it."""
    engine, store, rng = *_engine(), Random(SEED)  # noqa: S311 - made-up input, no secret
    begin = FIRST_DAY * DAY_MS
    _fold(engine, store, _packed(_used(n, begin + n, n, 0) for n in range(accounts)))
    step, places, draw = DAY_MS / 2 / count, spread(accounts, rng), rng.random
    later = (_used(n, begin + DAY_MS // 2 + int(n * step), next(places), int(draw() * 5)) for n in range(count))
    return _timed(engine, store, list(_packed(later)), count)


def _by_users(users: int, count: int) -> float:
    """Return the cost of an event of a day in accounts of so many users, 100,000 users in all."""
    engine, store, rng = *_engine(), Random(SEED)  # noqa: S311 - made-up input, no secret
    accounts, begin, draw = USERS_IN_ALL // users, FIRST_DAY * DAY_MS, rng.random
    _fold(engine, store, _packed(_used(n, begin + n, n // users, n % users) for n in range(USERS_IN_ALL)))
    step, noon = DAY_MS / 2 / count, begin + DAY_MS // 2
    later = (_used(n, noon + int(n * step), int(draw() * accounts), int(draw() * users)) for n in range(count))
    return _timed(engine, store, list(_packed(later)), count)


def _used(number: int, at_ms: int, account: int, user: int) -> bytes:
    who = f'"account_id":"acct-{account}","user_id":"u{user}","source":"bench","id":"e{at_ms}-{number}"'
    said = f'{{"feature":"f{number % 9}","metric":"api_calls","quantity":1}}'
    return f'{{"type":"feature.used",{who},"occurred_at":{at_ms},"received_at":{at_ms},"properties":{said}}}'.encode()


def _engine() -> tuple[Engine, Pages]:
    store = Pages()
    playbook = read_playbook(ROOT / "playbooks" / "default.yaml")
    return Engine(0, 1, "bench", False, playbook, store), store


def _packed(raw: Iterable[bytes]) -> Iterator[bytes]:
    rest = iter(raw)
    while pack := list(islice(rest, PACK)):
        yield b"\n".join(pack)


def _timed(engine: Engine, store: Pages, values: list[bytes], count: int) -> float:
    gc.collect()
    began = time.process_time()
    _fold(engine, store, values)
    return (time.process_time() - began) / count * 1e6


def _fold(engine: Engine, store: Pages, values: Iterable[bytes]) -> None:
    """Fold records as the reader does, batch by batch, and flush now and then."""
    rest = iter(values)
    for turn in range(1 << 60):
        batch = list(islice(rest, BATCH_RECORDS))
        offset = engine.offset + 1
        engine.fold_many([(offset + place, value) for place, value in enumerate(batch)], 0)
        engine.take_outputs()
        if turn % FLUSH_BATCHES == 0 or not batch:
            for group in engine.take_dirty():
                store.apply(group)
        if not batch:
            return
