"""What accounts weigh in memory, counted object by object: what several hold counts once, where it is met first.

A field of compiled code that holds a number or a row of numbers makes an object anew for whoever asks, so what is not
the same when asked for twice takes no memory beyond its field; rows are counted by their length.
"""

import gc
from collections import Counter
from collections.abc import Iterator
from sys import getsizeof
from typing import Any

import psutil
from librt.vecs import vec
from mypy_extensions import i32, i64

from services.signals.core.engine import Engine
from services.signals.core.partition import Partition
from shared.io.playbooks import read_playbook
from tests.bench.contest import PARTITIONS
from tests.bench.own_signals import ROOT
from tests.bench.whole import records
from tests.oracle.adapters import Pages

__all__ = ["fold", "weigh"]

WIDTHS: dict[type, int] = {vec[i32]: 4, vec[i64]: 8}  # type: ignore[dict-item]  # mypy takes these for generic aliases
ROW_BEGINS = 32  # bytes before the first number of a row
SPLIT = ("head", "days", "people")
NUMBERS, WHOLES = (int, float), (int, str, bytes, list, tuple, set, frozenset)


def fold(accounts: int, events: int, flush_events: int) -> tuple[list[Engine], int, int]:
    """Fold so many events of each account, with a flush now and then; return bytes of pages and of memory as well."""
    playbook = read_playbook(ROOT / "playbooks" / "default.yaml")
    stores = [Pages() for _ in range(PARTITIONS)]
    engines = [Engine(n, PARTITIONS, "bench", False, playbook, store) for n, store in enumerate(stores)]
    process, unflushed = psutil.Process(), 0
    before = process.memory_info().rss

    def flush() -> None:
        for engine, store in zip(engines, stores, strict=True):
            engine.take_snapshots(0)
            for group in engine.take_dirty():
                store.apply(group)

    for place, value in records(accounts * events, accounts):
        engine = engines[place]
        engine.fold_many([(engine.offset + 1, value)], 0)
        engine.take_outputs()
        unflushed += value.count(b"\n") + 1
        if unflushed >= flush_events:
            flush()
            unflushed = 0
    flush()
    gc.collect()
    stored = sum(len(key) + len(page) for store in stores for key, page in store.scan(b""))
    return engines, stored, process.memory_info().rss - before


def weigh(parts: list[Partition]) -> dict[str, int]:
    """Return the bytes of all accounts, by attribute; those of the pages' structs by their field."""
    found: Counter[str] = Counter()
    seen: set[int] = set()
    for part in parts:
        for shared in (part.terms, part.playbooks, part.shelf._pages):
            _weight(shared, seen)
    for account in [account for part in parts for account in part.accounts.values()]:
        found["accounts"] += getsizeof(account)
        for name, value, _ in _fields(account):
            if name in SPLIT:
                found[name] += getsizeof(value)
                for field, below, _ in _fields(value):
                    found[f"{name}.{field}"] += _weight(below, seen)
            else:
                found[name] += _weight(value, seen)
    return dict(found.most_common())


def _weight(root: object, seen: set[int]) -> int:
    """Return the bytes of an object and of all that it holds, but for what has been seen."""
    waiting, total = [(root, True)], 0
    while waiting:
        value, own = waiting.pop()
        if (own and id(value) in seen) or _is_free(value):
            continue
        if own:
            seen.add(id(value))
            total += getsizeof(value)
        width = WIDTHS.get(type(value))
        if width is None:
            waiting += _within(value, own)
        elif len(value):  # type: ignore[arg-type]  # it has a length
            total += ROW_BEGINS + width * len(value)  # type: ignore[arg-type]  # as above
    return total


def _is_free(value: object) -> bool:
    """Tell whether there is one such object for the whole process."""
    return value is None or isinstance(value, bool | type) or (type(value) is int and -5 <= value <= 256)


def _within(value: Any, own: bool) -> Iterator[tuple[object, bool]]:
    """Yield what an object holds, each with whether it is an object in memory."""
    if isinstance(value, dict):
        yield from ((one, True) for pair in value.items() for one in pair)
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((one, own or not isinstance(one, NUMBERS)) for one in value)
    if not isinstance(value, WHOLES):
        yield from ((one, kept) for _, one, kept in _fields(value))


def _fields(value: Any) -> Iterator[tuple[str, Any, bool]]:
    """Yield the fields that an object has, and whether it holds them as objects."""
    names = {
        name
        for kind in type(value).__mro__
        for named in ("__struct_fields__", "__mypyc_attrs__", "__slots__")
        if isinstance(listed := vars(kind).get(named), list | tuple)
        for name in listed
    }
    for name in sorted(names | set(getattr(value, "__dict__", ()))):
        held = getattr(value, name, None)
        own = held is getattr(value, name, None)
        if own or not isinstance(held, NUMBERS):
            yield name, held, own
