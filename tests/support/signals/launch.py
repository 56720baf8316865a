"""Start a signals worker as the service does, with one of two engines, and die where the test says.

`UPSWING_TEST_ENGINE` is `counting` or `real`. `UPSWING_TEST_DIE` is `<stage>:<before|after|pause|parts>:<n>`: the
process kills itself (SIGKILL) before or after the n-th run of that stage, or stops itself (SIGSTOP) before it; `parts`
kills it in mid-stage, when the first batches of pages are with the broker. `UPSWING_TEST_BREAK` restores a bug on
purpose, for the test that asserts that the others would see it, widens a race, or lets something else fail.
`UPSWING_TEST_CLOCK` names a file with the seconds by which this process's wall clock is wrong. `UPSWING_TEST_SWEPT` is
how many accounts a control may change before others have a turn. Production code knows nothing of this: the stages are
a list, and this script wraps them. Settings come from the environment, as always.
"""

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from faust.tables.recovery import Recovery
from faust.types import TP

from services.signals import flush, owned, playbooks
from services.signals.app import run
from services.signals.compiled import choose
from services.signals.consumer import SignalsConsumer
from services.signals.delivery import Delivery
from services.signals.flush import Flush, Stage, Work
from services.signals.owned import OutputLike, Owned
from services.signals.settings import Settings
from shared.kernel.topics import CHANGELOG, EVENTS
from tests.support.signals.company import RAISING_RULE, without_play

BATCHES_BEFORE_DEATH = 3
CLOCK_SECONDS = 0.1
SIGNALS_BEFORE = {"before": signal.SIGKILL, "pause": signal.SIGSTOP}


def main() -> None:
    """Run a worker that dies on demand."""
    if clock := os.environ.get("UPSWING_TEST_CLOCK"):
        _let_the_clock_be_wrong(Path(clock))
    if death := os.environ.get("UPSWING_TEST_DIE"):
        stage, when, number = death.split(":")
        flush.STAGES = tuple(_deadly(each, when, int(number)) if each.name == stage else each for each in flush.STAGES)
    if swept := os.environ.get("UPSWING_TEST_SWEPT"):
        owned.MOST_SWEPT = int(swept)
    if broken := os.environ.get("UPSWING_TEST_BREAK"):
        BROKEN[broken]()
    settings, core = Settings(), None
    if os.environ.get("UPSWING_TEST_ENGINE", "counting") == "real":
        core = choose(settings.compiled)
        from services.signals.core.engine import Engine as engine  # noqa: N813, PLC0415 - one of two, chosen at run time
    else:
        from tests.support.signals.counting import CountingEngine as engine  # noqa: N813, PLC0415 - as above
    run(settings, engine, core)


def _deadly(stage: Stage, when: str, number: int) -> Stage:
    runs = 0

    async def run_and_die(flush: Flush, work: list[Work]) -> None:
        nonlocal runs
        runs += 1
        if when in SIGNALS_BEFORE and runs == number:
            os.kill(os.getpid(), SIGNALS_BEFORE[when])
        if when == "parts" and runs == number:
            _die_after_batches()
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


def _die_after_batches() -> None:
    """Kill the process once the broker has some batches of pages and others are still to come."""
    submit, sent = Delivery._submit, 0

    async def submit_and_die(delivery: Delivery, tp: TP, *records: Any) -> Any:
        nonlocal sent
        delivered = await submit(delivery, tp, *records)
        sent += tp.topic.endswith(CHANGELOG.name)
        if sent == BATCHES_BEFORE_DEATH:
            await delivered
            os.kill(os.getpid(), signal.SIGKILL)
        return delivered

    Delivery._submit = submit_and_die


def _let_the_clock_be_wrong(file: Path) -> None:
    """Let whoever asks this process for the time of day be told a wrong one; durations stay right."""
    right, right_ns, read_at, wrong = time.time, time.time_ns, float("-inf"), 0.0

    def seconds() -> float:
        nonlocal read_at, wrong
        if time.monotonic() - read_at > CLOCK_SECONDS:
            read_at, wrong = time.monotonic(), float(file.read_text() or 0)
        return wrong

    time.time = lambda: right() + seconds()
    time.time_ns = lambda: right_ns() + int(seconds() * 1e9)


def _skip_a_record() -> None:
    """Lose one fetched record from the middle of a batch, as a plain Faust agent was seen to do."""
    getmany, lost = SignalsConsumer._getmany, False

    async def lose(consumer: SignalsConsumer, *args: Any, **options: Any) -> Any:
        nonlocal lost
        fetched = await getmany(consumer, *args, **options)
        for tp, batch in fetched.items():
            if tp.topic.endswith(EVENTS.name) and len(batch) > 2 and not lost:
                lost = True
                fetched[tp] = [batch[0], *batch[2:]]
        return fetched

    SignalsConsumer._getmany = lose


def _let_a_rule_raise() -> None:
    """Take the play of a rule out of the playbook after it was found valid: the rule then fails when it fires."""
    read = playbooks.read_playbook
    playbooks.read_playbook = lambda path: without_play(read(path), RAISING_RULE)


BROKEN = {
    "outputs_last": _send_outputs_last,
    "slow_seek": _dawdle_after_seeking,
    "skip": _skip_a_record,
    "rule": _let_a_rule_raise,
}


if __name__ == "__main__":
    main()
