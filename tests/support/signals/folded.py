"""Fold logs by the core that is asked for, `off` or `required`, and write down all that it says and stores.

Run as a program: `python -m tests.support.signals.folded <mode> <logs> <told>`, both files as `msgspec` packs them.
"""

import sys
from pathlib import Path

import msgspec

from services.signals.compiled import Mode, choose

Told = list[tuple[str, bytes, bytes | None]]
NOW_MS, LATER_MS = 1_800_000_000_000, 70_000
LET_GO_EVERY, EVERYTHING = 3, 1 << 60


class Log(msgspec.Struct):
    """Batches of records of one partition. Shape: `playbook` is a version of `PLAYBOOKS`, empty for the default one."""

    playbook: str
    batches: list[list[bytes]]


def main(mode: Mode, logs: Path, told: Path) -> None:
    """Fold and write."""
    choose(mode)
    given = msgspec.msgpack.decode(logs.read_bytes(), type=list[Log])
    told.write_bytes(msgspec.msgpack.encode([fold(log) for log in given]))


def fold(log: Log) -> Told:
    """Return the outputs, snapshots and pages of a log in the order in which they came.

    Controls stop after each account, and now and then all accounts are let go.
    """
    from services.signals.core.engine import Engine  # noqa: PLC0415 - it was chosen only now which one
    from shared.io.playbooks import read_playbook  # noqa: PLC0415 - as above
    from tests.oracle.adapters import EPOCH, Pages  # noqa: PLC0415 - as above
    from tests.property.signals.companies import PARTITION, PARTITIONS  # noqa: PLC0415 - as above
    from tests.property.signals.playbooks import PLAYBOOKS  # noqa: PLC0415 - as above

    default = read_playbook(Path("playbooks/default.yaml"))
    pages, told, offset, now_ms = Pages(), Told(), 0, NOW_MS
    engine = Engine(PARTITION, PARTITIONS, EPOCH, False, PLAYBOOKS.get(log.playbook, default), pages)
    engine.most_swept = 1
    for number, batch in enumerate(log.batches):
        records = list(enumerate(batch, offset))
        offset, now_ms = offset + len(records), now_ms + LATER_MS
        while records:
            engine.fold_many(records, now_ms)
            if (version := engine.needs_playbook()) is not None:
                engine.add_playbook(version, PLAYBOOKS[version])
            records = [record for record in records if record[0] > engine.offset]
        outputs = [*engine.take_outputs(), *engine.take_snapshots(now_ms)]
        told += [(output.topic.name, output.key, output.value) for output in outputs]
        for group in engine.take_dirty():
            told += [("page", key, page) for key, page in group]
            pages.apply(group)
        if number % LET_GO_EVERY == 0:
            engine.let_go(EVERYTHING)
        told += [(" ".join(kind), b"", str(count).encode()) for kind, count in sorted(engine.take_counts().items())]
    return told


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))  # type: ignore[arg-type]  # the test names one of the three
