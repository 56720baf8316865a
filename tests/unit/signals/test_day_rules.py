"""Rules of the day and one-offs in the engine: what lies in pages, what is shown, and what happens when one fails."""

from msgspec.structs import replace

from services.signals.core import acts
from shared.kernel.playbook import Playbook
from shared.kernel.snapshots import RuleValue
from tests.oracle.adapters import EngineSubject, OracleSubject
from tests.oracle.agreement import assert_same_told
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, control, event, instant, playbook

OPEN = playbook(WIDE_OPEN)
FIRED = ["fired power_user"]


def begin(*playbooks: Playbook) -> tuple[EngineSubject, Story]:
    """Begin with five users whose 30 days have been covered for a while, and a busy one on February 5."""
    subject = EngineSubject(list(playbooks or (OPEN,)))
    story = Story(subject)
    story.ready("2026-01-01 09:00")
    story.active("2026-01-01 10:00", *"abcde")
    story.tick("2026-02-05 00:00")
    story.active("2026-02-05 10:00", *["a"] * 20, *"bcde")
    return subject, story


def shown(subject: EngineSubject, rule: str) -> list[RuleValue]:
    """Return what the latest snapshot says of a rule."""
    return [row for row in subject.snapshots["acme"].rules if row.rule == rule]


def test_what_was_judged_at_midnight_is_known_after_a_restart_at_noon() -> None:
    """Late acts of the morning do not move it, neither before the restart nor after it."""
    subject, story = begin()
    assert story.tick("2026-02-06 00:00") == FIRED
    (before,) = shown(subject, "power_user")
    story.active("2026-02-05 11:00", *["b"] * 30)
    subject.flush()
    subject.restart()
    story.active("2026-02-06 12:00", "b")
    (after,) = shown(subject, "power_user")
    assert after.evidence == before.evidence
    assert story.tick("2026-02-07 00:00") == []
    assert shown(subject, "power_user")[0].evidence.numbers["acts"] == 32


def test_the_evidence_names_the_power_users_and_whoever_is_erased_leaves_it() -> None:
    """The sentence names them too; nothing of the person is left in any page."""
    subject, story = begin()
    story.tick("2026-02-06 00:00")
    (fired,) = shown(subject, "power_user")
    assert fired.evidence.numbers == {"users": ["a"], "acts": 20, "mean": 4.8, "active_users": 5, "days": 30}
    assert fired.evidence.summary == ("20 acts in 30 days by a; the mean of 5 active users is 4.8 = 416.67 % (≥ 200 %)")
    story.happens("2026-02-06 10:00", "user.erased", user="stranger")
    assert shown(subject, "power_user")[0].evidence.numbers["users"] == ["a"]
    story.happens("2026-02-06 10:00", "user.erased", user="a")
    (erased,) = shown(subject, "power_user")
    assert (erased.state, erased.evidence.numbers["users"]) == ("fired", [])
    assert "by somebody;" in erased.evidence.summary


def test_when_nobody_is_twice_as_busy_nobody_is_named() -> None:
    """The value is shown all the same."""
    subject, story = begin()
    story.active("2026-02-05 11:00", *"bcde" * 12)
    story.tick("2026-02-06 00:00")
    (value,) = shown(subject, "power_user")
    assert (value.state, value.evidence.numbers["users"]) == ("armed", [])
    assert value.evidence.summary.startswith("20 acts in 30 days by the busiest user; the mean of 5 active users is 14")


def test_a_rule_of_the_day_that_fails_sits_its_day_out() -> None:
    """Its trigger neither ends nor fires; it is switched back to sense by the next playbook."""
    later = playbook(WIDE_OPEN | {"version": "sound"})
    broken_rule = replace(OPEN.rules.power_user, active_users=None)
    broken = replace(OPEN, version="broken", rules=replace(OPEN.rules, power_user=broken_rule))
    subject, story = begin(OPEN, broken, later)
    assert story.tick("2026-02-06 00:00") == FIRED
    story.judge_by("2026-02-06 10:00", broken)
    assert story.tick("2026-02-07 00:00") == []
    assert subject.counts["rule_failures", "power_user"] == 1
    story.active("2026-02-07 09:00", "a")
    assert shown(subject, "power_user") == []
    story.judge_by("2026-02-07 10:00", later)
    assert story.tick("2026-03-07 00:00") == []
    assert story.tick("2026-03-08 00:00") == ["resolved power_user"]


def test_acts_are_exact_over_many_users_pages_and_restarts() -> None:
    """300 users in several pages, some gone and some erased on the way; the oracle counts the same."""
    subjects = (EngineSubject([OPEN]), OracleSubject([OPEN]))
    engine, oracle = subjects
    lines: list[bytes] = []
    for day in range(40):
        at = instant("2026-01-01 10:00") + day * 86_400_000
        for number in range(12):
            user = f"u{(day * 31 + number * 7) % 300}"
            lines.append(event("session.started", "acme", at + number, f"s{day}-{number}", user=user))
            lines.append(event("session.started", "acme", at + number, f"t{day}-{number}", user="u7"))
        gone = "user.erased" if day % 3 else "user.deactivated"
        lines.append(event(gone, "acme", at + 50, f"g{day}", user=f"u{day * 5 % 300}"))
        lines.append(control("tick", at + 3_600_000))
    for place, line in enumerate(lines):
        assert_same_told(oracle.fold(line), engine.fold(line), f"at line {place}")
        if place % 97 == 0:
            engine.flush()
            engine.restart()


