"""What is kept of how an account is used: bounded, and rebuilt from pages."""

import pytest

from services.signals.core import account as accounts
from services.signals.core.account import Account
from shared.kernel.clock import DAY_MS
from tests.oracle.adapters import EngineSubject, OracleSubject
from tests.oracle.agreement import assert_same_told
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, control, event, instant, only, playbook

RULES = (
    "limit_hit_again",
    "feature_gap",
    "addon_problem",
    "usage_velocity",
    "cost_efficiency",
    "usage_decline",
    "login_decline",
    "purchased_unused",
)
SHORT: dict[str, object] = {
    "rules.usage_velocity.days": 3,
    "rules.usage_velocity.gap_days": 5,
    "rules.usage_velocity.floor": 10,
    "rules.usage_decline.days": 2,
    "rules.cost_efficiency.days": 2,
    "rules.login_decline.days": 2,
    "rules.login_decline.sessions": 2,
    "rules.purchased_unused.days": 4,
    "rules.feature_gap.times": 2,
}
GROWTH = ["fired usage_velocity:api_calls@growth"]
OPEN = playbook(WIDE_OPEN | only(*RULES) | SHORT)


def begin(changes: dict[str, object] | None = None, **facts: object) -> tuple[EngineSubject, Story]:
    """Begin in January on the plan Starter with an open gate."""
    subject = EngineSubject([playbook(WIDE_OPEN | only(*RULES) | SHORT | (changes or {}))])
    story = Story(subject)
    story.ready("2026-01-01 09:00", plan="Starter", **facts)
    return subject, story


def account_of(subject: EngineSubject) -> Account:
    """Return the engine's account."""
    found: Account = subject.engine.state.shelf.accounts["acme"]
    return found


def pass_years(story: Story) -> None:
    """Write ticks until the horizon lies behind, on the days on which the engine forgets."""
    for day in range(30):
        story.fold(control("tick", instant("2026-01-11 00:00") + day * accounts.PRUNE_EVERY_DAYS * DAY_MS))


