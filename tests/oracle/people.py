"""The values of the rules about people, each straight from its definition.

Where the definitions leave a choice, by the number of the entry:

- 3, 67: an answer, a view or an act at the very instant of the erasure is later than it (facts come before
  observations) and counts. What is not later than it is nobody's: not the anonymous person's either.
- 15: of the answers without `user_id` all are one person's, whose scope is null. Deactivation changes nothing.
- 21: the day on which a department was first named stands, whatever became of the user whom it was told of; without
  `user_id` it is told of nobody. A neighbour's share may pass 100 %: who is active without a seat counts as active.
- 51: dormant is judged as of the day that begins, of activity before it.
- 52: the seats are those in force, the distance to onboarding is counted to the day that begins.
- 59: deactivation leaves a user's views; erasure takes those before it.

Source: playbook sections 6 and 7, definitions 2, 3, 13, 15, 21, 51, 52, 59, 67, 77.
"""

from collections.abc import Iterator
from fractions import Fraction

from shared.kernel.events.capability_requested import CapabilityRequested
from shared.kernel.events.engagement_recorded import EngagementRecorded
from shared.kernel.events.envelope import Event
from shared.kernel.events.pricing_viewed import PricingViewed
from shared.kernel.events.survey_answered import SurveyAnswered
from shared.kernel.events.user_erased import UserErased
from shared.kernel.events.user_provisioned import UserProvisioned
from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.rules import CountRule
from tests.oracle.health import exact
from tests.oracle.history import ACTIVITY, Facts, History, day, rank
from tests.oracle.value import Level, Value


def counted(rule: CountRule, threshold: int) -> Level:
    """Return the one level of a rule on a count, with its margin (definition 4)."""
    margin = max(Fraction(rule.margin_minimum), Fraction(threshold * rule.margin_percent, 100))
    return Level(None, Fraction(threshold), ">=", margin)


def is_a_persons(history: History, event: Event) -> bool:
    """Return whether what somebody did is still a person's: not erased since (definition 67)."""
    erased = [int(gone.occurred_at) for gone in history.of(UserErased) if gone.user_id == event.user_id]
    return event.user_id is None or int(event.occurred_at) >= max(erased, default=-(10**18))


def nps_drop(history: History, playbook: Playbook) -> Iterator[Value]:
    """Judge the latest two answers of each person (definition 15)."""
    rule = playbook.rules.nps_drop
    answers: dict[str | None, list[SurveyAnswered]] = {}
    for answer in history.of(SurveyAnswered):
        if answer.properties.survey == "nps" and is_a_persons(history, answer):
            answers.setdefault(answer.user_id, []).append(answer)
    for person, given in answers.items():
        if len(given) >= 2:
            before, latest = sorted(given, key=rank)[-2:]
            dropped = exact(latest.properties.score) <= rule.latest and exact(before.properties.score) >= rule.before
            yield Value("nps_drop", person, Fraction(int(dropped)), (counted(rule, 1),))


def provisioned_since(history: History, user: str) -> int | None:
    """Return the day of the earliest provisioning after the latest departure (definition 77)."""
    cut = history.cut(user)
    given = [event for event in history.of(UserProvisioned) if event.user_id == user and rank(event) > cut]
    return day(min(given, key=rank)) if given else None


def dormant_users(history: History, playbook: Playbook, begins: int) -> Iterator[Value]:
    """Measure the share of the assigned, of long enough ago, who were never active (definition 51)."""
    rule = playbook.rules.dormant_users
    since = {user: provisioned_since(history, user) for user in history.assigned_users()}
    cohort = {user for user, first in since.items() if first is not None and begins - first >= rule.provisioned_days}
    woken = {act.user_id for act in history.of(*ACTIVITY) if history.counts_for(act) and day(act) < begins}
    dormant = cohort - woken
    if len(dormant) >= rule.users:
        level = Level(None, Fraction(rule.percent), ">=", Fraction(rule.margin_points))
        yield Value("dormant_users", None, Fraction(100 * len(dormant), len(cohort)), (level,))


def low_seat_use(history: History, facts: Facts, playbook: Playbook, ended: int) -> Iterator[Value]:
    """Measure the active users of the days that have ended as a percentage of the seats (definition 52)."""
    rule = playbook.rules.low_seat_use
    seats, onboarded = facts["seats"], facts.day("onboarded_at")
    if not isinstance(seats, int) or seats <= 0 or onboarded is None or ended + 1 - onboarded <= rule.after_days:
        return
    active = history.active_users(ended - rule.days + 1, ended)
    level = Level(None, Fraction(rule.percent), "<", Fraction(rule.margin_points))
    yield Value("low_seat_use", None, Fraction(100 * len(active), seats), (level,))


def first_named(history: History) -> dict[str, int]:
    """Return the first day on which each department was named in a provisioning (definition 21)."""
    firsts: dict[str, int] = {}
    for event in history.of(UserProvisioned):
        department = event.properties.department
        if department is not None and event.user_id is not None:
            firsts[department] = min(firsts.get(department, day(event)), day(event))
    return firsts


def department_expansion(history: History, facts: Facts, playbook: Playbook, today: int) -> Iterator[Value]:
    """Count the active users of each new department (definition 21)."""
    rule = playbook.rules.department_expansion
    onboarded = facts.day("onboarded_at")
    if onboarded is None:
        return
    active = [history.department(user) for user in history.active_users(today - rule.days + 1, today)]
    for department, first in first_named(history).items():
        if first - onboarded >= rule.after_onboarding_days and today - first < rule.new_days:
            found = Fraction(active.count(department))
            yield Value("department_expansion", department, found, (counted(rule, rule.users),))


def department_adjacent(history: History, playbook: Playbook, today: int) -> Iterator[Value]:
    """Measure how busy the neighbours are of a department that has no users (definition 21)."""
    rule = playbook.rules.department_adjacent
    assigned = [history.department(user) for user in history.assigned_users()]
    active = [history.department(user) for user in history.active_users(today - rule.days + 1, today)]
    shares: dict[str, list[Fraction]] = {}
    for busy, neighbours in rule.adjacent.items():
        for neighbour in neighbours:
            if assigned.count(busy) and neighbour not in assigned:
                share = Fraction(100 * active.count(busy), assigned.count(busy))
                shares.setdefault(neighbour, []).append(share)
    level = Level(None, Fraction(rule.active_share_percent), ">=", Fraction(rule.margin_points))
    for neighbour, of_neighbours in shares.items():
        yield Value("department_adjacent", neighbour, max(of_neighbours), (level,))


def buying_intent(history: History, playbook: Playbook, today: int) -> Iterator[Value]:
    """Count requests, different viewers of prices, and webinars (definition 59)."""
    rule = playbook.rules.buying_intent
    first = today - rule.days + 1
    requests = history.within(first, today, CapabilityRequested)
    views = history.within(first, today, PricingViewed)
    viewers = {view.user_id for view in views if is_a_persons(history, view)}
    engagements = history.within(first, today, EngagementRecorded)
    webinars = [event for event in engagements if event.properties.kind == "webinar"]
    found = Fraction(len(requests) + len(viewers) + len(webinars))
    yield Value("buying_intent", None, found, (counted(rule, rule.signals),))
