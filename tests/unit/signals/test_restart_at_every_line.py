"""One company's life, told to an engine that is flushed and started anew after every single record."""

import pytest

from shared.kernel.playbook import Playbook
from tests.oracle.adapters import EngineSubject, OracleSubject
from tests.oracle.agreement import assert_same_state, assert_same_told
from tests.oracle.subject import Told
from tests.oracle.writing import WIDE_OPEN, control, event, playbook

ENTERPRISE = playbook(
    WIDE_OPEN
    | {
        "gate.enterprise": WIDE_OPEN["gate.smb"] | {"core_departments": 2},  # type: ignore[operator]  # a group of criteria is a dict
        "plans.Yearly": {"price": 10, "limits": {"api_calls": 100}, "features": ["dashboards"], "annual": True},
    }
)


class Writer:
    """Writes the lines of one account, counting its ids."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def write(self, when: str, what: str, /, user: str | None = None, **properties: object) -> None:
        """Write one event on a day of 2026, `MM-DD HH:MM`."""
        name = f"e{len(self.lines)}"
        self.lines.append(event(what, "acme", f"2026-{when}", name, user=user, properties=properties))

    def tick(self, when: str) -> None:
        """Write a tick."""
        self.lines.append(control("tick", f"2026-{when}"))

    def again(self, index: int) -> None:
        """Write a line once more."""
        self.lines.append(self.lines[index])


def life() -> list[bytes]:
    """Return a life with everything in it: people come, go, return and are erased; events are late; periods turn."""
    log = Writer()
    people_come_and_go(log)
    periods_turn(log)
    return log.lines


def people_come_and_go(log: Writer) -> None:
    """Write the first three days of March: two of three people leave, one of them returns; much of it comes late."""
    log.write("03-01 09:00", "account.updated", segment="Enterprise", seats=3, plan="Yearly", onboarded_at="2025-09-10")
    for user, department in (("a", "Sales"), ("b", "Finance"), ("c", None)):
        log.write("03-01 09:10", "user.provisioned", user=user, department=department)
        log.write("03-01 10:00", "feature.used", user=user, feature="dashboards", metric="api_calls", quantity=10)
    log.write("03-01 10:00", "feature.used", user="b", feature="dashboards")
    log.write("03-01 09:30", "feature.used", user="b", feature="dashboards")
    log.write("03-01 11:00", "user.provisioned", user="c", department="Finance")
    log.again(2)
    log.write("02-27 10:00", "usage.recorded", user="a", metric="api_calls", quantity=45)
    log.write("03-01 12:00", "ticket.opened", ticket_id="t1", severity="high")
    log.tick("03-02 00:00")
    log.write("03-02 08:00", "user.deactivated", user="b")
    log.write("03-01 08:00", "user.deactivated", user="b")
    log.write("03-01 20:00", "feature.used", user="b", feature="dashboards")
    log.write("03-02 09:00", "feature.used", user="b", feature="dashboards")
    log.write("03-02 09:30", "usage.recorded", metric="api_calls", quantity=5)
    log.write("03-03 09:00", "user.erased", user="c")
    log.write("03-02 09:00", "session.started", user="c")
    log.write("03-02 10:00", "user.provisioned", user="c", department="Sales")
    log.write("03-03 10:00", "user.provisioned", user="c", department="Sales")
    log.write("03-03 11:00", "user.erased", user="c")
    log.write("03-03 12:00", "session.started", user="c")
    log.write("03-03 12:00", "user.erased", user="never_seen")
    log.write("02-20 12:00", "user.provisioned", user="a", department="Finance")
    log.write("02-25 12:00", "user.erased", user="a")


def periods_turn(log: Writer) -> None:
    """Write the rest until April 20: the plan changes, the contract turns, the account's status goes to and fro."""
    log.write("03-03 13:00", "survey.answered", survey="csat", score=4)
    log.write("03-20 10:00", "qbr.held")
    log.write("03-20 10:00", "engagement.recorded", kind="reply")
    log.write("03-20 10:00", "usage.recorded", metric="api_calls", quantity=30)
    log.write("03-21 10:00", "account.updated", renews_on="2026-04-02", plan="Starter", limits={"api_calls": 120})
    log.tick("04-03 09:00")
    log.write("04-03 09:30", "account.updated", status="suspended")
    log.write("04-03 10:00", "feature.blocked", feature="sso")
    log.write("04-01 10:00", "feature.blocked", feature="roles")
    log.write("04-02 10:00", "feature.used", feature="integrations")
    log.write("04-03 11:00", "usage.reported", metric="storage_gb", level=48)
    log.write("04-03 12:00", "renewal.completed")
    log.write("04-03 12:00", "session.started", user="a")
    log.write("04-03 12:30", "account.updated", status="active")
    log.write("04-03 13:00", "account.updated", status="churned")
    log.write("04-04 13:00", "account.updated", status="active")
    log.tick("04-20 00:00")


def told_by(subject: EngineSubject | OracleSubject, line: bytes, where: str) -> list[Told]:
    """Return what a subject says at a line; an engine is flushed and started anew after it, and then says nothing."""
    told = subject.fold(line)
    if isinstance(subject, EngineSubject):
        subject.flush()
        assert subject.restart() == [], where
    return told


@pytest.mark.parametrize(
    "judged_by", [ENTERPRISE, playbook(), playbook(WIDE_OPEN)], ids=["departments", "strict", "open"]
)
def test_a_restart_after_every_record_changes_nothing(judged_by: Playbook) -> None:
    """The oracle, which is never restarted, says the same at every line and knows the same at the end."""
    engine, oracle = EngineSubject([judged_by]), OracleSubject([judged_by])
    for number, line in enumerate(life()):
        where = f"at line {number}: {line.decode()}"
        assert_same_told(told_by(oracle, line, where), told_by(engine, line, where), where)
        assert_same_state(oracle.explain("acme"), engine.explain("acme"), where)


def test_the_life_has_everything_in_it() -> None:
    """Otherwise the test above would prove little."""
    oracle = OracleSubject([ENTERPRISE])
    told = [one for line in life() for one in oracle.fold(line)]
    assert {one.record for one in told} == {"fired", "held", "released", "resolved"}
    assert {one.rule for one in told} == {"usage_ceiling", "seat_saturation", "gated_exploration"}
    assert oracle.oracle.counts["duplicates"] == 1