def life() -> list[bytes]:
    """Write forty days of an account, in which each of the rules fires and ends."""
    lines = [
        event(
            "account.updated",
            "acme",
            "2026-01-01 09:00",
            "facts",
            properties={
                "plan": "Starter",
                "onboarded_at": "2025-01-01",
                "limits": {"api_calls": 500},
                "purchased_features": ["sso"],
            },
        ),
        event("feature.used", "acme", "2026-01-01 09:01", "open", properties={"feature": "dashboards"}),
    ]
    for day in range(40):
        at = instant("2026-01-01 10:00") + day * DAY_MS
        late = at - (3 * DAY_MS if day % 4 == 1 else 0)
        busy = 1 + (day % 9) * (day % 9)
        metric: dict[str, object] = {"metric": "api_calls", "quantity": busy * 5, "cost": busy * (day % 3 + 1)}
        source = "web" if day % 2 else "app"
        lines += [
            event("usage.recorded", "acme", late, f"u{day}", source=source, properties=metric),
            event("feature.used", "acme", late, f"m{day}", properties={"feature": "imports", "metric": "api_calls"}),
            event(
                "feature.blocked", "acme", late, f"b{day}", properties={"feature": "automation" if day < 20 else "sso"}
            ),
            *(event("session.started", "acme", late + n, f"s{day}-{n}", user="ada") for n in range(busy // 8)),
            event("ticket.opened", "acme", at, f"t{day}", properties={"ticket_id": f"t{day}", "severity": "high"}),
            control("source", at, source="web", silent=day % 10 == 3),
        ]
        if day % 7 == 2:
            lines.append(event("limit.reached", "acme", at, f"l{day}", properties={"metric": "api_calls"}))
        if day == 20:
            lines.append(event("account.updated", "acme", at, "sold", properties={"purchased_features": []}))
        lines.append(control("tick", at + 3_600_000))
    return lines


def test_a_restart_after_every_record_changes_nothing() -> None:
    """The oracle, which is never restarted, says the same at every line; each rule has its say."""
    engine, oracle = EngineSubject([OPEN]), OracleSubject([OPEN])
    said: set[str] = set()
    for number, line in enumerate(life()):
        expected = oracle.fold(line)
        assert_same_told(expected, engine.fold(line), f"at line {number}: {line.decode()}")
        said |= {f"{one.record} {one.rule}" for one in expected}
        engine.flush(None if number % 3 else 2)
        engine.restart()
    assert {f"fired {rule}" for rule in RULES} <= said
    assert {f"resolved {rule}" for rule in RULES if rule != "addon_problem"} <= said  # its tickets go on


def test_what_no_window_holds_any_more_is_forgotten() -> None:
    """After the horizon nothing is left of counts, costs, limits and sources but what was bought and used."""
    subject, story = begin(purchased_features=["reports"])
    story.happens("2026-01-02 10:00", "feature.used", feature="reports", metric="api_calls")
    story.happens("2026-01-02 10:00", "usage.recorded", metric="api_calls", quantity=5, cost=1)
    story.happens("2026-01-02 10:00", "usage.recorded", metric="api_calls", quantity=5, cost=1, source="web")
    story.happens("2026-01-02 10:00", "session.started")
    story.happens("2026-01-02 10:00", "feature.blocked", feature="sso")
    story.happens("2026-01-02 10:00", "ticket.opened", ticket_id="t", severity="high")
    story.happens("2026-01-02 10:00", "limit.reached", metric="storage")
    pass_years(story)
    account = account_of(subject)
    use, gone = account.head.use, account.days.use
    assert (use.times, use.sessions, use.problems, use.limits, use.costs, use.by_features) == ({}, 0, {}, {}, {}, {})
    assert use.heard == {"api_calls": {}}
    assert (gone.times, gone.problems, gone.costs, gone.by_features) == ({}, {}, {}, {})
    assert sum(gone.sessions.by_day) == 1  # the one, until a later day pushes it out
    assert set(account.head.features) == {"reports"}
    assert subject.snapshots["acme"].active_triggers == ()


def test_a_metric_keeps_its_first_day_when_all_its_days_have_gone() -> None:
    """Used more than a year ago and again now: its windows are covered, though a restart lies between."""
    subject, story = begin(only("usage_velocity"))
    story.happens("2026-01-02 10:00", "usage.recorded", metric="api_calls", quantity=100)
    pass_years(story)
    assert account_of(subject).metrics["api_calls"].cells == {}
    subject.flush()
    subject.restart()
    story.happens("2027-06-02 08:00", "feature.used", feature="dashboards")
    story.happens("2027-06-02 10:00", "usage.recorded", metric="api_calls", quantity=100)
    assert story.happens("2027-06-05 10:00", "usage.recorded", metric="api_calls", quantity=139) == []
    assert story.happens("2027-06-05 10:00", "usage.recorded", metric="api_calls", quantity=1) == GROWTH


def test_a_jump_of_years_closes_the_day_that_was_left() -> None:
    """What was counted on it stays with it; a limit that was reached is armed again."""
    subject, story = begin(limits={"api_calls": 10})
    story.happens("2026-01-02 10:00", "session.started")
    story.happens("2026-01-02 10:00", "usage.recorded", metric="api_calls", quantity=10)
    assert account_of(subject).head.use.limits["api_calls"].days == [instant("2026-01-02 00:00") // DAY_MS]
    story.tick("2030-01-01 00:00")
    account = account_of(subject)
    assert account.head.use.sessions == 0
    assert account.head.use.limits == {}
    assert account.days.use.sessions.newest == instant("2026-01-02 00:00") // DAY_MS


def test_problems_that_a_playbook_drops_leave_both_pages() -> None:
    """Those of today and those of days gone by; what stays goes on."""
    addons = {"A": {"price": 1, "problem": {"type": "ticket.opened", "count": 3, "days": 9, "where": {}}}}
    later = playbook(WIDE_OPEN | only(*RULES) | SHORT | {"version": "later", "addons": {}})
    subject = EngineSubject([playbook(WIDE_OPEN | only(*RULES) | SHORT | {"addons": addons}), later])
    story = Story(subject)
    story.ready("2026-01-01 09:00", plan="Starter")
    for day in ("02", "03"):
        story.happens(f"2026-01-{day} 10:00", "ticket.opened", ticket_id=day, severity="low")
    account = account_of(subject)
    assert (len(account.head.use.problems), len(account.days.use.problems)) == (1, 1)
    story.judge_by("2026-01-03 11:00", later)
    assert (account.head.use.problems, account.days.use.problems) == ({}, {})


@pytest.mark.parametrize(
    ("kind", "where", "properties"),
    [
        ("session.started", {}, {}),
        ("feature.used", {"feature": "reports"}, {"feature": "reports"}),
        ("feature.used", {"quantity": 2}, {"feature": "reports", "quantity": 2}),
        ("feature.used", {"metric": "calls"}, {"feature": "reports", "metric": "calls"}),
        ("usage.recorded", {"metric": "calls"}, {"metric": "calls", "quantity": 1}),
    ],
)
def test_a_flood_that_shows_a_problem_is_counted_event_by_event(
    kind: str, where: dict[str, object], properties: dict[str, object]
) -> None:
    """Ninety in one record: the trigger names the fortieth."""
    problem = {"type": kind, "count": 40, "days": 9, "where": where}
    subject, story = begin(only("addon_problem") | {"addons": {"A": {"price": 1, "problem": problem}}})
    story.fold(*(event(kind, "acme", "2026-01-02 10:00", f"n{n}", properties=properties) for n in range(90)))
    assert [(str(one), one.decided_by) for one in story.told] == [("fired addon_problem:A", "app/n39")]
    (key,) = account_of(subject).head.use.problems
    assert account_of(subject).head.use.problems[key] == 90


@pytest.mark.parametrize("kind", ["feature.used", "feature.blocked"])
def test_features_of_the_plan_are_counted_for_the_day_that_the_plan_is_another(kind: str) -> None:
    """Used twice while it was in the plan, then gated: the gap is there at the record that takes it away."""
    subject, story = begin()
    story.facts("2026-01-02 09:00", plan="Growth")
    for hour in ("10", "11"):
        story.happens(f"2026-01-02 {hour}:00", kind, feature="automation")
    assert story.facts("2026-01-02 12:00", plan="Starter") == ["fired feature_gap:automation"]
    assert account_of(subject).gated == {"integrations", "automation", "segments"} | {
        *("sso", "audit_log", "forecasting", "roles")
    }
