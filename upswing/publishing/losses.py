"""Accounts that would be on a plan that the playbook no longer has: without its limits, prices and next plan."""

import contextlib
from collections import defaultdict

import msgspec

from shared.kernel.playbook import Playbook
from shared.kernel.topics import SNAPSHOTS
from upswing.trace.logbook import Logbook

__all__ = ["accounts_without_plan", "lines"]

NAMED = 5


class _Facts(msgspec.Struct):
    plan: str | None = None


class _Account(msgspec.Struct):
    account_id: str
    facts: _Facts


_DECODER = msgspec.json.Decoder(_Account)


async def accounts_without_plan(book: Logbook, before: Playbook | None, after: Playbook) -> dict[str, list[str]]:
    """Return the accounts on each plan that `after` lacks, as their snapshots say.

    Shape: a plan that `before` lacks too is left out; it is None when what is in force is not known.
    Errors: `DependencyError` when the broker or the topic is not there.
    """
    if before is not None and before.plans.keys() <= after.plans.keys():
        return {}
    plan_of: dict[str, str | None] = {}
    async for record in book.read(SNAPSHOTS.name, await book.partitions(SNAPSHOTS.name), 0):
        name = (record.key or b"").decode(errors="replace")
        plan_of.pop(name, None)
        if record.value:
            with contextlib.suppress(msgspec.DecodeError):
                plan_of[name] = _DECODER.decode(record.value).facts.plan
    found: dict[str, list[str]] = defaultdict(list)
    for name, plan in sorted(plan_of.items()):
        if plan is not None and plan not in after.plans and (before is None or plan in before.plans):
            found[plan].append(name)
    return dict(found)


def lines(found: dict[str, list[str]]) -> list[str]:
    """Return a line for each plan that would go, with the accounts that are on it."""
    return [f"WRONG plan {plan!r} goes, and on it {_named(names)}" for plan, names in found.items()]


def _named(names: list[str]) -> str:
    if len(names) == 1:
        return f"is account {names[0]}"
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"are {len(names)} accounts: {', '.join(names[:NAMED])}{more}"
