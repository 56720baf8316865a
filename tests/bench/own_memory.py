"""What accounts and their users take in memory, in a process of its own: folds a log of `mixture` and tells as JSON."""

import gc
import sys

import msgspec

FLUSH_EVENTS = 100_000


def main(accounts: int, events: int) -> None:
    """Fold so many events an account, and weigh what is left."""
    from services.signals.compiled import choose  # noqa: PLC0415 - before anything of the core is imported
    from services.signals.settings import Settings  # noqa: PLC0415 - as above

    core = choose(Settings().compiled)
    from tests.bench.memory import Weighed  # noqa: PLC0415 - it was chosen only now which core runs
    from tests.bench.weighing import fold, weigh  # noqa: PLC0415 - as above

    gc.collect()
    engines, stored, rss = fold(accounts, events, FLUSH_EVENTS)
    users = sum(len(page.users) for e in engines for a in e.state.accounts.values() for page in a.users)
    told = Weighed(core.kind, accounts, users, stored, rss, weigh([engine.state for engine in engines]))
    sys.stdout.buffer.write(msgspec.json.encode(told))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
