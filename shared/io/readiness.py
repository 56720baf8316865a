"""Readiness: what a service tells its supervisor, truthfully.

`/healthz` says that the process answers. `/readyz` says that it can do its work now: every expected check is ok and
every probe of a dependency has just succeeded.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec

__all__ = ["Probe", "Readiness", "answer"]

Probe = Callable[[], Awaitable[object]]
PROBE_SECONDS = 2.0
PROBED_FOR_SECONDS = 1.0


class Readiness:
    """Named checks of one service; ready when all that are expected are ok.

    Shape: a check is *waiting* (with what for), ok or failed (with why). Safe to read from another thread.
    """

    def __init__(self) -> None:
        self._troubles: dict[str, str | None] = {}
        self._probes: dict[str, Probe] = {}
        self._probed_at = float("-inf")
        self._probing = asyncio.Lock()

    def expect(self, name: str, why: str = "not yet") -> None:
        """Name a check that must become ok before the service is ready."""
        self._troubles.setdefault(name, why)

    def ok(self, name: str) -> None:
        """Say that a check holds."""
        self._troubles[name] = None

    def fail(self, name: str, why: str) -> None:
        """Say that a check does not hold, and why, in one sentence."""
        self._troubles[name] = why

    def probe(self, name: str, probe: Probe) -> None:
        """Ask a dependency at each `/readyz` (at most once a second): the check is ok when `probe` does not raise."""
        self._probes[name] = probe
        self.expect(name, "not asked yet")

    def report(self) -> tuple[bool, dict[str, str]]:
        """Return whether the service is ready, and each check's state: `ok` or what is wrong."""
        troubles = dict(self._troubles)
        return not any(troubles.values()), {name: why or "ok" for name, why in troubles.items()}

    async def refresh(self) -> None:
        """Run the probes, unless that was done within the last second."""
        async with self._probing:
            if time.monotonic() - self._probed_at < PROBED_FOR_SECONDS:
                return
            await asyncio.gather(*(self._run(name, probe) for name, probe in self._probes.items()))
            self._probed_at = time.monotonic()

    async def _run(self, name: str, probe: Probe) -> None:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await probe()
        except TimeoutError:
            self.fail(name, f"no answer within {PROBE_SECONDS:g} s")
        except Exception as error:  # noqa: BLE001 - fate: reported as not ready, with its reason; the next probe retries
            self.fail(name, f"{type(error).__name__}: {error}"[:300])
        else:
            self.ok(name)


def answer(path: str, readiness: Readiness) -> tuple[HTTPStatus, bytes]:
    """Return the answer of `/healthz` or `/readyz`, and 404 for any other path."""
    if path == "/healthz":
        return HTTPStatus.OK, b'{"status":"ok"}'
    if path == "/readyz":
        ready, checks = readiness.report()
        body = msgspec.json.encode({"ready": ready, "checks": checks})
        return (HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE), body
    return HTTPStatus.NOT_FOUND, b'{"code":"not_found","message":"there are /healthz, /readyz and /metrics here"}'
