"""A department that is new to the product has come to use it.

Source: playbook section 6, definition 21.
"""

from collections.abc import Iterator

from services.signals.core.account import Account
from services.signals.core.rules.movers import FLOOD
from services.signals.core.rules.row import Level, Measure, Numbers, RuleRow, count_level
from services.signals.core.terms import Terms
from shared.kernel.clock import iso_day
from shared.kernel.events.user_provisioned import UserProvisioned
from shared.kernel.phrases import counted

NAME = "department_expansion"


def levels(terms: Terms) -> tuple[Level, ...]:
    """Return the one level: a count of users, with the margin of a count."""
    rule = terms.playbook.rules.department_expansion
    return (count_level(rule, rule.users),)


def _new(account: Account, terms: Terms) -> Iterator[str]:
    """Yield the departments that are new, in the order of their names."""
    rule, onboarded, today = terms.playbook.rules.department_expansion, account.fact("onboarded_at"), account.head.today
    if onboarded is None:
        return
    known = account.days.people.departments
    from_day = max(onboarded + rule.after_onboarding_days, today - rule.new_days + 1)
    yield from sorted(name for name, first in known.items() if first >= from_day)


def measure(account: Account, terms: Terms) -> Iterator[Measure]:
    """Yield the active users of each new department."""
    days = terms.playbook.rules.department_expansion.days
    for name in _new(account, terms):
        yield Measure(name, "department", account.people.active(name, account.head.today, days), 1, days)


def tell(account: Account, _terms: Terms, measure: Measure) -> tuple[Numbers, str]:
    """Tell the users and since when the department has been known."""
    name, users, days = measure.scope or "", measure.amount, measure.window_days
    since = iso_day(account.days.people.departments[name])
    numbers: Numbers = {"department": name, "active_users": users, "since": since, "days": days}
    return numbers, f"{counted(users, 'user')} of {name} active in {days} days; the department is there since {since}"


def watch(account: Account, terms: Terms) -> None:
    """Note for each new department the number of active users at which it fires."""
    on, wanted = terms.enabled(NAME), terms.playbook.rules.department_expansion.users
    names = _new(account, terms) if on and account.days.people.departments else ()
    account.people.watch_new = {name: wanted for name in names if (NAME, name, None) not in account.episodes}


ROW: RuleRow = RuleRow(
    NAME,
    levels,
    measure,
    watch,
    "count",
    only_falls=True,
    watches="seats",
    tell=tell,
    moved_by=FLOOD | {UserProvisioned},
    unmeasured="no new department",
    example="3 users of Finance active in 30 days; the department is there since 2026-03-02 (≥ 3)",
    tuning="""
    `users` is how many turn a guest into a department. A department is new for `new_days` after the first
    `user.provisioned` that names it, unless that came within `after_onboarding_days`: then it was there from the start.
    Send `department` with each user, always in the same spelling.
    """,
)
