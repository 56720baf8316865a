"""Start a signals worker as the service does, with one of two engines, and die where the test says.

`UPSWING_TEST_ENGINE` is `counting` or `real`. `UPSWING_TEST_DIE` is `<stage>:<before|after|pause>:<n>`: the process
kills itself (SIGKILL) before or after the n-th run of that stage, or stops itself (SIGSTOP) before it.
`UPSWING_TEST_BREAK` restores a bug on purpose, for the test that asserts that the others would see it, or widens a
race. Production code knows nothing of this: the stages are a list, and this script wraps them. Settings come from the
environment, as always.
"""

import os
import signal
import time
from collections.abc import Iterable

from faust.tables.recovery import Recovery

from services.signals import flush
from services.signals.app import run
from services.signals.delivery import Delivery
from services.signals.flush import Flush, Stage, Work
from services.signals.owned import OutputLike, Owned
from services.signals.settings import Settings

SIGNALS_BEFORE = {"before": signal.SIGKILL, "pause": signal.SIGSTOP}


def main() -> None:
    """Run a worker that dies on demand."""
    if death := os.environ.get("UPSWING_TEST_DIE"):
        stage, when, number = death.split(":")
        flush.STAGES = tuple(_deadly(each, when, int(number)) if each.name == stage else each for each in flush.STAGES)
    if broken := os.environ.get("UPSWING_TEST_BREAK"):
        BROKEN[broken]()
    if os.environ.get("UPSWING_TEST_ENGINE", "counting") == "real":
        from services.signals.core.engine import Engine as engine  # noqa: N813, PLC0415 - one of two, chosen at run time
    else:
        from tests.support.signals.counting import CountingEngine as engine  # noqa: N813, PLC0415 - as above
    run(Settings(), engine)


def _deadly(stage: Stage, when: str, number: int) -> Stage:
    runs = 0

    async def run_and_die(flush: Flush, work: list[Work]) -> None:
        nonlocal runs
        runs += 1
        if when in SIGNALS_BEFORE and runs == number:
            os.kill(os.getpid(), SIGNALS_BEFORE[when])
        await stage.run(flush, work)
        if when == "after" and runs == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return Stage(stage.name, run_and_die)


def _send_outputs_last() -> None:
    """Deliver triggers only after pages and offsets: a crash in between then loses them."""
    late: list[tuple[Owned, list[OutputLike]]] = []
    send = Delivery.send

    async def keep(_delivery: Delivery, owned: Owned, outputs: Iterable[OutputLike]) -> None:
        late.append((owned, list(outputs)))

    async def send_late(flush: Flush, _work: list[Work]) -> None:
        while late:
            await send(flush.delivery, *late.pop(0))

    Delivery.send = keep
    flush.STAGES = (*flush.STAGES, Stage("late", send_late))


def _dawdle_after_seeking() -> None:
    """Hold the event loop between recovery's seek and its first fetch, while the consumer's thread goes on."""
    seek_offsets = Recovery._seek_offsets

    async def seek_slowly(recovery: Recovery, *args: object) -> None:
        await seek_offsets(recovery, *args)
        time.sleep(0.6)  # noqa: ASYNC251 - to hold the loop is the point

    Recovery._seek_offsets = seek_slowly


BROKEN = {"outputs_last": _send_outputs_last, "slow_seek": _dawdle_after_seeking}


if __name__ == "__main__":
    main()
