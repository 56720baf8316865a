"""The values that decide whether a situation stands, on one day, by plain sums and the playbook's numbers.

Source: playbook sections 6 and 7, definitions 4, 16, 20-24, 51-54 and 59.
"""

from collections.abc import Iterator

import msgspec

from shared.kernel.playbook import Playbook, limit_for
from upswing.simulate.values import Values, window

MODELLED = (
    "usage_ceiling",
    "seat_saturation",
    "gated_exploration",
    "feature_gap",
    "headcount_growth",
    "power_user",
    "qbr_outcome",
    "usage_velocity",
    "department_expansion",
    "outcome_achieved",
    "champion_promoted",
    "executive_interest",
    "buying_intent",
    "organisational_change",
    "renewed_advocate",
    "usage_decline",
    "ticket_surge",
    "champion_left",
    "nps_drop",
    "competitor_mention",
    "login_decline",
    "dormant_users",
    "milestone_missed",
)


class Reading(msgspec.Struct, gc=False):
    """One value on one day: whether it is reached, and whether it has fallen back. `turned`: what stood has ended."""

    rule: str
    scope: str | None
    met: bool
    fallen: bool
    level: str | None = None
    turned: bool = False


def readings(playbook: Playbook, values: Values, day: int) -> Iterator[Reading]:
    """Yield the values that a day ends with."""
    rules, seats = playbook.rules, values.facts.get("seats")
    yield from _ceilings(playbook, values, day)
    if seats:
        saturation = rules.seat_saturation
        used, bound = values.active(day, saturation.active_days) * 100, saturation.active_percent
        yield Reading(
            "seat_saturation", "active", used > seats * bound, used <= seats * (bound - saturation.margin_points)
        )
        used, bound = len(values.seats) * 100, saturation.assigned_percent
        yield Reading(
            "seat_saturation", "assigned", used >= seats * bound, used <= seats * (bound - saturation.margin_points)
        )
    gated = rules.gated_exploration
    touched = sum(
        max(values.touched[name], default=0) > day - gated.days for name in values.gated & values.touched.keys()
    )
    yield _count("gated_exploration", None, touched, gated.features)
    for name, cells in values.touched.items():
        times = window(cells, day, rules.feature_gap.days) if name in values.gated else 0
        yield _count("feature_gap", name, times, rules.feature_gap.times)
    yield from _headcount(playbook, values, day)
    yield from _velocity(playbook, values, day)
    for name, since in values.departments.items():
        yield _department(playbook, values, day, name, since)
    intent = rules.buying_intent
    viewers = sum(seen > day - intent.days for seen in values.viewers.values())
    yield _count("buying_intent", None, window(values.signals, day, intent.days) + viewers, intent.signals)
    surge = rules.ticket_surge
    now, before = window(values.tickets, day, surge.days), window(values.tickets, day - surge.days, surge.days)
    met = now >= surge.tickets and now * 100 >= before * surge.percent
    yield Reading("ticket_surge", None, met, now * 100 <= before * (surge.percent - surge.margin_points) or now == 0)
    mention = rules.competitor_mention
    yield _count("competitor_mention", None, window(values.mentions, day, mention.days), mention.mentions)
    for user, (latest, previous) in values.answers.items():
        drop = previous is not None and latest <= rules.nps_drop.latest and previous >= rules.nps_drop.before
        yield Reading("nps_drop", user or None, drop, not drop)


