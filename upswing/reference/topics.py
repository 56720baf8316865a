"""The table of topics, from the table in code."""

from shared.kernel.topics import DAY_MS, TOPICS, Topic

__all__ = ["topics"]

MEBIBYTE = 1 << 20


def topics() -> str:
    """Return the table of topics as Markdown."""
    rows = [f"| `{row.name}` | {row.what} | {_partitions(row)} | {_kept(row)} | {_largest(row)} |" for row in TOPICS]
    return "\n".join(["| topic | what | partitions | kept | largest batch |", "|---|---|---|---|---|", *rows])


def _partitions(row: Topic) -> str:
    return "as `events`" if row.partitions is None else str(row.partitions)


def _kept(row: Topic) -> str:
    settings = row.settings
    if "compact" in settings["cleanup.policy"]:
        lag = f"compacted within {int(settings['max.compaction.lag.ms']) // 3_600_000} h"
        ends = f", for {int(settings['retention.ms']) // DAY_MS} days" if "retention.ms" in settings else ""
        return f"the newest of each key, {lag}{ends}"
    times = ", times of the broker" if "message.timestamp.type" in settings else ""
    return f"{int(settings['retention.ms']) // DAY_MS} days{times}"


def _largest(row: Topic) -> str:
    size = row.settings.get("max.message.bytes")
    return "1 MiB" if size is None else f"{int(size) // MEBIBYTE} MiB"
