"""Where exceptions end: the record's fate is the engine's business, the other two end the process here.

A *dependency* that does not answer within its deadline and a broken *invariant* both mean: leave at once and let the
supervisor start again from what is durable. Leaving in the middle is safe at any instruction (design, durability 2), so
nothing is closed or flushed on the way out.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn

from shared.io.logs import get_logger
from shared.kernel.errors import EXIT_CONFIGURATION, ConfigurationError, UpswingError

__all__ = ["EXIT_CONFIGURATION", "EXIT_FAILURE", "guarded", "leave"]

EXIT_FAILURE = 1

log = get_logger(__name__)


def leave(error: BaseException) -> NoReturn:
    """End the process at once, with one sentence in the log; the exit code says whether a restart can help."""
    expected = isinstance(error, UpswingError)
    log.critical("leaving", fate=type(error).__name__, why=str(error), exc_info=None if expected else error)
    for handler in logging.getLogger().handlers:
        handler.flush()
    sys.stderr.flush()
    os._exit(EXIT_CONFIGURATION if isinstance(error, ConfigurationError) else EXIT_FAILURE)


def guarded(work: Callable[..., Awaitable[None]], *args: object) -> Coroutine[Any, Any, None]:
    """Return a coroutine for a background task: whatever it raises ends the process instead of vanishing."""

    async def run() -> None:
        try:
            await work(*args)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - fate: exit; a background task that died silently is a stalled worker
            leave(error)

    return run()
