"""Posting to receivers that others run: https, public addresses, no redirects, bounded answers, and what was lost.

aiohttp is used directly: Slack's own clients follow redirects, retry on their own and trust proxies.
Source: reliability (what follows, 5 and 9), decision 0009.
"""

import socket
from typing import Any

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from services.notify.core.destination import refuse_address
from services.notify.core.schedule import Lost, Refused, Retry

ANSWER_MOST_BYTES = 1 << 18
IDLE_SECONDS = 4.0  # a connection kept longer may have been closed by the receiver, which makes a post ambiguous


class ForbiddenAddressError(OSError):
    """A host's name led to an address that may not be connected to. Fate: the delivery is dead."""


class Answer(msgspec.Struct, frozen=True):
    """What a receiver answered."""

    status: int
    retry_after: str | None
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, for the log."""
        return self.body[:1000].decode("utf-8", "replace")


class GuardedResolver(AbstractResolver):
    """Resolves names and refuses forbidden addresses; connections go to what it gave: nothing can change between."""

    def __init__(self, *, allow_local: bool) -> None:
        self._names = ThreadedResolver()
        self._allow_local = allow_local

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host. Errors: `ForbiddenAddressError`."""
        found = await self._names.resolve(host, port, family)
        for result in found:
            refused = refuse_address(result["host"], allow_local=self._allow_local)
            if refused:
                raise ForbiddenAddressError(f"{host} is not called: {refused}")
        return found

    async def close(self) -> None:
        """Nothing is kept open."""


class Receiver:
    """Posts to receivers; one for the process."""

    def __init__(self, *, allow_local: bool, timeout_s: float) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=GuardedResolver(allow_local=allow_local), keepalive_timeout=IDLE_SECONDS, limit_per_host=16
            ),
            timeout=aiohttp.ClientTimeout(total=timeout_s, sock_connect=timeout_s / 2),
            trust_env=False,
            auto_decompress=False,
        )

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer | Retry | Lost | Refused:
        """Post a body; return the answer, or what the lack of one means."""
        return await self._request("POST", url, headers, data=body)

    async def get(self, url: str, params: dict[str, str], headers: dict[str, str]) -> Answer | Retry | Lost | Refused:
        """Ask for something; return the answer, or what the lack of one means."""
        return await self._request("GET", url, headers, params=params)

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def _request(
        self, method: str, url: str, headers: dict[str, str], **more: Any
    ) -> Answer | Retry | Lost | Refused:
        try:
            async with self._session.request(method, url, headers=headers, allow_redirects=False, **more) as response:
                body = await response.content.read(ANSWER_MOST_BYTES)
                while (part := await response.content.read(ANSWER_MOST_BYTES)) and len(body) < ANSWER_MOST_BYTES:
                    body += part
                return Answer(response.status, response.headers.get("Retry-After"), body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return _not_connected(error)
        except aiohttp.InvalidURL:
            return Refused("its URL cannot be used")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return Lost(f"no answer: {type(error).__name__}")


def _not_connected(error: aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError) -> Retry | Refused:
    cause = getattr(error, "os_error", None)
    if isinstance(cause, ForbiddenAddressError):
        return Refused(str(cause))
    return Retry(f"cannot connect: {type(error).__name__}")
