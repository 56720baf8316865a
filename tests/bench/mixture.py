"""Events of a company whose whole playbook is on: the flood with a little of everything else, the same every time.

Accounts of 30 to 50 users in four departments; 30 days in the order of time. Of 1,000 events 970 are of the flood
(features, a third of them with a quantity, usage, a tenth of it with its cost, sessions) and 30 are not: refusals,
people who come, tickets, answers, looks at prices, requests, reviews, levels and the like, so nearly every rule has
something to count. An account's first event comes behind its facts and the people who have a seat.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from tests.bench.encode import DAY_SECONDS, PERIOD_DAYS

__all__ = ["lines", "uniform", "zipf"]

SEED = 815
FIRST_DAY = 20_010
LEAST_USERS, SEATS = 30, 50
SOURCE = "bench"
FEATURES = ("dashboards", "reports", "alerts", "imports", "integrations", "automation", "segments", "exports", "search")
GATED = ("sso", "audit_log", "forecasting", "roles")
DEPARTMENTS = ("Sales", "Marketing", "Engineering", "Finance")
SEGMENTS = ("SMB", "Mid-Market", "Enterprise")
RARE: tuple[tuple[str, str], ...] = (
    ("feature.blocked", '{"feature":"sso"}'),
    ("feature.blocked", '{"feature":"forecasting"}'),
    ("user.provisioned", '{"department":"Marketing"}'),
    ("ticket.opened", '{"ticket_id":"t%d","severity":"normal"}'),
    ("ticket.resolved", '{"ticket_id":"t%d"}'),
    ("survey.answered", '{"survey":"nps","score":8}'),
    ("survey.answered", '{"survey":"csat","score":5}'),
    ("pricing.viewed", "{}"),
    ("capability.requested", '{"feature":"forecasting"}'),
    ("engagement.recorded", '{"kind":"training"}'),
    ("milestone.reached", '{"milestone":"first_report"}'),
    ("qbr.held", '{"unmet_needs":["Offline mode"]}'),
    ("limit.reached", '{"metric":"contacts"}'),
    ("stakeholder.added", '{"role":"user"}'),
    ("usage.reported", '{"metric":"storage_gb","level":120}'),
)


def uniform(accounts: int, rng: Random) -> Iterator[int]:
    """Yield accounts, each as likely as any other."""
    while True:
        yield int(rng.random() * accounts)


def zipf(accounts: int, rng: Random) -> Iterator[int]:
    """Yield accounts, the n-th with a weight of 1/n (continuous, so nothing is tabled)."""
    while True:
        yield int((accounts + 1) ** rng.random()) - 1


def lines(count: int, accounts: int, spread: Iterator[int], rng: Random) -> Iterator[tuple[str, bytes]]:
    """Yield events as ingest writes them, each with its account; the first of an account behind its facts."""
    users = [LEAST_USERS + number % (SEATS - LEAST_USERS + 1) for number in range(accounts)]
    known = bytearray(accounts)
    step = PERIOD_DAYS * DAY_SECONDS * 1000 / count
    begin = FIRST_DAY * DAY_SECONDS * 1000
    draw = rng.random
    for number in range(count):
        place = next(spread)
        account, at = f"acct-{place}", begin + int(number * step)
        head = f'"account_id":"{account}","occurred_at":{at},"source":"{SOURCE}","received_at":{at}'
        if not known[place]:
            known[place] = 1
            yield account, _beginning(place, users[place], head)
        kind, said = _event(number, draw)
        user = f'"u{int(draw() * users[place])}"'
        yield account, f'{{"type":"{kind}","id":"e{number}",{head},"properties":{said},"user_id":{user}}}'.encode()


def _event(number: int, draw: Callable[[], float]) -> tuple[str, str]:
    dice = draw()
    if dice < 0.58:
        name = FEATURES[int(draw() * len(FEATURES))]
        counted = f',"metric":"api_calls","quantity":{1 + int(draw() * 9)}' if dice < 0.2 else ""
        return "feature.used", f'{{"feature":"{name}"{counted}}}'
    if dice < 0.82:
        cost = f',"cost":{1 + int(draw() * 3)}' if dice < 0.604 else ""
        return "usage.recorded", f'{{"metric":"api_calls","quantity":{1 + int(draw() * 20)}{cost}}}'
    if dice < 0.97:
        return "session.started", "{}"
    kind, said = RARE[number % len(RARE)]
    return kind, said % (number % 97) if "%d" in said else said


def _beginning(place: int, users: int, head: str) -> bytes:
    """Return an account's facts and the people who have a seat, a line each."""
    day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=FIRST_DAY)
    facts = {
        "name": f"Account {place}",
        "segment": SEGMENTS[place % 3],
        "plan": ("Starter", "Growth")[place % 2],
        "seats": SEATS,
        "mrr": 1_000 + place % 7_000,
        "onboarded_at": (day - timedelta(days=40 + place % 300)).date().isoformat(),
        "renews_on": (day + timedelta(days=place % 365)).date().isoformat(),
        "employees": 100 + place % 900,
        "industry": "SaaS",
        "products": ["Core"],
        "exec_sponsor": "Ada" if place % 2 else None,
        "champion": "Bob",
    }
    found = [f'{{"type":"account.updated","id":"f",{head},"properties":{json.dumps(facts)}}}']
    for user in range(users):
        said = f'{{"department":"{DEPARTMENTS[user % len(DEPARTMENTS)]}"}}'
        found.append(f'{{"type":"user.provisioned","id":"p{user}",{head},"properties":{said},"user_id":"u{user}"}}')
    return "\n".join(found).encode()
