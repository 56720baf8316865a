"""One department is busy with the product, and its neighbour does not have it yet.

Source: playbook section 6, definition 21.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.rules.movers import FLOOD
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow
from services.signals.core.terms import Terms
from shared.kernel.events.user_provisioned import UserProvisioned
from shared.kernel.quantities import MILLION

NAME = "department_adjacent"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a share of the busy department's users."""
    rule = terms.playbook.rules.department_adjacent
    return (Level(None, rule.active_share_percent * MILLION, ">=", rule.margin_points * MILLION),)


def _pairs(account: Account, terms: Terms) -> Iterator[tuple[str, str]]:
    """Yield each department with users and a neighbour without."""
    assigned = account.people.assigned_in
    if assigned:
        for busy, neighbours in terms.playbook.rules.department_adjacent.adjacent.items():
            if busy in assigned:
                for neighbour in neighbours:
                    if neighbour not in assigned:
                        yield busy, neighbour


def _busiest(account: Account, terms: Terms) -> dict[str, tuple[int, int, str]]:
    """Return for each neighbour the greatest share beside it: active users, users, and of which department."""
    now = account.now
    if now is not None and NAME in now.memo:
        known_now: dict[str, tuple[int, int, str]] = now.memo[NAME]
        return known_now
    days, today, people = terms.playbook.rules.department_adjacent.days, account.head.today, account.people
    found: dict[str, tuple[int, int, str]] = {}
    for busy, neighbour in _pairs(account, terms):
        active, users = people.active(busy, today, days), people.assigned_in[busy]
        known = found.get(neighbour)
        if known is None or active * known[1] > known[0] * users:
            found[neighbour] = active, users, busy
    if now is not None:
        now.memo[NAME] = found
    return found


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield for each neighbour without users the greatest share of active users beside it."""
    days = terms.playbook.rules.department_adjacent.days
    for neighbour, (active, users, _busy) in sorted(_busiest(account, terms).items()):
        yield Measure(neighbour, "department", active * 100, users, days)


def tell(account: Account, terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell which department is busy."""
    active, users, busy = _busiest(account, terms)[measure.scope or ""]
    days = measure.window_days
    numbers: Numbers = {
        "department": measure.scope,
        "busy_department": busy,
        "active_users": active,
        "assigned_users": users,
        "days": days,
    }
    share = f"{active:,} of {users:,} users of {busy} active in {days} days"
    return numbers, f"{share}; nobody of {measure.scope} has a seat"


def watch(account: Account, terms: Terms) -> None:
    """Note for each busy department the number of active users at which a neighbour fires."""
    watched, percent = dict[str, int](), terms.playbook.rules.department_adjacent.active_share_percent
    if terms.enabled(NAME):
        for busy, neighbour in _pairs(account, terms):
            if (NAME, neighbour, None) not in account.episodes:
                watched[busy] = -(-percent * account.people.assigned_in[busy] // 100)
    account.people.watch_busy = watched


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    watch,
    "percent",
    only_falls=True,
    watches="seats",
    tell=tell,
    moved_by=FLOOD | {UserProvisioned},
    unmeasured="no busy department beside one without users",
    example="8 of 9 users of Sales active in 30 days; nobody of Marketing has a seat = 88.89 % (≥ 80 %)",
    tuning="""
    `adjacent` lists the neighbours of each department, in the spelling of `user.provisioned`; what is not listed is not
    looked for. Raise `active_share_percent` where small departments fire too soon.
    """,
)
