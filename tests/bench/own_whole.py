"""Our own processor with the whole playbook on: the service as it runs, on one core, over a log of its own.

The environment says what to read and write, as in `own_signals`, and on which core (`CORE`) and port (`PORT`). The
playbook is the default one with every rule on; the clock is off, since the events are of the past.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import psutil

from tests.bench.own_signals import ROOT, create_topics, rename


def main() -> None:
    """Run the service until SIGTERM."""
    given = dict(os.environ)
    if given.get("CORE"):
        psutil.Process().cpu_affinity([int(given["CORE"])])
    rename(given)
    asyncio.run(create_topics(given["BROKER"], given["INPUT_TOPIC"]))
    from services.signals import app  # noqa: PLC0415 - it takes the topics by name, so these come first
    from services.signals.compiled import choose  # noqa: PLC0415 - as above
    from services.signals.settings import Settings  # noqa: PLC0415 - as above

    core = choose(Settings().compiled)
    from services.signals.core.engine import Engine  # noqa: PLC0415 - it was chosen only now

    app.GROUP = given["GROUP"]

    def engine(*arguments: Any) -> Engine:
        os.write(1, b"FIRST\n")  # a partition is taken over: its first event is next
        return Engine(*arguments)

    settings = Settings(
        kafka=given["BROKER"],
        instance="bench",
        datadir=Path(given["STATE_DIR"]),
        playbook=ROOT / "playbooks" / "default.yaml",
        port=int(given["PORT"]),
        ticker=False,
        log_level="warning",
    )
    app.run(settings, engine, core)


if __name__ == "__main__":
    main()
