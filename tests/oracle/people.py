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
from tests.oracle.health import exact
from tests.oracle.history import ACTIVITY, History, day, rank
from tests.oracle.rows import Row, View
from tests.oracle.value import Value, counted, pointed


def is_a_persons(history: History, event: Event) -> bool:
    """Return whether what somebody did is still a person's: not erased since (definition 67)."""
    erased = [int(gone.occurred_at) for gone in history.of(UserErased) if gone.user_id == event.user_id]
    return event.user_id is None or int(event.occurred_at) >= max(erased, default=-(10**18))


def nps_drop(view: View) -> Iterator[Value]:
    """Judge the latest two answers of each person (definition 15)."""
    rule = view.playbook.rules.nps_drop
    answers: dict[str | None, list[SurveyAnswered]] = {}
    for answer in view.history.of(SurveyAnswered):
        if answer.properties.survey == "nps" and is_a_persons(view.history, answer):
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


def dormant_users(view: View) -> Iterator[Value]:
    """Measure the share of the assigned, of long enough ago, who were never active (definition 51)."""
    rule, history, begins = view.playbook.rules.dormant_users, view.history, view.today
    since = {user: provisioned_since(history, user) for user in history.assigned_users()}
    cohort = {user for user, first in since.items() if first is not None and begins - first >= rule.provisioned_days}
    woken = {act.user_id for act in history.of(*ACTIVITY) if history.counts_for(act) and day(act) < begins}
    dormant = cohort - woken
    if len(dormant) >= rule.users:
        share = Fraction(100 * len(dormant), len(cohort))
        yield Value("dormant_users", None, share, (pointed(rule, rule.percent),))


def low_seat_use(view: View) -> Iterator[Value]:
    """Measure the active users of the days that have ended as a percentage of the seats (definition 52)."""
    rule, ended = view.playbook.rules.low_seat_use, view.today
    seats, onboarded = view.facts["seats"], view.date("onboarded_at")
    if not isinstance(seats, int) or seats <= 0 or onboarded is None or ended + 1 - onboarded <= rule.after_days:
        return
    active = view.history.active_users(ended - rule.days + 1, ended)
    yield Value("low_seat_use", None, Fraction(100 * len(active), seats), (pointed(rule, rule.percent, "<"),))


def first_named(history: History) -> dict[str, int]:
    """Return the first day on which each department was named in a provisioning (definition 21)."""
    firsts: dict[str, int] = {}
    for event in history.of(UserProvisioned):
        department = event.properties.department
        if department is not None and event.user_id is not None:
            firsts[department] = min(firsts.get(department, day(event)), day(event))
    return firsts


def department_expansion(view: View) -> Iterator[Value]:
    """Count the active users of each new department (definition 21)."""
    rule, history, today = view.playbook.rules.department_expansion, view.history, view.today
    onboarded = view.date("onboarded_at")
    if onboarded is None:
        return
    active = [history.department(user) for user in history.active_users(today - rule.days + 1, today)]
    for department, first in first_named(history).items():
        if first - onboarded >= rule.after_onboarding_days and today - first < rule.new_days:
            found = Fraction(active.count(department))
            yield Value("department_expansion", department, found, (counted(rule, rule.users),))


def department_adjacent(view: View) -> Iterator[Value]:
    """Measure how busy the neighbours are of a department that has no users (definition 21)."""
    rule, history, today = view.playbook.rules.department_adjacent, view.history, view.today
    assigned = [history.department(user) for user in history.assigned_users()]
    active = [history.department(user) for user in history.active_users(today - rule.days + 1, today)]
    shares: dict[str, list[Fraction]] = {}
    for busy, neighbours in rule.adjacent.items():
        for neighbour in neighbours:
            if assigned.count(busy) and neighbour not in assigned:
                share = Fraction(100 * active.count(busy), assigned.count(busy))
                shares.setdefault(neighbour, []).append(share)
    for neighbour, of_neighbours in shares.items():
        level = pointed(rule, rule.active_share_percent)
        yield Value("department_adjacent", neighbour, max(of_neighbours), (level,))


def buying_intent(view: View) -> Iterator[Value]:
    """Count requests, different viewers of prices, and webinars (definition 59)."""
    rule, history, today = view.playbook.rules.buying_intent, view.history, view.today
    first = today - rule.days + 1
    requests = history.within(first, today, CapabilityRequested)
    views = history.within(first, today, PricingViewed)
    viewers = {event.user_id for event in views if is_a_persons(history, event)}
    engagements = history.within(first, today, EngagementRecorded)
    webinars = [event for event in engagements if event.properties.kind == "webinar"]
    found = Fraction(len(requests) + len(viewers) + len(webinars))
    yield Value("buying_intent", None, found, (counted(rule, rule.signals),))


ROWS = (
    Row("nps_drop", nps_drop, by_person=True),
    Row("dormant_users", dormant_users, by_day="begins"),
    Row("low_seat_use", low_seat_use, by_day="ended"),
    Row("department_expansion", department_expansion),
    Row("department_adjacent", department_adjacent),
    Row("buying_intent", buying_intent),
)
