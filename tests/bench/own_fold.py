"""The fold in a process of its own, compiled where that is so: tells the costs of a job as JSON."""

import gc
import sys

import msgspec


def main(job: str, count: int, accounts: int) -> None:
    """Measure."""
    from services.signals.compiled import choose  # noqa: PLC0415 - before anything of the core is imported
    from services.signals.settings import Settings  # noqa: PLC0415 - as above

    core = choose(Settings().compiled)
    from services.signals.app import OLDER_GENERATIONS, YOUNG_OBJECTS  # noqa: PLC0415 - it was chosen only now which
    from tests.bench.in_process import measure  # noqa: PLC0415 - as above

    gc.set_threshold(YOUNG_OBJECTS, OLDER_GENERATIONS, OLDER_GENERATIONS)
    costs = measure(job, count, accounts)
    costs.core = core.kind
    sys.stdout.buffer.write(msgspec.json.encode(costs))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