def _count(rule: str, scope: str | None, value: int, threshold: int) -> Reading:
    return Reading(rule, scope, value >= threshold, value <= threshold - max(1, threshold * 5 // 100))


def _ceilings(playbook: Playbook, values: Values, day: int) -> Iterator[Reading]:
    rule, plan = playbook.rules.usage_ceiling, values.facts.get("plan")
    row = playbook.plans.get(plan) if plan else None
    for metric in row.limits if row else ():
        limit = limit_for(playbook, plan, metric)
        if limit is None:
            yield Reading("usage_ceiling", metric, met=False, fallen=True)
            continue
        gauge = values.gauges.get(metric)
        used = gauge[1] if gauge else values.period.get(metric, 0)
        share, turned = used * 100 / float(limit), gauge is None and values.period_begin == day
        fallen = share <= rule.levels[0].percent - rule.margin_points
        for level in rule.levels:
            met = share > level.percent if level.comparison == ">" else share >= level.percent
            if met or fallen or turned:
                yield Reading("usage_ceiling", metric, met, fallen, level.name, turned)
            fallen = turned = False


def _headcount(playbook: Playbook, values: Values, day: int) -> Iterator[Reading]:
    rule, history = playbook.rules.headcount_growth, values.employees
    if history:
        lowest = min(count for count in (_in_force(history, day - rule.days + 1)) if count)
        now = history[-1][1] * 100
        yield Reading(
            "headcount_growth", None, now >= lowest * rule.percent, now <= lowest * (rule.percent - rule.margin_points)
        )


def _in_force(history: list[tuple[int, int]], oldest: int) -> list[int]:
    """Return the values in force on any day since `oldest`, the one carried in included."""
    inside = [count for at, count in history if at > oldest]
    carried = [count for at, count in history if at <= oldest][-1:]
    return carried + inside


def _velocity(playbook: Playbook, values: Values, day: int) -> Iterator[Reading]:
    rule = playbook.rules.usage_velocity
    for metric, cells in values.sums.items():
        if min(cells) > day - 2 * rule.days + 1:
            continue
        now, before = window(cells, day, rule.days), window(cells, day - rule.days, rule.days)
        floor = float(rule.floors.get(metric, rule.floor))
        growth = rule.levels[0]
        met = now >= floor and before >= floor and now * 100 >= before * growth.percent
        fallen = now * 100 <= before * (growth.percent - rule.margin_points) or min(now, before) < floor
        yield Reading("usage_velocity", metric, met, fallen, growth.name)


def _department(playbook: Playbook, values: Values, day: int, name: str, since: int) -> Reading:
    rule = playbook.rules.department_expansion
    young = day - since < rule.new_days and since - values.onboarded >= rule.after_onboarding_days
    users = 0
    if young:
        members = (user for user, (department, _) in values.seats.items() if department == name)
        users = sum(values.seen.get(user, -1) > day - rule.days for user in members)
    return _count("department_expansion", name, users, rule.users)


def ended_readings(playbook: Playbook, values: Values, day: int) -> Iterator[Reading]:
    """Yield the values that are looked at when a day has ended: those of windows that end with it."""
    rules = playbook.rules
    yield from _power(playbook, values, day)
    for metric, cells in values.sums.items():
        drop = rules.usage_decline
        if min(cells) > day - 2 * drop.days + 1:
            continue
        now, before = window(cells, day, drop.days) * 100, window(cells, day - drop.days, drop.days)
        met = before > float(drop.floor) and now < before * (100 - drop.drop_percent)
        yield Reading("usage_decline", metric, met, now >= before * (100 - drop.drop_percent + drop.margin_points))
    login = rules.login_decline
    now, before = window(values.sessions, day, login.days) * 100, window(values.sessions, day - login.days, login.days)
    enough = before >= login.sessions
    back = now >= before * (100 - login.drop_percent + login.margin_points)
    yield Reading("login_decline", None, enough and now < before * (100 - login.drop_percent), back or not enough)
    dormant = rules.dormant_users
    cohort = [user for user, (_, since) in values.seats.items() if day + 1 - since >= dormant.provisioned_days]
    never = sum(user not in values.ever for user in cohort)
    share = never * 100 / len(cohort) if cohort else 0
    met = never >= dormant.users and share >= dormant.percent
    yield Reading("dormant_users", None, met, not met and share <= dormant.percent - dormant.margin_points)
    segment = playbook_segment(playbook, values)
    since = day + 1 - values.onboarded
    late = [row.name for row in playbook.milestones.get(segment, ()) if since > row.due_days]
    missed = any(name not in values.milestones for name in late)
    yield Reading("milestone_missed", None, missed, not missed)


def _power(playbook: Playbook, values: Values, day: int) -> Iterator[Reading]:
    rule, totals = playbook.rules.power_user, values.totals
    if values.first_act is None or day + 1 < values.first_act + rule.days:
        return
    most, users = max(totals.values(), default=0), len(totals)
    share = most * users * 100 / sum(totals.values()) if users else 0.0
    met = users >= rule.active_users and most >= rule.acts and share >= rule.percent
    fallen = share <= rule.percent - rule.margin_points or most < rule.acts or users < rule.active_users
    yield Reading("power_user", None, met, fallen)


def playbook_segment(playbook: Playbook, values: Values) -> str:
    """Return the key of the account's segment."""
    named = values.facts.get("segment", "")
    return next((row.key for row in playbook.segments if row.name == named), "")
