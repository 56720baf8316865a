"""Start a signals worker as the service does, with one of two engines, and die where the test says.

`UPSWING_TEST_ENGINE` is `counting` or `real`. `UPSWING_TEST_DIE` is `<stage>:<before|after>:<n>`: the process kills
itself with SIGKILL before or after the n-th run of that stage. Production code knows nothing of this: the stages are a
list, and this script wraps them. Settings come from the environment, as always.
"""

import os
import signal

from services.signals import flush
from services.signals.app import run
from services.signals.flush import Flush, Stage, Work
from services.signals.settings import Settings


def main() -> None:
    """Run a worker that dies on demand."""
    if death := os.environ.get("UPSWING_TEST_DIE"):
        stage, when, number = death.split(":")
        flush.STAGES = tuple(_deadly(each, when, int(number)) if each.name == stage else each for each in flush.STAGES)
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
        if when == "before" and runs == number:
            os.kill(os.getpid(), signal.SIGKILL)
        await stage.run(flush, work)
        if when == "after" and runs == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return Stage(stage.name, run_and_die)


if __name__ == "__main__":
    main()