def test_of_a_days_acts_the_latest_are_kept_one_by_one() -> None:
    """Forty at 9:00, thirty-two at 11:00; a departure of 10:00 that arrives last leaves the thirty-two."""
    assert acts.KEPT_INSTANTS == 32
    subject, story = begin()
    story.active("2026-02-06 09:00", *["f"] * 40)
    story.active("2026-02-06 11:00", *["f"] * 32)
    story.happens("2026-02-06 10:00", "user.deactivated", user="f")
    story.tick("2026-02-07 00:00")
    assert shown(subject, "power_user")[0].evidence.numbers["acts"] == 32


def test_after_a_long_absence_old_acts_are_forgotten() -> None:
    """Acts of 61 days before the latest are kept, those of 62 are not; late ones neither."""
    subject, story = begin()
    story.tick("2026-04-08 00:00")
    story.active("2026-04-08 10:00", "a", "b")
    story.active("2026-01-02 10:00", "b")
    account = subject.engine.state.shelf.accounts["acme"]
    kept = {user_id: user.acts for user_id, user in account.users[0].users.items()}
    assert list(kept["a"]) == [0] * 61
    subject, story = begin()
    story.active("2026-04-07 10:00", "a")
    account = subject.engine.state.shelf.accounts["acme"]
    assert list(account.users[0].users["a"].acts) == [20, *[0] * 60]


def test_the_headcount_of_longer_ago_than_the_horizon_is_only_what_it_is_carried_in() -> None:
    """Three numbers of 2024; in 2026 the history holds the last of them and those since."""
    subject = EngineSubject([OPEN])
    story = Story(subject)
    for month, number in ((1, 50), (2, 60), (3, 70)):
        story.facts(f"2024-0{month}-01 10:00", employees=number)
    story.facts("2025-12-01 10:00", employees=80)
    story.tick("2026-02-28 00:00")  # forgetting is done every sixteen days
    days = subject.engine.state.shelf.accounts["acme"].days.employees
    assert sorted(lowest for lowest, _ in days.values()) == [70, 80]
    (value,) = shown(subject, "headcount_growth")
    assert value.evidence.summary == (
        "80 employees; the lowest of 365 days is 70, given on 2024-03-01 = 114.29 % (≥ 120 %)"
    )


def test_a_one_off_shows_each_trigger_and_waits_for_the_next() -> None:
    """Armed while nothing stands, with what it waits for; then one entry a trigger; off when it is switched off."""
    subject, story = begin()
    (waiting,) = shown(subject, "qbr_outcome")
    assert (waiting.state, waiting.evidence.value, waiting.evidence.threshold) == ("armed", None, 1)
    assert waiting.evidence.summary == "waits for a business review that names a need on the roadmap"
    for name in ("q1", "q2"):
        story.happens("2026-02-05 12:00", "qbr.held", name=name, unmet_needs=["offline mode", "CUSTOM ROLES "])
    first, second = shown(subject, "qbr_outcome")
    assert first.state == second.state == "fired"
    assert first.trigger_id != second.trigger_id
    assert first.evidence.summary == (
        "the business review of 2026-02-05 named what is on the roadmap: Custom roles, Offline mode (≥ 1)"
    )
    assert (first.evidence.event_ids, first.evidence.occurred_at) == (("app/q1",), (instant("2026-02-05 12:00"),))
    story.switch("2026-02-05 13:00", "qbr_outcome", enabled=False)
    story.tick("2026-02-06 00:00")
    assert [row.state for row in shown(subject, "qbr_outcome")] == ["off"]


def test_one_offs_and_their_evidence_survive_a_restart() -> None:
    """Held before it, released after it, with the needs they had."""
    subject = EngineSubject([OPEN])
    story = Story(subject)
    story.facts("2026-01-01 09:00")
    story.happens("2026-01-02 12:00", "qbr.held", unmet_needs=["offline mode"])
    subject.flush()
    subject.restart()
    assert story.happens("2026-01-02 13:00", "feature.used", feature="dashboards") == ["released qbr_outcome"]
    (released,) = shown(subject, "qbr_outcome")
    assert released.evidence.numbers == {"needs": ["Offline mode"], "held_on": "2026-01-02"}


def test_a_playbook_changed_while_the_account_was_away_parks_nothing() -> None:
    """Back again on the same day, what holds fires at that record."""
    later = playbook(WIDE_OPEN | {"version": "second", "rules.headcount_growth.percent": 110})
    story = Story(EngineSubject([OPEN, later]))
    story.ready("2026-01-01 09:00", employees=100)
    story.facts("2026-01-02 10:00", employees=110, status="churned")
    story.judge_by("2026-01-02 11:00", later)
    assert story.facts("2026-01-02 12:00", status="active") == ["fired headcount_growth"]
