"""The comparison's job: events of many accounts, three rules, and the answer that every contestant must give.

It is the job of the rival kit, described by its README, so figures of both mean the same: 30 days of usage in the order
of time; each account once a rule, at the first event after which the rule holds.
"""

from collections.abc import Iterator, Mapping
from random import Random

import msgspec

from tests.bench.encode import DAY_SECONDS, PERIOD_DAYS, SEATS, Event

__all__ = ["CEILING_PERCENT", "FEATURES", "GATED", "Job", "events", "expected", "make_job", "short_line"]

SEED = 4_711
FIRST_DAY = 20_010
FEATURES = 25
GATED = tuple(f"f{number}" for number in range(5))
ACTIVE_DAYS, GATED_DAYS, GATED_COUNT = 7, 14, 3
CEILING_PERCENT, SEATS_PERCENT = 80, 90
LEAST_USERS = 30
NEAR_THE_LIMIT = 0.9  # the share of accounts that stay below the ceiling


class Job(msgspec.Struct, frozen=True):
    """One input. Shape: `usage_limit` is the limit whose ceiling about a tenth of the accounts pass."""

    events: int
    accounts: int
    usage_limit: int


def events(count: int, accounts: int) -> Iterator[Event]:
    """Yield the same events every time."""
    rng = Random(SEED)  # noqa: S311 - made-up input, no secret
    users = [rng.randint(LEAST_USERS, SEATS) for _ in range(accounts)]
    curious = [rng.randint(0, len(GATED)) for _ in range(accounts)]
    plain = FEATURES - len(GATED)
    draw, step = rng.random, PERIOD_DAYS * DAY_SECONDS / count
    for number in range(count):
        account = int(draw() * accounts)
        feature = int(draw() * plain)
        if curious[account] <= feature < len(GATED):
            feature += len(GATED)
        seconds = round(FIRST_DAY * DAY_SECONDS + number * step, 3)
        user = int(draw() * users[account])
        yield f"e{number}", f"acct-{account}", f"u{user}", f"f{feature}", seconds, 1 + int(draw() * 10)


def short_line(event: Event) -> bytes:
    """Return an event in the rivals' short format."""
    event_id, account, user, feature, seconds, quantity = event
    return msgspec.json.encode(
        {
            "id": event_id,
            "type": "feature.used",
            "account_id": account,
            "user_id": user,
            "feature": feature,
            "ts": seconds,
            "quantity": quantity,
        }
    )


def make_job(count: int, accounts: int) -> Job:
    """Return a job with its limit."""
    used: dict[str, int] = {}
    for event in events(count, accounts):
        used[event[1]] = used.get(event[1], 0) + event[5]
    ranked = sorted(used.values())
    return Job(count, accounts, ranked[int(len(ranked) * NEAR_THE_LIMIT)] * 100 // CEILING_PERCENT)


def expected(job: Job) -> frozenset[tuple[str, str]]:
    """Return which rules fire for which accounts, by brute force."""
    fired: set[tuple[str, str]] = set()
    seen: dict[str, dict[str, int]] = {}
    used: dict[str, int] = {}
    for _, account, user, feature, seconds, quantity in events(job.events, job.accounts):
        day = int(seconds // DAY_SECONDS)
        last = seen.setdefault(account, {})
        last[user] = day
        if feature in GATED:
            last[feature] = day
        used[account] = used.get(account, 0) + quantity
        if used[account] * 100 > CEILING_PERCENT * job.usage_limit:
            fired.add((account, "usage_ceiling"))
        if (account, "seat_saturation") not in fired and _recent(last, "u", day, ACTIVE_DAYS) * 100 > (
            SEATS_PERCENT * SEATS
        ):
            fired.add((account, "seat_saturation"))
        if (account, "gated_exploration") not in fired and _recent(last, "f", day, GATED_DAYS) >= GATED_COUNT:
            fired.add((account, "gated_exploration"))
    return frozenset(fired)


def _recent(last: Mapping[str, int], kind: str, today: int, days: int) -> int:
    return sum(name[0] == kind and day > today - days for name, day in last.items())
