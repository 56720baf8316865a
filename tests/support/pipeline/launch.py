"""Start the pipeline as the console does, and die where the test says.

`UPSWING_TEST_DIE` is `<point>:<n>`: the process kills itself (SIGKILL) at the n-th passage of that point; with `:stop`
behind it, it only stands still there (SIGSTOP). Production code knows nothing of this: the points are put around its
methods here. Settings come from the environment, as always.
"""

import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from services.pipeline import outbox
from services.pipeline.app import command
from services.pipeline.consumer import Feed
from services.pipeline.unit import Unit
from shared.kernel.topics import EVENTS

POINTS = (
    "before_commit",
    "after_commit",
    "after_offsets",
    "before_send",
    "after_send",
    "after_settle",
)


class Death:
    """Counts the passages of one point and kills the process at the n-th."""

    def __init__(self, point: str, number: str, how: str = "kill") -> None:
        self._point = point
        self._left = int(number)
        self._signal = signal.SIGSTOP if how == "stop" else signal.SIGKILL

    def at(self, point: str) -> None:
        """Pass a point."""
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), self._signal)


def main() -> None:
    """Run a pipeline that dies on demand."""
    if wanted := os.environ.get("UPSWING_TEST_DIE"):
        _surround(Death(*wanted.split(":")))
    command()


def _surround(death: Death) -> None:
    run, commit, deliver = Unit.run, Feed._commit, outbox._deliver

    async def run_and_die(unit: Unit, name: str, work: Callable[[Any], Awaitable[Any]], *, rings: bool = True) -> Any:
        async def work_and_die(session: Any) -> Any:
            result = await work(session)
            if name == "triggers":
                await session.flush()
                death.at("before_commit")
                await _begin_statement(session)
                death.at("in_statement")
            return result

        result = await run(unit, name, work_and_die, rings=rings)
        if name == "triggers":
            death.at("after_commit")
        if name == "outbox" and result:
            death.at("after_settle")
        return result

    async def commit_and_die(feed: Feed, *rest: Any) -> None:
        await commit(feed, *rest)
        if feed.name == "triggers":
            death.at("after_offsets")

    async def deliver_and_die(producer: Any, rows: Any) -> None:
        counts = any(not row.topic.endswith(EVENTS.name) for row in rows)  # not the night's word to signals alone
        death.at("before_send" if counts else "")
        await deliver(producer, rows)
        death.at("after_send" if counts else "")

    Unit.run, Feed._commit, outbox._deliver = run_and_die, commit_and_die, deliver_and_die


async def _begin_statement(session: Any) -> None:
    """Leave a statement described and not executed, as asyncpg does each time that it sends a new one."""
    raw = await (await session.connection()).get_raw_connection()
    await raw.driver_connection.prepare("select 1")


if __name__ == "__main__":
    main()
