"""A flood of one account, folded at once or record by record, to compare."""

import msgspec

from services.signals.core.engine import Engine
from tests.oracle.adapters import Pages
from tests.oracle.writing import WIDE_OPEN, event, playbook

__all__ = ["folded", "paid", "same", "use"]


def folded(
    lines: list[bytes], together: int, changes: dict[str, object] = WIDE_OPEN, *, flood: bool = True
) -> tuple[dict[bytes, object], list[str], Engine]:
    """Fold lines in records of so many, as a flood or record by record; return what is stored and what was said.

    Shape: pages without their stamps; the topics of what was said.
    """
    pages = Pages()
    engine = Engine(0, 1, "log-1", False, playbook(changes), pages)
    engine.fold_many([(0, lines[0])], 0)  # from now on it knows the account
    records = [b"\n".join(lines[at : at + together]) for at in range(1, len(lines), together)]
    numbered = list(enumerate(records, 1))
    for some in [numbered] if flood else [[one] for one in numbered]:
        engine.fold_many(some, 0)
    said = [output.topic.name for output in engine.take_outputs()]
    for group in engine.take_dirty():
        pages.apply(group)
    stored = {key: msgspec.msgpack.decode(page, strict=False) for key, page in pages.pages.items()}
    return {key: [page[0], *page[2:]] for key, page in stored.items()}, said, engine


def same(lines: list[bytes], changes: dict[str, object] = WIDE_OPEN) -> Engine:
    """Fold lines in both ways and compare; return the engine that got them together."""
    pages, said, engine = folded(lines, 100, changes)
    alone = folded(lines, 1, changes, flood=False)
    assert (pages, said) == alone[:2]
    return engine


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
