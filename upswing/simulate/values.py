"""Plain sums of what happened to one account: the least arithmetic that says on which day something was true.

Nothing here knows about triggers, gates or episodes. Units: days since 1970. Source: definitions 2, 6, 12, 13, 22, 23.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from shared.kernel.clock import DAY_MS, day_from_date
from shared.kernel.playbook import Playbook, gated_features
from upswing.simulate.rhythm import date_text

__all__ = ["Cells", "Values", "window"]

Cells = dict[int, int]
ONE_OFFS: dict[str, str] = {"promoted": "champion_promoted", "moved": "champion_promoted"}
LOST: tuple[str, ...] = ("left", "moved_away")


def window(cells: Mapping[int, int], last: int, days: int) -> int:
    """Return the sum of the days that end with `last`."""
    get = cells.get
    return sum(get(day, 0) for day in range(last - days + 1, last + 1))


class Values:
    """What is true of one account, as far as it was told."""

    def __init__(self, playbook: Playbook, first_day: int) -> None:
        self.playbook, self.first_day = playbook, first_day
        self._act_days = playbook.rules.power_user.days
        self.facts: dict[str, Any] = {}
        self.gated: frozenset[str] = frozenset()
        self.sums: dict[str, Cells] = {}
        self.period: dict[str, int] = {}
        self.period_begin = first_day - 31
        self.gauges: dict[str, tuple[int, float]] = {}
        self.seen: dict[str, int] = {}
        self.ever: set[str] = set()
        self.seats: dict[str, tuple[str, int]] = {}
        self.departments: dict[str, int] = {}
        self.acts: dict[int, dict[str, int]] = {}
        self.totals: dict[str, int] = {}
        self.sessions: Cells = {}
        self.tickets: Cells = {}
        self.touched: dict[str, Cells] = {}
        self.employees: list[tuple[int, int]] = []
        self.answers: dict[str, tuple[float, float | None]] = {}
        self.latest_nps: float | None = None
        self.mentions: Cells = {}
        self.signals: Cells = {}
        self.viewers: dict[str, int] = {}
        self.milestones: dict[str, int] = {}
        self.one_offs: list[tuple[str, int]] = []
        self.today = self.onboarded = first_day
        self.first_act: int | None = None

    def begin(self, day: int) -> None:
        """Begin a day: a billing month may begin with it, and one day leaves the window of acts."""
        self.today = day
        if int(date_text(day)[8:]) == self.facts.get("billing_anchor", 1):
            self.period_begin = day
            self.period.clear()
        for user, count in self.acts.pop(day - self._act_days, {}).items():
            left = self.totals.get(user, 0) - count
            if left > 0:
                self.totals[user] = left
            else:
                self.totals.pop(user, None)

    def take(self, event: dict[str, Any]) -> None:
        """Add one event; it may be a late one."""
        properties = event["properties"]
        if properties.get("mentions_competitor"):
            day = event["occurred_at"] // DAY_MS
            self.mentions[day] = self.mentions.get(day, 0) + 1
        handler = _HANDLERS.get(event["type"])
        if handler is not None:
            handler(self, event["occurred_at"] // DAY_MS, event.get("user_id"), properties)

    def act(self, day: int, user: str | None) -> None:
        """Note that a user did something that makes them active."""
        if user is None:
            return
        self.ever.add(user)
        if self.first_act is None or day < self.first_act:
            self.first_act = day
        if user not in self.seats:
            return  # what comes late of somebody who has left does not count
        if self.seen.get(user, -1) < day:
            self.seen[user] = day
        if day > self.today - self._act_days:
            acts = self.acts.setdefault(day, {})
            acts[user] = acts.get(user, 0) + 1
            self.totals[user] = self.totals.get(user, 0) + 1

    def active(self, day: int, days: int) -> int:
        """Return how many different users were active in the days that end with `day`."""
        oldest = day - days
        return sum(seen > oldest for seen in self.seen.values())


def _session(values: Values, day: int, user: str | None, _: dict[str, Any]) -> None:
    values.sessions[day] = values.sessions.get(day, 0) + 1
    values.act(day, user)


def _used(values: Values, day: int, user: str | None, given: dict[str, Any]) -> None:
    if given["feature"] in values.gated:
        _blocked(values, day, user, given)
    values.act(day, user)


def _blocked(values: Values, day: int, _: str | None, given: dict[str, Any]) -> None:
    cells = values.touched.setdefault(given["feature"], {})
    cells[day] = cells.get(day, 0) + 1


def _recorded(values: Values, day: int, user: str | None, given: dict[str, Any]) -> None:
    metric, quantity = given["metric"], given["quantity"]
    cells = values.sums.setdefault(metric, {})
    cells[day] = cells.get(day, 0) + quantity
    if day >= values.period_begin:
        values.period[metric] = values.period.get(metric, 0) + quantity
    values.act(day, user)


def _reported(values: Values, day: int, _: str | None, given: dict[str, Any]) -> None:
    if given["metric"] not in values.gauges or day >= values.gauges[given["metric"]][0]:
        values.gauges[given["metric"]] = (day, given["level"])


def _provisioned(values: Values, day: int, user: str | None, given: dict[str, Any]) -> None:
    if user is not None:
        values.seats[user] = (given.get("department", ""), day)
        values.departments.setdefault(given.get("department", ""), day)


def _gone(values: Values, _day: int, user: str | None, _: dict[str, Any]) -> None:
    if user is not None:
        values.seats.pop(user, None)
        values.seen.pop(user, None)
        values.totals.pop(user, None)
        for acts in values.acts.values():
            acts.pop(user, None)


def _facts(values: Values, day: int, _: str | None, given: dict[str, Any]) -> None:
    values.facts |= given
    if "plan" in given:
        values.gated = gated_features(values.playbook, given["plan"])
    if "onboarded_at" in given:
        values.onboarded = day_from_date(date.fromisoformat(given["onboarded_at"]))
    if "employees" in given:
        values.employees.append((day, given["employees"]))


def _ticket(values: Values, day: int, _: str | None, __: dict[str, Any]) -> None:
    values.tickets[day] = values.tickets.get(day, 0) + 1


def _answer(values: Values, _day: int, user: str | None, given: dict[str, Any]) -> None:
    if given["survey"] == "nps":
        before = values.answers.get(user or "")
        values.answers[user or ""] = (given["score"], before[0] if before else None)
        values.latest_nps = given["score"]


def _review(values: Values, day: int, _: str | None, given: dict[str, Any]) -> None:
    roadmap = {name.strip().casefold() for name in values.playbook.roadmap}
    if any(need.strip().casefold() in roadmap for need in given["unmet_needs"]):
        values.one_offs.append(("qbr_outcome", day))


def _champion(values: Values, day: int, _: str | None, given: dict[str, Any]) -> None:
    rule = "champion_left" if given["change"] in LOST else ONE_OFFS[given["change"]]
    values.one_offs.append((rule, day))


def _outcome(values: Values, day: int, _: str | None, given: dict[str, Any]) -> None:
    if given.get("primary"):
        values.one_offs.append(("outcome_achieved", day))


def _stakeholder(values: Values, day: int, _: str | None, given: dict[str, Any]) -> None:
    if given["role"] == "executive":
        values.one_offs.append(("executive_interest", day))


def _request(values: Values, day: int, _: str | None, given: dict[str, Any]) -> None:
    values.signals[day] = values.signals.get(day, 0) + 1
    if given.get("by_executive"):
        values.one_offs.append(("executive_interest", day))


def _engaged(values: Values, day: int, _: str | None, given: dict[str, Any]) -> None:
    if given["kind"] == "webinar":
        values.signals[day] = values.signals.get(day, 0) + 1


def _viewed(values: Values, day: int, user: str | None, _: dict[str, Any]) -> None:
    values.viewers[user or ""] = max(day, values.viewers.get(user or "", day))


def _news(values: Values, day: int, _: str | None, given: dict[str, Any]) -> None:
    if given["news"] in values.playbook.rules.organisational_change.news:
        values.one_offs.append(("organisational_change", day))


def _mention(values: Values, day: int, _: str | None, __: dict[str, Any]) -> None:
    values.mentions[day] = values.mentions.get(day, 0) + 1


def _milestone(values: Values, day: int, _: str | None, given: dict[str, Any]) -> None:
    values.milestones.setdefault(given["milestone"], day)


def _renewed(values: Values, day: int, _: str | None, __: dict[str, Any]) -> None:
    if values.latest_nps is not None and values.latest_nps >= values.playbook.rules.renewed_advocate.nps:
        values.one_offs.append(("renewed_advocate", day))


_HANDLERS: dict[str, Callable[[Values, int, str | None, dict[str, Any]], None]] = {
    "session.started": _session,
    "feature.used": _used,
    "feature.blocked": _blocked,
    "usage.recorded": _recorded,
    "usage.reported": _reported,
    "user.provisioned": _provisioned,
    "user.deactivated": _gone,
    "user.erased": _gone,
    "account.updated": _facts,
    "ticket.opened": _ticket,
    "survey.answered": _answer,
    "qbr.held": _review,
    "champion.changed": _champion,
    "outcome.achieved": _outcome,
    "stakeholder.added": _stakeholder,
    "capability.requested": _request,
    "engagement.recorded": _engaged,
    "pricing.viewed": _viewed,
    "company.news": _news,
    "competitor.mentioned": _mention,
    "milestone.reached": _milestone,
    "renewal.completed": _renewed,
}
