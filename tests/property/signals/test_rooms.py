"""Looking only where activity may have brought health to a line says the same as looking after every event."""

from collections.abc import Iterable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.adapters import EngineSubject
from tests.oracle.agreement import assert_same_told
from tests.oracle.writing import WIDE_OPEN, control, event, instant, only, playbook
from tests.property.signals.companies import PARTITION, PARTITIONS, Company, companies

DAY_MS = 86_400_000
START = instant("2026-03-02 10:00")
ON_HEALTH = (
    "contract_milestone",
    "renewal_at_risk",
    "health_declining",
    "health_critical",
    "gated_exploration",
    "qbr_outcome",
    "outcome_achieved",
)


def lines_at(green: int, critical: int, asked: int, version: str) -> dict[str, object]:
    """Return a playbook's changes: the lines at which health counts."""
    gate = WIDE_OPEN["gate.smb"]
    assert isinstance(gate, dict)
    return WIDE_OPEN | {
        **only(*ON_HEALTH),
        "version": version,
        "gate.smb": gate | {"health_score": asked},
        "health.green": green,
        "health.critical": critical,
        "rules.renewal_at_risk.health_score": green,
        "rules.health_declining.drop_points": 3,
    }


LINES = st.tuples(st.integers(40, 95), st.integers(20, 39), st.integers(40, 95))
METRICS = st.sampled_from(("calls", "rows", "jobs"))
QUANTITIES = st.sampled_from((0, 1, 3, 7, 20, 60, 200))
USERS = st.sampled_from((None, *"abcdefgh"))
AGES = st.sampled_from((0, 0, 0, 0, 1, 5, 29, 30, 31, 45, 59, 60))


HAPPENINGS: st.SearchStrategy[tuple[str, dict[str, object]]] = st.sampled_from(
    (
        ("qbr.held", {"unmet_needs": ["Custom roles"]}),
        ("outcome.achieved", {"outcome": "x", "primary": True}),
        ("survey.answered", {"survey": "nps", "score": 6}),
        ("survey.answered", {"survey": "nps", "score": 10}),
        ("ticket.opened", {"ticket_id": "t", "severity": "high"}),
        ("feature.blocked", {"feature": "sso"}),
        ("feature.blocked", {"feature": "automation"}),
        ("feature.blocked", {"feature": "integrations"}),
    )
)


@dataclass(frozen=True)
class Case:
    """A log, and the playbooks that it names."""

    playbooks: tuple[tuple[int, int, int], tuple[int, int, int]]
    log: tuple[bytes, ...]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw 60 days of use, then events one by one, with changes of day and of playbook between them."""
    lines: list[bytes] = []

    def tell(kind: str, at: int, user: str | None = None, /, **properties: object) -> None:
        lines.append(event(kind, "acme", at, f"e{len(lines)}", user=user, properties=properties))

    seats = draw(st.sampled_from((None, 4, 8, 12)))
    renewal = draw(st.sampled_from((35, 50, 62)))
    facts: dict[str, object] = {"onboarded_at": "2025-06-01", "plan": "Starter", "seats": seats}
    tell("account.updated", START - 90 * DAY_MS, renews_on=START + renewal * DAY_MS, **facts)
    tell("feature.used", START - 3 * DAY_MS, feature="dashboards")
    for metric, age, quantity in draw(st.lists(st.tuples(METRICS, st.integers(0, 75), QUANTITIES), max_size=12)):
        tell("usage.recorded", START - age * DAY_MS, metric=metric, quantity=quantity)
    lines.append(control("tick", START - DAY_MS))
    now = START
    steps = st.sampled_from(("use", "use", "use", "use", "log in", "log in", "happen", "tick", "judge"))
    for step in draw(st.lists(steps, min_size=5, max_size=40)):
        now += 60_000
        if step == "use":
            at = now - draw(AGES) * DAY_MS
            tell("usage.recorded", at, draw(USERS), metric=draw(METRICS), quantity=draw(QUANTITIES))
        elif step == "log in":
            tell("session.started", now - draw(AGES) * DAY_MS, draw(USERS))
        elif step == "happen":
            kind, properties = draw(HAPPENINGS)
            tell(kind, now, **properties)
        elif step == "tick":
            now = (now // DAY_MS + 1) * DAY_MS
            lines.append(control("tick", now))
        else:
            version = draw(st.sampled_from(("first", "second")))
            lines.append(control("playbook", now, version=version, digest=""))
    return Case((draw(LINES), draw(LINES)), tuple(lines))


def assert_looking_always_is_the_same(always: EngineSubject, due: EngineSubject, log: Iterable[bytes]) -> None:
    """Let one engine look at all rules after every event and at every midnight, for something is unsettled."""
    for number, line in enumerate(log):
        for account in always.engine.state.shelf.accounts.values():
            account.unsettled = True
        assert_same_told(always.fold(line), due.fold(line), f"at line {number}: {line.decode(errors='replace')}")


@given(cases())
def test_rooms_change_nothing(case: Case) -> None:
    """Around the lines at which health counts."""
    books = [
        playbook(lines_at(*lines, version)) for lines, version in zip(case.playbooks, ("first", "second"), strict=True)
    ]
    assert_looking_always_is_the_same(EngineSubject(books), EngineSubject(books), case.log)


@given(companies())
def test_looking_only_when_due_changes_nothing(company: Company) -> None:
    """With every rule on; at quiet midnights too, at which rules that can only fall are left out."""
    always, due = (EngineSubject(company.playbooks(), PARTITION, PARTITIONS) for _ in range(2))
    assert_looking_always_is_the_same(always, due, company.records())
