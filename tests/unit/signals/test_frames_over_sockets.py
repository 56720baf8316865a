"""Connections to a broker that answers over a real socket, on both kinds of loop, plain and secured."""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import BrokerMetadata

from services.signals.frames import AHEAD_BYTES, Frames, read_frames

BYTES = random.Random(5).randbytes(1 << 22)  # noqa: S311 - the same each time
PIECE_BYTES = 1 << 18  # the most that a loop reads from a socket at once
LOOPS = pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
SECURED = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Loops = Callable[[], asyncio.AbstractEventLoop]


def contexts(tls: bool) -> tuple[ssl.SSLContext | None, ssl.SSLContext | None]:
    """Return what a server and a client secure their connection with, without certificates."""
    if not tls:
        return None, None
    both = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    both[1].check_hostname, both[1].verify_mode = False, ssl.CERT_NONE
    for context in both:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AECDH-AES256-SHA:@SECLEVEL=0")
    return both


@asynccontextmanager
async def connected(serve: Serve, tls: bool) -> AsyncIterator[Any]:
    """Give a client's connection to a broker that tells no versions and then does what it is told to."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(4), "big")
        correlation = (await reader.readexactly(size))[4:8]
        writer.write(framed(correlation + bytes(6)))
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    server_tls, client_tls = contexts(tls)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=server_tls)
    host, port = server.sockets[0].getsockname()
    client = AIOKafkaClient(security_protocol="SSL" if tls else "PLAINTEXT", ssl_context=client_tls)
    client.cluster._brokers = {0: BrokerMetadata(0, host, port, None)}
    read_frames(client)
    conn = await client._get_conn(0)
    assert type(conn._reader) is Frames
    try:
        yield conn
    finally:
        await client.close()
        server.close()


def framed(payload: bytes) -> bytes:
    """Return an answer as it comes over the wire."""
    return len(payload).to_bytes(4, "big") + payload


def run(new_loop: Loops, job: Awaitable[None]) -> None:
    """Run on a loop of one kind."""

    async def bounded() -> None:
        await asyncio.wait_for(job, 60)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(bounded())


@LOOPS
@SECURED
def test_answers_over_a_socket(new_loop: Loops, tls: bool) -> None:
    """Small ones, large ones and none, cut anywhere; the last is cut short, and whoever waits for it is told."""
    sizes = random.Random(7)  # noqa: S311 - the same each time
    answers = [BYTES[: sizes.choice([0, 1, 5, 1000, 300_000, len(BYTES)])] for _ in range(40)]
    stream = b"".join(map(framed, answers)) + framed(b"cut short")[:-1]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly((4 + 1) * (len(answers) + 1))
        at = 0
        while at < len(stream):
            size = sizes.choice([1, 3, 4, 7, 1000, 70_000, 2_000_000])
            writer.write(stream[at : at + size])
            await writer.drain()
            at += size

    async def ask() -> None:
        async with connected(serve, tls) as conn:
            asked = [conn._send_sasl_token(b"?", expect_response=True) for _ in range(len(answers) + 1)]
            for asking, answer in zip(asked[:-1], answers, strict=True):
                assert await asking == answer
            with pytest.raises(KafkaConnectionError):
                await asked[-1]
            assert not conn.connected()

    run(new_loop, ask())


@LOOPS
@SECURED
def test_a_broker_that_nobody_listens_to_is_held_back(new_loop: Loops, tls: bool) -> None:
    """What it sends stays in its hands and in the kernel's, and is read when somebody asks again."""
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readexactly(5)
        for _ in range(16):
            writer.write(BYTES)
            await writer.drain()
            sent += 1

    async def ask() -> None:
        async with connected(serve, tls) as conn:
            frames = conn._reader
            conn._read_task.cancel()
            conn._writer.write(framed(b"?"))
            while not frames._paused:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            assert frames._held <= AHEAD_BYTES + 2 * PIECE_BYTES
            assert sent < 16
            for _ in range(16):
                assert await frames.readexactly(len(BYTES)) == BYTES
            with pytest.raises(asyncio.IncompleteReadError):
                await frames.readexactly(1)
            assert frames.at_eof()

    run(new_loop, ask())


@LOOPS
def test_a_connection_that_something_is_on_its_way_to_is_left_as_it_is(new_loop: Loops) -> None:
    """An answer to what was asked, a byte that nobody asked for, or the end; and a connection is taken over once."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while asked := await reader.read(5):
            writer.write(asked)

    async def ask() -> None:
        async with connected(serve, tls=False) as conn:
            client: Any = AIOKafkaClient()
            client.cluster._brokers = {0: BrokerMetadata(0, conn.host, conn.port, None)}
            early = await client._get_conn(0)
            read_frames(client)
            asking = early._send_sasl_token(b"?", expect_response=True)
            assert await kind_of_reader(client) is asyncio.StreamReader
            assert await asking == b"?"
            early._reader.feed_data(b"?")
            assert await kind_of_reader(client) is asyncio.StreamReader
            early.close()
            early = await client._get_conn(0)
            taken = early._reader
            assert type(taken) is Frames
            assert (await client._get_conn(0))._reader is taken
            assert await early._send_sasl_token(b"!", expect_response=True) == b"!"
            client.cluster._brokers = {}
            assert await client._get_conn(1) is None
            await client.close()

    run(new_loop, ask())


async def kind_of_reader(client: Any) -> type:
    """Return what reads a client's connection, once it was asked for."""
    return type((await client._get_conn(0))._reader)
