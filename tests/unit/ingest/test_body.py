"""A request's body arrives in time and in bounds, or its bytes are given back."""

import asyncio
import gzip
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any

import pytest

from services.ingest.core.quota import ByteBudget
from services.ingest.refusal import Refusal
from services.ingest.routes.body import MOST_MEMBERS, Disconnected, Headers, inflate, read_body
from services.ingest.settings import Settings

NEVER: MutableMapping[str, Any] = {}
LATE: MutableMapping[str, Any] = {"type": "http.request", "body": b"{}"}


def _part(body: bytes, *, more: bool = False) -> MutableMapping[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def _read(messages: list[MutableMapping[str, Any]], budget: ByteBudget) -> bytes:
    left = iter(messages)

    async def receive() -> MutableMapping[str, Any]:
        message = next(left)
        if message is NEVER:
            await asyncio.Event().wait()
        if message is LATE:
            await asyncio.sleep(0.01)
        return message

    settings = Settings(body_seconds=0.05)
    return await read_body(receive, Headers(), settings, budget)


@pytest.mark.parametrize("arrived", [[], [_part(b"{", more=True)]])
async def test_a_body_that_does_not_arrive_is_answered_408(arrived: list[MutableMapping[str, Any]]) -> None:
    """Whether none of it came or only its beginning; nothing stays reserved."""
    budget = ByteBudget(100)
    with pytest.raises(Refusal, match=r"within 0\.05 s") as refused:
        await _read([*arrived, NEVER], budget)
    assert refused.value.status == HTTPStatus.REQUEST_TIMEOUT
    assert budget.used == 0


async def test_a_body_in_one_part_or_in_several_is_the_same() -> None:
    """Its bytes stay reserved until the caller gives them back."""
    budget = ByteBudget(100)
    assert await _read([_part(b"{}")], budget) == b"{}"
    assert await _read([_part(b"{", more=True), _part(b"}")], budget) == b"{}"
    assert await _read([LATE], budget) == b"{}"
    assert await _read([_part(b"", more=True), LATE], budget) == b"{}"
    assert budget.used == 8


async def test_a_client_that_goes_away_is_no_body() -> None:
    """At once or in the middle."""
    gone = {"type": "http.disconnect"}
    for messages in ([gone], [_part(b"{", more=True), gone]):
        budget = ByteBudget(100)
        with pytest.raises(Disconnected):
            await _read(messages, budget)
        assert budget.used == 0


async def test_a_reader_that_is_cancelled_stops_waiting_for_the_body() -> None:
    """The waiting of the server's own is undone with it."""
    undone = asyncio.Event()

    async def receive() -> MutableMapping[str, Any]:
        try:
            await asyncio.Event().wait()
        finally:
            undone.set()
        return NEVER

    reading = asyncio.create_task(read_body(receive, Headers(), Settings(), ByteBudget(100)))
    await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert undone.is_set()


def test_gzip_data_of_many_members_is_refused() -> None:
    """Each member costs a copy of what is left: 6 MB of empty ones would hold up everybody for half a minute."""
    member = gzip.compress(b"{}")
    assert inflate(member * MOST_MEMBERS, 1_000) == b"{}" * MOST_MEMBERS
    with pytest.raises(Refusal, match="at most 100 members") as refused:
        inflate(gzip.compress(b"") * (MOST_MEMBERS + 1), 1_000)
    assert (refused.value.status, refused.value.code) == (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
