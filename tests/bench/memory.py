"""What an account and a user take in memory, every rule on: rows of `make bench`.

Each run is a process of its own, so that the compiled core is taken where there is one; which one ran is said first.
"""

import subprocess
import sys

import msgspec

from tests.bench.rows import Row
from tests.bench.stacks import ROOT, say

__all__ = ["Asked", "Weighed", "measure_memory"]

COMMAND = (sys.executable, "-m", "tests.bench.own_memory")
RUNS = ((1_000, 80), (100, 4_000))  # accounts, and events of each: as of a million users, as of a busy month
ENOUGH = 1_000  # accounts: of fewer the process itself is too much of what it takes
SAID = 0.01  # of all: smaller parts are not said


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure."""

    command: str


class Weighed(msgspec.Struct, frozen=True):
    """What a run has told. Units: bytes; `stored` are those of the pages, which lie in that process as well."""

    core: str
    accounts: int
    users: int
    stored: int
    rss: int
    parts: dict[str, int]


def measure_memory(asked: Asked) -> list[Row]:
    """Return the bytes of a user and of an account after few events and after many. Errors: `RuntimeError`."""
    return [row for accounts, events in RUNS for row in _rows(_run(accounts, events), events, asked)]


def _run(accounts: int, events: int) -> Weighed:
    command = (*COMMAND, str(accounts), str(events))
    ended = subprocess.run(command, capture_output=True, check=False, cwd=ROOT)  # noqa: S603 - our own command
    if ended.returncode:
        raise RuntimeError(f"it ended with code {ended.returncode}: {ended.stderr.decode(errors='replace')[-300:]}")
    return msgspec.json.decode(ended.stdout, type=Weighed)


def _rows(run: Weighed, events: int, asked: Asked) -> list[Row]:
    whole, users = sum(run.parts.values()), run.parts["users"]
    each = {part: weight / run.accounts for part, weight in run.parts.items() if weight >= SAID * whole}
    told = ", ".join(f"{part} {weight / 1000:.1f}" for part, weight in each.items())
    say(f"memory: core of signals {run.core}; {events:,} events an account, KB of an account: {told}")

    def row(name: str, value: float, unit: str) -> Row:
        return Row(name=f"signals.memory_{events}_{name}", value=value, unit=unit, command=asked.command)

    found = [
        row("user_bytes", users / run.users, "bytes"),
        row("account_kb", whole / run.accounts / 1000, "KB"),
        row("account_without_users_kb", (whole - users) / run.accounts / 1000, "KB"),
    ]
    if run.accounts >= ENOUGH:
        found.append(row("rss_without_pages_kb", (run.rss - run.stored) / run.accounts / 1000, "KB"))
    return found
