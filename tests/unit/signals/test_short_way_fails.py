"""When the short way of a flood fails, what it has half done is undone, and the account goes the clear way."""

import msgspec

from services.signals.core.engine import Engine
from tests.oracle.adapters import Pages
from tests.oracle.writing import WIDE_OPEN, event, playbook


def line(number: int, when: str, day: str = "2026-03-02") -> bytes:
    """Return the line of a use by one of three users."""
    used = {"feature": "reports", "metric": "calls", "quantity": 1}
    return event("feature.used", "a", f"{day} {when}", f"e{number}", user=f"u{number % 3}", properties=used)


def begun() -> tuple[Engine, Pages]:
    """Return an engine of a log with one partition that knows the account and its users, and what it has stored."""
    pages = Pages()
    engine = Engine(0, 1, "log-1", False, playbook(WIDE_OPEN), pages)
    engine.fold_many([(0, b"\n".join(line(number, f"08:{number:02}") for number in range(20)))], 0)
    flush(engine, pages)
    return engine, pages


def flush(engine: Engine, pages: Pages) -> dict[bytes, object]:
    """Write the pages; return them without their stamps."""
    for group in engine.take_dirty():
        pages.apply(group)
    stored = {key: msgspec.msgpack.decode(page, strict=False) for key, page in pages.pages.items()}
    return {key: [page[0], *page[2:]] for key, page in stored.items()}


def test_what_fails_on_the_short_way_is_undone_and_goes_the_clear_way() -> None:
    """A user whose count is broken in memory fails when the uses of others are added already; none is lost or twice."""
    whole, of_whole = begun()
    single, of_single = begun()
    lines = [line(20 + number, f"09:{number:02}") for number in range(40)]
    account = whole.state.accounts["a"]
    account.users[0].users["u2"].on_day = None  # type: ignore[assignment]  # nothing can be added to it
    whole.fold_many([(1, b"\n".join([*lines[:10], lines[3]])), (2, b"\n".join(lines[10:]))], 0)
    single.fold_many([(1, lines[0])], 0)
    for number, one in enumerate([*lines[1:10], lines[3], *lines[10:]], 2):
        single.fold_many([(number, one)], 0)
    assert whole.state.accounts["a"] is not account
    assert [out.topic.name for out in whole.take_outputs()] == [out.topic.name for out in single.take_outputs()]
    counts = whole.take_counts()
    assert counts.pop(("short_way_failed",)) == 1
    assert (counts.pop(("loaded",)), counts) == (1, +single.take_counts())
    assert flush(whole, of_whole) == flush(single, of_single)


def test_what_a_change_of_day_has_said_is_said_once_when_the_short_way_fails_after_it() -> None:
    """The account goes the clear way from before that midnight, which is then told again."""
    whole, of_whole = begun()
    single, of_single = begun()
    seats = event("account.updated", "a", "2026-03-02 11:00", "f", properties={"seats": 3})
    lines = [line(20 + number, f"09:{number:02}", "2026-04-20") for number in range(9)]
    for engine in (whole, single):
        engine.fold_many([(1, seats)], 0)
        assert engine.state.accounts["a"].episodes.of("seat_saturation")
        engine.take_outputs()
    whole.state.accounts["a"].users[0].users["u2"].core_cells = 5  # type: ignore[assignment]  # nothing can be looked up in it
    whole.fold_many([(2, b"\n".join(lines))], 0)
    for number, one in enumerate(lines, 2):
        single.fold_many([(number, one)], 0)
    said = [output.value for output in whole.take_outputs()]
    assert said
    assert said == [output.value for output in single.take_outputs()]
    assert ("short_way_failed",) in whole.take_counts()
    assert flush(whole, of_whole).keys() == flush(single, of_single).keys()


def test_what_is_done_before_another_day_stays_when_the_short_way_fails_behind_it() -> None:
    """Only the events since are folded anew, and what the midnight says is said once."""
    whole, of_whole = begun()
    single, of_single = begun()
    seats = event("account.updated", "a", "2026-03-02 11:00", "f", properties={"seats": 3})
    before = [line(20 + number, f"12:{number:02}") for number in range(9)]
    behind = [line(40 + number, f"09:{number:02}", "2026-04-20") for number in range(9)]
    for engine in (whole, single):
        engine.fold_many([(1, seats)], 0)
        engine.take_outputs()
    account = whole.state.accounts["a"]
    account.users[0].users["u2"].acts = 5  # type: ignore[assignment]  # no day can be added to it
    whole.fold_many([(2, b"\n".join([*before, *behind]))], 0)
    for number, one in enumerate([*before, *behind], 2):
        single.fold_many([(number, one)], 0)
    said = [output.value for output in whole.take_outputs()]
    assert said
    assert said == [output.value for output in single.take_outputs()]
    assert whole.take_counts()["short_way_failed",] == 1
    assert flush(whole, of_whole) == flush(single, of_single)
