"""What reads a broker's answers gives what asyncio's stream reader would, byte for byte."""

import asyncio
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.signals.frames import AHEAD_BYTES, Frames

BYTES = random.Random(5).randbytes(1 << 22)  # noqa: S311 - the same each time

SIZES = st.integers(0, 9) | st.integers(0, 3 * AHEAD_BYTES)
FEED, READ = st.tuples(st.just("feed"), SIZES), st.tuples(st.just("read"), SIZES | st.just(-1))
STEPS = st.lists(FEED | READ | st.tuples(st.just("cancel"), st.just(0)), max_size=30)
ENDS = st.sampled_from(["open", "eof", "broken"])


class Transport:
    """A transport that only knows whether it was halted; never twice the same."""

    halted = False

    def pause_reading(self) -> None:
        """Halt."""
        assert not self.halted
        self.halted = True

    def resume_reading(self) -> None:
        """Go on."""
        assert self.halted
        self.halted = False


async def turns() -> None:
    """Let all have their turns that can."""
    for _ in range(4):
        await asyncio.sleep(0)


class Played:
    """A reader that is fed, read and ended step by step. Shape: `told` is what its reads came to."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader
        self.told: list[Any] = []
        self.reading: asyncio.Task[bytes] | None = None
        self.fed = 0

    async def step(self, kind: str, n: int) -> None:
        """Do one thing and see what came of it; while one read waits there is no other."""
        if kind == "feed":
            self.reader.feed_data(BYTES[self.fed : self.fed + n])
            self.fed += n
        elif kind == "eof":
            self.reader.feed_eof()
        elif kind == "broken":
            self.reader.set_exception(ConnectionResetError("gone"))
        elif kind == "cancel" and self.reading is not None:
            self.reading.cancel()
        elif kind == "read" and self.reading is None:
            self.reading = asyncio.create_task(self.reader.readexactly(n))
        await turns()
        if self.reading is not None and self.reading.done():
            self.told.append(came_to(self.reading))
            self.reading = None
        self.told.append((self.reading is None, self.reader.at_eof()))


def came_to(reading: asyncio.Task[bytes]) -> Any:
    """Return the bytes of a read, or the kind of its error and the bytes that came before the end."""
    if reading.cancelled():
        return "cancelled"
    error = reading.exception()
    if error is None:
        return reading.result()
    return type(error), getattr(error, "partial", None), getattr(error, "expected", None)


@given(STEPS, ENDS, STEPS)
def test_it_reads_what_asyncios_reader_reads(steps: list[tuple[str, int]], end: str, later: list[Any]) -> None:
    """However the bytes are cut, whoever is cancelled, and whether the end comes or a break, with a read before it."""

    async def play() -> None:
        transport: Any = Transport()
        ours, known = Played(Frames(transport)), Played(asyncio.StreamReader())
        after = [(kind, n) for kind, n in later if kind != "feed" or end == "open"]
        for kind, n in [*steps, (end, 0), *after]:
            waits = ours.reading is not None
            await ours.step(kind, n)
            await known.step(kind, n)
            assert ours.told == known.told
            assert not (transport.halted and ours.reading), "who waits waits for ever"
            if kind == "feed" and not waits:
                assert transport.halted or ours.reader._held <= AHEAD_BYTES
        for played in (ours, known):
            if played.reading is not None:
                played.reading.cancel()
                await turns()

    asyncio.run(play())


async def test_who_waits_is_woken_once() -> None:
    """Not for each piece; and an error reaches him, as does the end."""
    frames = Frames(Transport())  # type: ignore[arg-type]  # as much of one as is needed
    reading = frames.readexactly(10)
    waiter = reading.send(None)
    for _ in range(9):
        frames.feed_data(b"a")
        assert not waiter.done()
    frames.feed_data(b"ab")
    assert waiter.done()
    frames.set_exception(ConnectionResetError())  # too late for him
    with pytest.raises(StopIteration) as stopped:
        reading.send(None)
    assert stopped.value.value == b"a" * 10
    with pytest.raises(ConnectionResetError):
        await frames.readexactly(1)


async def test_only_one_may_wait() -> None:
    """As with asyncio's reader."""
    frames = Frames(Transport())  # type: ignore[arg-type]  # as much of one as is needed
    first = asyncio.create_task(frames.readexactly(1))
    await turns()
    with pytest.raises(RuntimeError):
        await frames.readexactly(1)
    frames.feed_data(b"a")
    assert await first == b"a"


async def test_a_socket_is_halted_while_nobody_reads() -> None:
    """It goes on when half of that was read, or when more is wanted than is there; what is waited for halts nothing."""
    transport: Any = Transport()
    frames = Frames(transport)
    frames.feed_data(BYTES[:AHEAD_BYTES])
    assert not transport.halted
    frames.feed_data(b"a")
    assert transport.halted
    await frames.readexactly(AHEAD_BYTES // 2)
    assert transport.halted
    await frames.readexactly(1)
    assert not transport.halted
    reading = asyncio.create_task(frames.readexactly(len(BYTES)))
    await turns()
    frames.feed_data(BYTES[:-1])
    assert not transport.halted
    frames.feed_data(BYTES[: AHEAD_BYTES + 2])
    assert transport.halted
    await reading
    assert transport.halted
    await frames.readexactly(frames._held)
    assert not transport.halted
    frames.feed_data(BYTES[: AHEAD_BYTES + 1])
    assert transport.halted, "what was wanted before counts no more"


@pytest.mark.timeout(60)
async def test_time_grows_with_the_bytes_not_with_the_pieces() -> None:
    """A million tiny frames lie in one piece; one frame lies in as many pieces. Quadratic, either would take hours."""
    frames = Frames(Transport())  # type: ignore[arg-type]  # as much of one as is needed
    frames.feed_data(BYTES)
    for begin in range(0, len(BYTES), 4):
        assert await frames.readexactly(4) == BYTES[begin : begin + 4]
    for begin in range(0, len(BYTES), 4):
        frames.feed_data(BYTES[begin : begin + 4])
    assert await frames.readexactly(len(BYTES)) == BYTES
