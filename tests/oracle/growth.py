"""The values of the rules on growth, people and the contract, each straight from its definition.

Source: playbook section 6, definitions 13, 16, 22, 23, 31, 35, 58.
"""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from msgspec import UNSET

from shared.kernel.events.account_updated import AccountUpdated
from shared.kernel.events.envelope import Event
from shared.kernel.events.qbr_held import QbrHeld
from shared.kernel.playbook.document import Playbook
from tests.oracle.gate import has_renewed
from tests.oracle.history import ACTIVITY, GONE, History, day, rank
from tests.oracle.rows import Row, View
from tests.oracle.value import Level, Value, pointed


def headcount_growth(view: View) -> Iterator[Value]:
    """Measure the employees now as a percentage of the lowest number in force in the window (definition 22)."""
    rule = view.playbook.rules.headcount_growth
    first = view.today - rule.days + 1
    given = [event for event in view.history.of(AccountUpdated) if event.properties.employees is not UNSET]
    given.sort(key=rank)
    carried_in = [event for event in given if day(event) < first][-1:]
    in_force = [event.properties.employees for event in carried_in + [e for e in given if day(e) >= first]]
    numbers = [number for number in in_force if isinstance(number, int) and number > 0]
    now = view.facts["employees"]
    if isinstance(now, int) and now > 0 and numbers:
        yield Value("headcount_growth", None, Fraction(100 * now, min(numbers)), (pointed(rule, rule.percent),))


def contract_milestone(view: View) -> Iterator[Value]:
    """Measure health while the renewal is in sight and has not been completed (definitions 31 and 58)."""
    rule = view.playbook.rules.contract_milestone
    renews_on = view.date("renews_on")
    if renews_on is None or not rule.from_days <= renews_on - view.today <= rule.to_days:
        return
    if has_renewed(view.history, view.playbook, view.today):
        return
    if view.score is not None:
        yield Value("contract_milestone", None, view.score, (pointed(rule, view.playbook.health.green),))


def counting_acts(history: History) -> list[Event]:
    """Return the acts of users, less those before each user's latest departure (definition 13; see 23 in `model`)."""
    acts: list[Event] = []
    left: dict[str, tuple[int, str, str]] = {}
    for event in history.events:
        user = event.user_id
        if user is None:
            continue
        before = left.get(user, (-(10**18), "", ""))
        if isinstance(event, ACTIVITY) and int(event.occurred_at) >= before[0]:
            acts.append(event)
        elif isinstance(event, GONE) and rank(event) > before:
            left[user] = rank(event)
            acts = [act for act in acts if act.user_id != user] + _staying(acts, event)
    return acts


def _staying(acts: list[Event], departure: Event) -> list[Event]:
    """Return which of a user's acts a departure leaves."""
    mine = [act for act in acts if act.user_id == departure.user_id]
    later_days = [act for act in mine if day(act) > day(departure)]
    return later_days or [act for act in mine if int(act.occurred_at) >= int(departure.occurred_at)]


def is_covered(history: History, playbook: Playbook, ended: int) -> bool:
    """Return whether the window that ends with a day is covered by what is known of the account's acts."""
    acts = [day(event) for event in history.of(*ACTIVITY) if event.user_id is not None]
    return bool(acts) and min(acts) <= ended - playbook.rules.power_user.days + 1


def power_user(view: View) -> Iterator[Value]:
    """Measure the busiest user against the mean of all active users, over the days that ended with a day."""
    rule = view.playbook.rules.power_user
    if not is_covered(view.history, view.playbook, view.today):
        return
    first = view.today - rule.days + 1
    acts = Counter(act.user_id for act in counting_acts(view.history) if first <= day(act) <= view.today)
    if len(acts) >= rule.active_users and max(acts.values()) >= rule.acts:
        mean = Fraction(sum(acts.values()), len(acts))
        yield Value("power_user", None, 100 * max(acts.values()) / mean, (pointed(rule, rule.percent),))


def qbr_outcome(view: View, event: Event) -> Iterator[Value]:
    """Count the different needs of a QBR that are on the roadmap (definition 16)."""
    if isinstance(event, QbrHeld):
        roadmap = {need.strip().casefold() for need in view.playbook.roadmap}
        needs = {need.strip().casefold() for need in event.properties.unmet_needs}
        level = Level(None, Fraction(1), ">=", Fraction(0))
        until = day(event) + view.playbook.rules.qbr_outcome.stands_days
        yield Value("qbr_outcome", None, Fraction(len(roadmap & needs)), (level,), until=until)


ROWS = (
    Row("headcount_growth", headcount_growth),
    Row("power_user", power_user, by_day="ended"),
    Row("contract_milestone", contract_milestone),
    Row("qbr_outcome", happening=qbr_outcome),
)
