"""The job as Faust's documentation teaches it: records, a table, and an agent that changes it event by event.

Run it with `faust -A tests.bench.peers.faust_idiomatic worker`; the environment names topics and thresholds.
"""

import os

import faust

LIMIT = int(os.environ["USAGE_LIMIT"])
SEATS = int(os.environ["SEATS"])
GATED = set(os.environ["GATED_FEATURES"].split(","))
PARTITIONS = 4
DAY = 86_400


class Usage(faust.Record, serializer="json"):
    """One event."""

    id: str
    type: str
    account_id: str
    user_id: str
    feature: str
    ts: float
    quantity: int


class Account(faust.Record, serializer="json"):
    """What is known of one account."""

    users: dict[str, int] = {}
    features: dict[str, int] = {}
    fired: list[str] = []
    period: int = 0
    used: int = 0


class Trigger(faust.Record, serializer="json"):
    """A rule that holds."""

    account_id: str
    rule: str
    ts: float


app = faust.App(
    os.environ["GROUP"],
    broker=f"kafka://{os.environ['BROKER']}",
    store="memory://",
    datadir=os.environ["STATE_DIR"],
    topic_partitions=PARTITIONS,
    broker_commit_interval=1.0,
    web_enabled=False,
)
usage = app.topic(os.environ["INPUT_TOPIC"], key_type=str, value_type=Usage)
triggers = app.topic(os.environ["OUTPUT_TOPIC"], key_type=str, value_type=Trigger)
accounts = app.Table("accounts", key_type=str, value_type=Account, partitions=PARTITIONS)


def is_near_its_limit(account: Account, _today: int) -> bool:
    """Tell whether more than 80 % of the limit have been used in this period."""
    return account.used > 0.8 * LIMIT


def is_full(account: Account, today: int) -> bool:
    """Tell whether more than 90 % of the seats were active in seven days."""
    return sum(1 for day in account.users.values() if day > today - 7) > 0.9 * SEATS


def explores(account: Account, today: int) -> bool:
    """Tell whether three or more features beyond the plan were used in fourteen days."""
    return sum(1 for day in account.features.values() if day > today - 14) >= 3


RULES = {"usage_ceiling": is_near_its_limit, "seat_saturation": is_full, "gated_exploration": explores}


@app.agent(usage)
async def judge(stream: faust.StreamT[Usage]) -> None:
    """Fold each event into its account, and send what has come to hold."""
    first = True
    async for event in stream:
        if first:
            first = False
            os.write(1, b"FIRST\n")
        account = accounts.get(event.account_id) or Account(users={}, features={}, fired=[])
        today = int(event.ts // DAY)
        if account.period != today // 30:
            account.period, account.used = today // 30, 0
        account.used += event.quantity
        account.users[event.user_id] = today
        if event.feature in GATED:
            account.features[event.feature] = today
        for rule, holds in RULES.items():
            if rule not in account.fired and holds(account, today):
                account.fired.append(rule)
                await triggers.send(key=event.account_id, value=Trigger(event.account_id, rule, event.ts))
        accounts[event.account_id] = account
