"""The fold as accounts grow, in a process of its own, compiled where that is so: tells what an event costs as JSON."""

import gc
import sys

import msgspec


def main(kind: str, size: int, spread: str, events: int, accounts_bytes: int) -> None:
    """Measure; 0 for `accounts_bytes` is the service's own setting."""
    from services.signals.compiled import choose  # noqa: PLC0415 - before anything of the core is imported
    from services.signals.settings import Settings  # noqa: PLC0415 - as above

    core = choose(Settings().compiled)
    from services.signals.app import OLDER_GENERATIONS, YOUNG_OBJECTS  # noqa: PLC0415 - it was chosen only now which
    from tests.bench.growing import by_accounts, by_users  # noqa: PLC0415 - as above

    gc.set_threshold(YOUNG_OBJECTS, OLDER_GENERATIONS, OLDER_GENERATIONS)
    settings = Settings(**{"accounts_bytes": accounts_bytes} if accounts_bytes else {})
    costs = by_users(settings, size, events) if kind == "users" else by_accounts(settings, size, spread, events)
    costs.core = core.kind
    sys.stdout.buffer.write(msgspec.json.encode(costs))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
