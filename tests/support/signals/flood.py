"""A flood of one account, folded at once or record by record, to compare."""

from collections.abc import Iterator

import msgspec

from services.signals.core.engine import Engine
from services.signals.core.units import LogRecord
from shared.kernel.playbook import Playbook
from shared.kernel.topics import DEAD_LETTERS
from tests.oracle.adapters import Pages
from tests.oracle.writing import WIDE_OPEN, control, event, playbook

__all__ = ["folded", "judged_by", "paid", "same", "use"]

CONTROL = b'{"type":"control.'
Said = tuple[str, bytes | None, bytes | None]


def folded(
    lines: list[bytes],
    together: int,
    changes: dict[str, object] = WIDE_OPEN,
    *,
    flood: bool = True,
    then: dict[str, object] | None = None,
) -> tuple[dict[bytes, object], list[Said], Engine]:
    """Fold lines in records of so many, as a flood or record by record; return what is stored and what was said.

    Shape: pages without their stamps; of dead letters, which name their record, only the topic. `then` are the changes
    of the playbook that `judged_by` puts in force.
    """
    pages = Pages()
    engine = Engine(0, 1, "log-1", False, playbook(changes), pages)
    engine.fold_many([(0, lines[0])], 0)  # from now on it knows the account
    numbered = list(enumerate(_packed(lines[1:], together), 1))
    for some in [numbered] if flood else [[one] for one in numbered]:
        _fold(engine, some, playbook(then))
    said = [
        (out.topic.name, *((None, None) if out.topic is DEAD_LETTERS else (out.key, out.value)))
        for out in engine.take_outputs()
    ]
    for group in engine.take_dirty():
        pages.apply(group)
    stored = {key: msgspec.msgpack.decode(page, strict=False) for key, page in pages.pages.items()}
    return {key: [page[0], *page[2:]] for key, page in stored.items()}, said, engine


def _packed(lines: list[bytes], together: int) -> Iterator[bytes]:
    """Yield records of so many lines; what is no event has one of its own."""
    record: list[bytes] = []
    for line in lines:
        alone = line.startswith(CONTROL)
        if record and (alone or len(record) == together):
            yield b"\n".join(record)
            record = []
        if alone:
            yield line
        else:
            record.append(line)
    if record:
        yield b"\n".join(record)


def _fold(engine: Engine, records: list[LogRecord], then: Playbook) -> None:
    while records:
        engine.fold_many(records, 0)
        if (version := engine.needs_playbook()) is not None:
            engine.add_playbook(version, then)
        records = [record for record in records if record[0] > engine.offset]


def same(lines: list[bytes], changes: dict[str, object] = WIDE_OPEN, then: dict[str, object] | None = None) -> Engine:
    """Fold lines in both ways and compare; return the engine that got them together."""
    pages, said, engine = folded(lines, 100, changes, then=then)
    alone = folded(lines, 1, changes, flood=False, then=then)
    assert (pages, said) == alone[:2]
    return engine


def judged_by(when: str) -> bytes:
    """Return the line that puts another playbook in force."""
    return control("playbook", f"2026-03-02 {when}", version="then", digest="")


def use(number: int, when: str, source: str = "app", **more: object) -> bytes:
    """Return the line of a use by one of three users."""
    used: dict[str, object] = {"feature": "reports", "metric": "calls", "quantity": 1, **more}
    moment = f"2026-03-02 {when}"
    return event("feature.used", "a", moment, f"e{number}", user=f"u{number % 3}", source=source, properties=used)


def paid(number: int, day: int, cost: float | None) -> bytes:
    """Return the line of ten calls, and what they cost."""
    used: dict[str, object] = {"metric": "calls", "quantity": 10} | ({} if cost is None else {"cost": cost})
    moment = f"2026-03-{day:02} 10:{number % 60:02}"
    return event("usage.recorded", "a", moment, f"p{number}", user="u1", properties=used)
