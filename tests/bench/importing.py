"""How fast rows of Parquet get to the log, and in how much memory: `upswing import run` as a person types it.

The clock runs from the start of the process to its end: reading, sorting, checking each event, the report, sending, and
the broker's acks. The log is read afterwards, so that every row is there once.
"""

import asyncio
import contextlib
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
import msgspec
import psutil

from shared.io.kafka import make_consumer
from shared.kernel.codec import decode_record
from shared.kernel.events.envelope import Event
from shared.kernel.topics import EVENTS
from tests.bench.rows import Row
from tests.bench.stacks import FOLDER, say

__all__ = ["Asked", "measure_importing"]

DAYS = 90
ACCOUNTS = 2_000
USERS = 100
FEATURES = ("reports", "export", "api", "sso", "editor")
MAPPING = {
    "name": "bench",
    "what": "uses of features, a row each",
    "events": [
        {
            "file": "rows",
            "type": "feature.used",
            "time": "at",
            "account": "account",
            "user": "person",
            "id": "id",
            "properties": {
                "feature": "feature",
                "quantity": {"column": "quantity", "as": "number"},
                "metric": {"constant": "actions"},
            },
        }
    ],
}
LOOK_SECONDS = 0.25
MEGABYTE = 1 << 20
POLL_MS = 1_000
QUIET_SECONDS = 30.0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What to import."""

    rows: int
    memory: str
    command: str


async def measure_importing(bootstrap: str, asked: Asked) -> list[Row]:
    """Import rows into a new log and return the figures. Errors: `RuntimeError` when it fails or a row is missing."""
    folder = FOLDER / "importing" / "files"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = folder / "rows.parquet"
    began = time.monotonic()
    _generate(files, asked.rows)
    size = files.stat().st_size / MEGABYTE
    say(f"importing: {asked.rows:,} rows, {size:,.0f} MB, {time.monotonic() - began:.1f} s to make")
    mapping = folder / "mapping.yaml"
    mapping.write_bytes(msgspec.json.encode(MAPPING))
    seconds, sizes = await _import(bootstrap, files, mapping, asked.memory)
    shutil.rmtree(folder, ignore_errors=True)
    await _check(bootstrap, asked.rows)
    third = max(1, len(sizes) // 3)
    moved = max(sizes[-third:]) - max(sizes[:third])
    return [
        Row(name="importing.events_per_s", value=asked.rows / seconds, unit="events/s", command=asked.command),
        Row(name="importing.rss_mb", value=max(sizes), unit="MB", command=asked.command),
        Row(name="importing.rss_moved_mb", value=moved, unit="MB", command=asked.command),
    ]


def _generate(path: Path, rows: int) -> None:
    features = ", ".join(f"'{name}'" for name in FEATURES)
    span_ms = DAYS * 86_400_000
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 'evt-' || i AS id, "  # noqa: S608 - our own numbers
            f"TIMESTAMP '2026-01-01' + to_milliseconds((hash(i) % {span_ms})::BIGINT) AS at, "
            f"'acct-' || hash(i * 7) % {ACCOUNTS} AS account, 'user-' || hash(i * 13) % {USERS} AS person, "
            f"[{features}][1 + (hash(i * 3) % {len(FEATURES)})::INT] AS feature, "
            f"1 + (hash(i * 5) % 20)::INT AS quantity FROM range({rows}) AS t(i)) TO '{path}' (FORMAT parquet)"
        )


async def _import(bootstrap: str, files: Path, mapping: Path, memory: str) -> tuple[float, Sequence[float]]:
    """Run the import; return its seconds and its memory in megabytes, look by look."""
    data = FOLDER / "importing" / "work"
    shutil.rmtree(data, ignore_errors=True)
    options = ["--kafka", bootstrap, "--data", str(data), "--mapping", str(mapping), "--memory", memory]
    began = time.monotonic()
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "upswing", "import", "run", *options, str(files), stdout=sys.stderr
    )
    process, sizes = psutil.Process(running.pid), []
    ended = asyncio.create_task(running.wait())
    while not ended.done():
        with contextlib.suppress(psutil.NoSuchProcess):
            sizes.append(process.memory_info().rss / MEGABYTE)
        await asyncio.wait({ended}, timeout=LOOK_SECONDS)
    seconds = time.monotonic() - began
    shutil.rmtree(data, ignore_errors=True)
    if code := ended.result():
        raise RuntimeError(f"the import ended with code {code}: see above")
    return seconds, sizes


async def _check(bootstrap: str, rows: int) -> None:
    """Return when the log holds each row once. Errors: `RuntimeError` saying how many it holds."""
    consumer = make_consumer(bootstrap, None, EVENTS.name)
    await consumer.start()
    seen, began = 0, time.monotonic()
    try:
        while seen < rows and time.monotonic() - began < QUIET_SECONDS + rows / 100_000:
            for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                for record in records:
                    good, bad = decode_record(record.value or b"")
                    if bad:
                        raise RuntimeError(f"the log holds what cannot be read: {bad[0]}")
                    seen += sum(isinstance(line, Event) for _number, line in good)
    finally:
        await consumer.stop()
    if seen != rows:
        raise RuntimeError(f"the log holds {seen:,} events of {rows:,} rows")
