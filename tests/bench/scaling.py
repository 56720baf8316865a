"""What an event costs as accounts grow in number and in size: the pure fold with its flushes (`growing`).

Each size is a process of its own, so that the compiled core is taken where there is one, and all sizes fold the same
number of events. A million accounts by Zipf are told twice: as the service is set, when idle accounts are let go and
their next event loads them, and with room for all of them.
"""

import subprocess
import sys

import msgspec

from tests.bench.processes import Strangers
from tests.bench.rows import Row
from tests.bench.stacks import ROOT, say, tell_strangers

__all__ = ["Asked", "Told", "measure_scaling"]

USERS = (10, 100, 1_000, 10_000, 100_000)
ACCOUNTS = (1_000, 100_000, 1_000_000)
ROOM_FOR_ALL = 1 << 36
COMMAND = (sys.executable, "-m", "tests.bench.own_scaling")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure: `events` for each size; `most_accounts` bounds how many accounts there are."""

    events: int
    most_accounts: int
    command: str


class Told(msgspec.Struct, frozen=True):
    """What a run has told: `growing.Costs`."""

    core: str
    events: int
    fold: float
    snapshots: float
    flush: float
    stretches: int
    flushes: int
    written: int
    let_go: int
    rss_mb: float

    @property
    def cost(self) -> float:
        """All that an event costs. Units: µs."""
        return self.fold + self.snapshots + self.flush

    def __str__(self) -> str:
        """Return it in words."""
        parts = f"fold {self.fold:.2f}, flush {self.flush:.2f}, snapshots {self.snapshots:.2f}"
        stretch, flush = self.events // self.stretches, self.events // self.flushes
        often = f"{stretch:,} events a stretch, {flush:,} a flush of {self.written // self.flushes:,} accounts"
        return f"{self.cost:.2f} us an event ({parts}); {often}, {self.let_go:,} let go; {self.rss_mb:,.0f} MB"


def measure_scaling(asked: Asked) -> list[Row]:
    """Return the cost of an event by users in an account, and by accounts, uniform and Zipf. Errors: `RuntimeError`."""
    strangers = Strangers()
    by_users = {users: _run(asked, f"{users:,} users in an account", "users", users).cost for users in USERS}
    rows = [_row(f"fold_us_{users}_users", cost, "us/event", asked) for users, cost in by_users.items()]
    rows.append(_row("users_100k_to_10", by_users[USERS[-1]] / by_users[USERS[0]], "times", asked))
    for spread in ("uniform", "zipf"):
        rows += _by_accounts(asked, spread)
    others = strangers.cores()
    tell_strangers("scaling", others)
    return [*rows, _row("scaling_others_cores", others, "cores", asked)]


def _by_accounts(asked: Asked, spread: str) -> list[Row]:
    sizes = [size for size in ACCOUNTS if size <= asked.most_accounts]
    least, most = sizes[0], sizes[-1]
    costs = {str(size): _run(asked, f"{size:,} accounts, {spread}", "accounts", size, spread).cost for size in sizes}
    if spread == "zipf":
        what = f"{most:,} accounts, {spread}, room for all"
        costs[f"{most}_kept"] = _run(asked, what, "accounts", most, spread, ROOM_FOR_ALL).cost
    rows = [_row(f"fold_us_{name}_accounts_{spread}", cost, "us/event", asked) for name, cost in costs.items()]
    rows.append(_row(f"accounts_{spread}_most_to_1k", costs[str(most)] / costs[str(least)], "times", asked))
    return rows


def _run(asked: Asked, what: str, kind: str, size: int, spread: str = "uniform", accounts_bytes: int = 0) -> Told:
    command = (*COMMAND, kind, str(size), spread, str(asked.events), str(accounts_bytes))
    ended = subprocess.run(command, capture_output=True, check=False, cwd=ROOT)  # noqa: S603 - our own command
    if ended.returncode:
        raise RuntimeError(
            f"{what}: ended with code {ended.returncode}: {ended.stderr.decode(errors='replace')[-300:]}"
        )
    told = msgspec.json.decode(ended.stdout, type=Told)
    say(f"scaling: {what}: {told}")
    return told


def _row(name: str, value: float, unit: str, asked: Asked) -> Row:
    return Row(name=f"signals.{name}", value=value, unit=unit, command=asked.command)
