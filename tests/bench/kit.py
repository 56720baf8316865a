"""The rival kit: an independent harness with rivals of its own, run on our broker; its answer checks are its own."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

from tests.bench.stacks import FOLDER

__all__ = ["run_kit"]


async def run_kit(kit: Path, program: str, *options: str) -> dict[str, Any]:
    """Run one of the kit's programs with options of its own and return the JSON that it writes.

    Errors: `RuntimeError` when it is not there or has no result.
    """
    place = (kit / program).resolve()
    if not place.is_file():
        raise RuntimeError(f"PEERS={kit} holds no {program}: name the folder of the rival kit, or leave PEERS out")
    found = FOLDER / f"kit-{place.stem}.json"
    found.unlink(missing_ok=True)
    given = ("--json", str(found), "--work", str(FOLDER / "kit"))
    running = await asyncio.create_subprocess_exec(sys.executable, str(place), *options, *given, stdout=sys.stderr)
    try:
        code = await running.wait()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            running.send_signal(signal.SIGINT)  # it then stops what it has started
            await running.wait()
        raise
    if not found.exists():
        raise RuntimeError(f"{place} ended with code {code} and no result: see above")
    result: dict[str, Any] = msgspec.json.decode(found.read_bytes())
    return result
