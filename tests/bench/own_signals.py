"""Our own processor as a contestant: the service as it runs, on the topics and thresholds that the comparison names.

The environment says what to read and write (`BROKER`, `INPUT_TOPIC`, `OUTPUT_TOPIC`, `GROUP`, `STATE_DIR`,
`USAGE_LIMIT`, `SEATS`, `GATED_FEATURES`), as the rival kit gives it to every contestant. Only names change: topics,
group and folder; thresholds are a playbook's business and stand in one that is written here. One setting differs from
those of a running stack: the clock is off, since the events are of the past. All others, the flush interval among them,
are the service's own, so they are those of the measurement from end to end.
"""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from deploy.local.ports import free_port
from shared.io.kafka import ensure_topics
from shared.kernel import topics
from shared.kernel.playbook.risk import Rules
from tests.bench.encode import METRIC, PLAN
from tests.bench.job import CEILING_PERCENT, FEATURES

ROOT = Path(__file__).parents[2]
ABOVE = "Above"
JOB = ("usage_ceiling", "seat_saturation", "gated_exploration")  # what every contestant looks for
CORE_FEATURES = 7  # the default gate asks for so many
TABLE_SUFFIX = "-pages-changelog"  # how Faust names the changelog of the table `pages`


def main() -> None:
    """Run the service until SIGTERM."""
    given = dict(os.environ)
    folder = Path(given["STATE_DIR"])
    playbook = write_playbook(folder, int(given["USAGE_LIMIT"]), given["GATED_FEATURES"].split(","))
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
        datadir=folder,
        playbook=playbook,
        port=free_port(),
        ticker=False,
        log_level="warning",
    )
    app.run(settings, engine, core)


def rename(given: Mapping[str, str]) -> None:
    """Give the topics of the service the names of this run."""
    group = given["GROUP"]
    names = {"EVENTS": given["INPUT_TOPIC"], "TRIGGERS": given["OUTPUT_TOPIC"], "CHANGELOG": group + TABLE_SUFFIX}
    for row in ("FACTS", "SNAPSHOTS", "DEAD_LETTERS", "PLAYBOOKS"):
        names[row] = f"{group}.{row.lower()}"
    for row, name in names.items():
        setattr(topics, row, msgspec.structs.replace(getattr(topics, row), name=name))


async def create_topics(bootstrap: str, source: str) -> None:
    """Create what the service writes, with as many partitions as its input has."""
    rows = (topics.FACTS, topics.SNAPSHOTS, topics.DEAD_LETTERS, topics.PLAYBOOKS, topics.CHANGELOG)
    await ensure_topics(bootstrap, await _partitions(bootstrap, source), topics=rows)


async def _partitions(bootstrap: str, topic: str) -> int:
    from shared.io.kafka import make_producer  # noqa: PLC0415 - one question

    producer = make_producer(bootstrap)
    await producer.start()
    try:
        return len(await producer.partitions_for(topic))
    finally:
        await producer.stop()


def write_playbook(folder: Path, usage_limit: int, gated: list[str]) -> Path:
    """Write the playbook of the comparison: its three rules with its thresholds, and one plan below another."""
    features = [f"f{number}" for number in range(FEATURES)]
    plain = [name for name in features if name not in gated]
    path = folder / "playbook.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "extends": str(ROOT / "playbooks" / "default.yaml"),
        "version": "bench-1",
        "plans": {
            PLAN: {"price": 1, "limits": {METRIC: usage_limit}, "features": plain, "next": ABOVE},
            ABOVE: {"price": 2, "features": features},
        },
        "core_features": plain[:CORE_FEATURES],
        "products": {},
        "addons": {},
        "rules": {name: {"enabled": False} for name in Rules.__struct_fields__ if name not in JOB}
        | {
            "usage_ceiling": {"levels": [{"name": "outreach", "percent": CEILING_PERCENT, "comparison": ">"}]},
            "seat_saturation": {"active_percent": 90, "active_days": 7},
            "gated_exploration": {"features": 3, "days": 14},
        },
    }
    path.write_text(yaml.safe_dump(content))
    return path


if __name__ == "__main__":
    main()
