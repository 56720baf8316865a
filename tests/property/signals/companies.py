"""Made-up companies: a log of a partition, line by line, as Hypothesis draws it.

Shape: a `Step` moves the clock and writes one line; everything is drawn from short lists around the boundaries, so that
examples shrink to a few lines that a person can read.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

from shared.kernel.ids import partition_for
from shared.kernel.playbook import Playbook
from shared.kernel.playbook.risk import Rules
from tests.oracle.adapters import judged_by_both
from tests.oracle.rules import RULES
from tests.oracle.writing import WIDE_OPEN, accounts_of, control, event, instant, only, playbook
from tests.property.signals.vocabulary import FOCUS, PROPERTIES, facts, setting

PARTITIONS = 3
PARTITION = 1
ACCOUNTS = accounts_of(PARTITION, PARTITIONS, 2)
STRANGER = next(f"x{n}" for n in range(99) if partition_for(f"x{n}", PARTITIONS) != PARTITION)
START = "2026-01-20 08:00"
MINUTE_MS = 60_000
DAY = 1440
ACTS = ["session.started", "usage.recorded", "feature.used"]

MIDDLE: dict[str, object] = {
    "measures.adopted_days": 2,
    "gate.smb": WIDE_OPEN["gate.smb"] | {"core_features": 1, "health_score": 50, "sentiment": 6},  # type: ignore[operator]  # a group of criteria is a dict
    "gate.mid_market.core_features": 1,
    "gate.mid_market.unknown": dict.fromkeys(
        ("days_since_onboarding", "health_score", "active_share_percent", "sentiment"), "leave_out"
    ),
    "gate.enterprise.core_features": 2,
    "gate.enterprise.health_score": 60,
    "gate.enterprise.active_share_percent": 20,
}
SHARP: dict[str, object] = {
    "rules.seat_saturation.active_percent": 50,
    "rules.seat_saturation.assigned_percent": 60,
    "rules.seat_saturation.active_days": 2,
    "rules.usage_ceiling.levels": [
        {"name": "nurture", "percent": 40, "comparison": ">"},
        {"name": "outreach", "percent": 60, "comparison": ">="},
        {"name": "owner", "percent": 80, "comparison": ">="},
        {"name": "executive", "percent": 90, "comparison": ">"},
    ],
    "rules.gated_exploration.features": 2,
    "rules.headcount_growth.days": 9,
    "rules.power_user": {
        "play": "department_expansion",
        "margin_points": 20,
        "percent": 150,
        "acts": 3,
        "active_users": 2,
        "days": 3,
    },
    "rules.contract_milestone.from_days": 10,
    "rules.contract_milestone.to_days": 40,
    "rules.qbr_outcome.stands_days": 5,
    "roadmap": ["A PONY", "Data residency"],
    "health.green": 90,
    "plans.Starter.annual": True,
}
WIDE: dict[str, object] = {
    "measures.adopted_window_days": 60,
    "measures.active_window_days": 60,
    "measures.ticket_window_days": 50,
    "health.usage.days": 45,
    "rules.seat_saturation.active_days": 40,
    "rules.gated_exploration.days": 90,
    "rules.power_user.days": 60,
    "rules.power_user.acts": 4,
    "rules.power_user.active_users": 2,
}
EVERY_RULE = only(*Rules.__struct_fields__)
OPEN = WIDE_OPEN | EVERY_RULE | {f"gate.{segment}": WIDE_OPEN["gate.smb"] for segment in ("mid_market", "enterprise")}
PLAYBOOKS: dict[str, Playbook] = {
    name: judged_by_both(playbook(changes | {"version": name}))
    for name, changes in {
        "strict": {},
        "open": OPEN,
        "middle": MIDDLE,
        "sharp": OPEN | SHARP,
        "silent": OPEN | {"rules.seat_saturation.enabled": False},
        "wide": MIDDLE | WIDE,
    }.items()
}


@dataclass(frozen=True)
class Step:
    """Minutes that pass, then a line. Shape: `write(account, instant, id)` returns its bytes."""

    what: str
    passes: int
    late: int
    account: str
    write: Callable[[str, int, str], bytes] = field(compare=False)
    alone: bool = False

    def __repr__(self) -> str:
        """Say what the step is, for a failing example."""
        late = f", {self.late} min late" if self.late else ""
        return f"<+{self.passes} min{late}: {self.account} {self.what}>"


@dataclass(frozen=True)
class Company:
    """A drawn log. Shape: `lines` in order with whether each must be a record of its own."""

    first: str
    lines: tuple[tuple[bytes, bool], ...]

    def playbooks(self) -> list[Playbook]:
        """Return all playbooks, that of the beginning first."""
        return [PLAYBOOKS[self.first], *(row for name, row in PLAYBOOKS.items() if name != self.first)]

    def records(self) -> list[bytes]:
        """Return one record for each line."""
        return [line for line, _ in self.lines]

    def __repr__(self) -> str:
        """Show the log as it can be pasted into a test."""
        return f"Company({self.first!r}):\n" + "\n".join(line.decode() for line, _ in self.lines)


accounts = st.sampled_from([*ACCOUNTS[:1] * 16, *ACCOUNTS * 4, STRANGER])
users = st.sampled_from(["u1", "u2", "u3", "u4", "u5", None])
passes = st.sampled_from([*[0] * 24, 1, 30, 59, 60, 61, 400, DAY, DAY, DAY, 2 * DAY, 8 * DAY, 31 * DAY])
lates = st.sampled_from([*[0] * 14, 30, 600, DAY, 3 * DAY, 20 * DAY, 45 * DAY, 399 * DAY, 401 * DAY, -3, -2 * DAY])


def _event(kind: str, user: str | None, properties: dict[str, object], source: str) -> Callable[[str, int, str], bytes]:
    def write(account: str, at: int, name: str) -> bytes:
        return event(kind, account, at, name, user=user, source=source, properties=properties)

    return write


@st.composite
def events(draw: st.DrawFn, focus: str) -> Step:
    """Draw one event, most often of the types that belong together."""
    kind = draw(st.sampled_from(FOCUS[focus if draw(st.integers(0, 3)) else "everything"]))
    properties = draw(PROPERTIES[kind])
    user = draw(users)
    source = draw(st.sampled_from(["app", "app", "crm"]))
    return Step(
        f"{kind} {user} {properties}", draw(passes), draw(lates), draw(accounts), _event(kind, user, properties, source)
    )


@st.composite
def updates(draw: st.DrawFn) -> Step:
    """Draw one change of facts."""
    given = draw(facts)
    step = _event("account.updated", None, given, draw(st.sampled_from(["app", "crm"])))
    return Step(f"account.updated {given}", draw(passes), draw(lates), draw(accounts), step)


@st.composite
def controls(draw: st.DrawFn) -> Step:
    """Draw one control record; ticks are by far the most common."""
    kind = draw(st.sampled_from([*["tick"] * 12, "old_tick", "playbook", "rule", "backfill"]))
    given: dict[str, object] = {}
    if kind == "playbook":
        given = {"version": draw(st.sampled_from(sorted(PLAYBOOKS))), "digest": ""}
    elif kind == "rule":
        given = {
            "rule": draw(st.sampled_from(RULES)),
            "enabled": draw(st.booleans()),
        }
    elif kind == "backfill":
        given = {"state": draw(st.sampled_from(["begin", "end"]))}
    else:
        given = {"live": draw(st.sampled_from([True, True, False]))}
    name = "tick" if kind == "old_tick" else kind
    back = 3 * DAY * MINUTE_MS if kind == "old_tick" else 0

    def write(_account: str, at: int, _name: str) -> bytes:
        return control(name, at - back, **given)

    return Step(f"{kind} {given}", draw(passes), 0, "-", write, alone=True)


@st.composite
def rubbish(draw: st.DrawFn) -> Step:
    """Draw one line that cannot be used."""
    line = draw(st.sampled_from([b"{", b"[]", b"7", b'{"type":"no.such"}', b'{"type":"session.started"}', b"\xff\xfe"]))
    return Step("rubbish", 0, 0, "-", lambda _account, _at, _name: line)


def weighted(focus: str) -> st.SearchStrategy[Step]:
    """Draw any step, events most often."""
    kinds = [events(focus)] * 16 + [controls()] * 4 + [updates()] * 3 + [rubbish()]
    return st.integers(0, len(kinds) - 1).flatmap(lambda n: kinds[n])


@st.composite
def busy_days(draw: st.DrawFn) -> list[Step]:
    """Draw days on which some act far more than others."""
    people = st.lists(st.sampled_from([*["u1"] * 4, "u2", "u3", "u4"]), max_size=8)
    steps: list[Step] = []
    for acts in draw(st.lists(people, min_size=1, max_size=7)):
        for number, user in enumerate(acts):
            write = _event(
                draw(st.sampled_from(ACTS)), user, {"feature": "reports", "metric": "calls", "quantity": 1}, "app"
            )
            steps.append(Step(f"act of {user}", 0 if number else DAY, draw(lates), ACCOUNTS[0], write))
    return steps


@st.composite
def companies(draw: st.DrawFn) -> Company:
    """Draw a whole log: the accounts' settings, then steps, some lines repeated, and a last tick on a new day."""
    steps: list[Step] = []
    if draw(st.integers(0, 3)) == 3:
        steps.append(Step("backfill", 0, 0, "-", lambda _a, at, _n: control("backfill", at, state="begin"), alone=True))
    for account in ACCOUNTS[: draw(st.integers(1, 2))]:
        given = draw(setting)
        steps.append(Step(f"setting {given}", 0, 0, account, _event("account.updated", None, given, "crm")))
        steps.append(Step("use", 0, 0, account, _event("feature.used", "u1", {"feature": "dashboards"}, "app")))
    at_least = draw(st.sampled_from([0, 5, 20, 40]))
    focus = draw(st.sampled_from(sorted(FOCUS)))
    if focus == "acts":
        steps += draw(busy_days())
    steps += draw(st.lists(weighted(focus), min_size=at_least, max_size=2 * at_least + 10))
    lines: list[tuple[bytes, bool]] = []
    now = instant(START)
    for number, step in enumerate(steps):
        now += step.passes * MINUTE_MS
        lines.append((step.write(step.account, now - step.late * MINUTE_MS, f"e{number}"), step.alone))
        if draw(st.integers(0, 9)) == 9:
            lines.append(lines[draw(st.integers(0, len(lines) - 1))])
    lines.append((control("tick", now + 3 * DAY * MINUTE_MS), True))  # later than any event
    first = ["open", "open", "middle", "strict", "sharp", "wide"] + ["sharp"] * (6 if focus == "acts" else 0)
    return Company(draw(st.sampled_from(first)), tuple(lines))


@st.composite
def packed(draw: st.DrawFn, company: Company) -> list[bytes]:
    """Draw another packing of a company's lines into records; the order of the lines stays."""
    records: list[list[bytes]] = [[]]
    for line, alone in company.lines:
        if alone or draw(st.booleans()):
            records.append([])
        records[-1].append(line)
        if alone:
            records.append([])
    return [b"\n".join(record) for record in records if record]
