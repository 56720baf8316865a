"""A line at which something fails changes nothing: it is undone, dead-lettered, and everything around it counts.

A validated playbook makes nothing fail, so these tests break one after validation: a rule whose play is missing fails
when it fires, one without a window fails whenever it measures.
"""

from msgspec.structs import replace

from shared.kernel.codec import decode_line
from shared.kernel.controls import RuleSwitched
from shared.kernel.playbook import Playbook
from shared.kernel.topics import EVENTS
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, accounts_of, control, playbook

OPEN = playbook(WIDE_OPEN)
HOUR = "2026-03-02 10:00"


def without_play(rule: str, version: str = "default-1") -> Playbook:
    """Return a playbook under which a rule fails when it fires."""
    play = getattr(OPEN.rules, rule).play
    return replace(OPEN, version=version, plays={name: row for name, row in OPEN.plays.items() if name != play})


def without_window(version: str) -> Playbook:
    """Return a playbook under which `gated_exploration` fails whenever the rules are looked at."""
    broken = replace(OPEN.rules.gated_exploration, days=None)
    return replace(OPEN, version=version, rules=replace(OPEN.rules, gated_exploration=broken))


def without_days(version: str) -> Playbook:
    """Return a playbook under which `power_user` fails whenever the day changes."""
    broken = replace(OPEN.rules.power_user, days=None)
    return replace(OPEN, version=version, rules=replace(OPEN.rules, power_user=broken))


def begin(first: Playbook, *later: Playbook) -> tuple[EngineSubject, Story]:
    """Begin the story of an account with limits and seats."""
    subject = EngineSubject([first, *later])
    story = Story(subject)
    story.ready("2026-03-01 10:00", limits={"api_calls": 100}, seats=2, plan="Starter")
    return subject, story


def pages(subject: EngineSubject) -> dict[bytes, bytes]:
    """Return what lies in the store after a flush."""
    subject.flush()
    return dict(subject.store.pages)


def used(story: Story, quantity: int) -> bytes:
    """Return a line that records some of the limited metric."""
    return story.line(HOUR, "usage.recorded", user="u1", metric="api_calls", quantity=quantity)


def test_the_failing_line_is_undone_and_its_neighbours_in_the_record_count() -> None:
    """40 + (35, which fires and fails) + 20 are 60: as if the line had never been there."""
    broken = without_play("usage_ceiling")
    subject, story = begin(broken)
    lines = [used(story, 40), used(story, 35), used(story, 20)]
    assert story.fold(*lines) == []
    assert subject.counts["rejected", "rule_failed"] == 1
    assert subject.outputs["dead.letters"] == 1

    spared, other = begin(broken)
    other.fold(lines[0], lines[2])
    assert pages(subject) == pages(spared)


def test_what_was_flushed_and_what_was_not_are_both_there_after_an_undoing() -> None:
    """Users, ticks, playbooks, switches and the backfill since the flush are folded again, in silence.

    ::

        flushed      seats, u1
        since then   backfill begins, history ticks, 40 calls, a rule off, a new playbook, u2, backfill ends
        then         35 calls fire and fail
    """
    first, second = without_play("usage_ceiling"), without_play("usage_ceiling", "second")
    subjects = []
    for poisoned in (True, False):
        subject, story = begin(first, second)
        story.active("2026-03-01 11:00", "u1")
        subject.flush()
        story.backfill("2026-03-01 12:00", "begin")
        story.tick("2026-03-01 23:00", live=False)
        story.tick("2026-03-02 08:00", live=False)
        story.fold(used(story, 40))
        story.switch(HOUR, "gated_exploration", enabled=False)
        story.judge_by(HOUR, second)
        assert story.active(HOUR, "u2") == ["held seat_saturation:active"]
        other = Story(subject, "other")
        other.facts(HOUR, seats=1)
        story.backfill(HOUR, "end")
        line = used(story, 35)
        if poisoned:
            assert story.fold(line) == []
        told = story.active(HOUR, "u3")
        assert told == ["released seat_saturation:active"]
        subjects.append(subject)
    spoiled, spared = (dict(pages(subject)) for subject in subjects)
    assert spoiled.keys() == spared.keys()
    for subject in subjects:
        assert subject.restart() == []
    tick = control("tick", "2026-03-03 00:00")
    assert [str(one) for one in subjects[0].fold(tick)] == [str(one) for one in subjects[1].fold(tick)]
    assert subjects[0].explain("acme") == subjects[1].explain("acme")
    assert subjects[0].explain("other") == subjects[1].explain("other")


def test_an_account_whose_first_line_fails_is_as_if_it_had_never_been_heard_of() -> None:
    """The first event fires at once and fails."""
    subject = EngineSubject([without_window("default-1")])
    story = Story(subject)
    assert story.facts("2026-03-01 10:00", seats=1) == []
    assert subject.counts["rejected", "rule_failed"] == 1
    assert subject.snapshots == {}
    subject.flush()
    assert list(subject.store.pages) == [b"m"]


def test_what_a_line_said_before_it_failed_is_not_delivered() -> None:
    """The ceiling fires before the gated features fail at the same line: nothing is said; it fires at a later line."""
    subject, story = begin(without_play("gated_exploration"))
    story.active(HOUR, "u1")
    for feature in ("sso", "roles"):
        story.happens(HOUR, "feature.blocked", feature=feature)
    assert story.happens(HOUR, "feature.used", feature="automation", metric="api_calls", quantity=75) == []
    assert subject.outputs["expansion.triggers"] == 0
    assert story.fold(used(story, 75)) == ["fired usage_ceiling:api_calls@nurture"]


def test_the_snapshot_after_an_undoing_is_that_of_the_account_as_it_was_flushed() -> None:
    """The line that failed is the first since a flush."""
    subject, story = begin(without_play("usage_ceiling"))
    subject.flush()
    story.fold(used(story, 75))
    assert subject.snapshots["acme"].active_triggers == ()
    assert story.explain().active == ()


def test_a_second_failing_line_leaves_the_first_one_out_too() -> None:
    """Two lines of one record fail; a third is good."""
    subject, story = begin(without_play("usage_ceiling"))
    lines = [used(story, 75), used(story, 80), used(story, 60)]
    story.fold(*lines)
    assert subject.counts["rejected", "rule_failed"] == 2
    subject.flush()
    assert subject.restart() == []
    story.fold(used(story, 9))
    assert subject.counts["rejected", "rule_failed"] == 2
    story.fold(used(story, 1))
    assert subject.counts["rejected", "rule_failed"] == 3


def test_a_rule_that_fails_at_a_change_of_day_sits_the_day_out() -> None:
    """There is no line to blame: it is counted, and the other rules are looked at."""
    second = without_days("second")
    subject, story = begin(OPEN, second)
    story.judge_by(HOUR, second)
    story.tick("2026-03-02 23:00")
    subject.counts.clear()
    story.tick("2026-03-03 00:00")
    assert subject.counts["rule_failures", "power_user"] > 0
    assert subject.explain("acme") is not None


def test_ten_failures_within_a_minute_of_tick_time_switch_the_rule_off_in_every_partition() -> None:
    """The switching-off is a control record in the log; folded, it ends the failures (definition 72)."""
    subject = EngineSubject([without_window("default-1")], partition=0, partitions=3)
    account = Story(subject, accounts_of(0, 3, 1)[0])
    assert account.tick("2026-03-01 10:00") == []
    for _ in range(9):
        account.facts("2026-03-01 10:00", seats=1)
    assert subject.outputs[EVENTS.name] == 0
    account.facts("2026-03-01 10:00", seats=1)
    switched = subject.sent_back
    assert [one.partition for one in switched] == [0, 1, 2]
    line = decode_line(switched[0].value)
    assert isinstance(line, RuleSwitched)
    assert (line.rule, line.enabled) == ("gated_exploration", False)
    assert "gated_exploration" in line.reason
    subject.fold(switched[0].value)
    subject.counts.clear()
    account.facts("2026-03-01 10:00", seats=1)
    assert subject.counts["rejected", "rule_failed"] == 0


def test_failures_further_apart_than_a_minute_switch_nothing_off() -> None:
    """Nine in one minute, and a tenth in the minute after the next."""
    subject = EngineSubject([without_window("default-1")])
    story = Story(subject)
    story.tick("2026-03-01 10:00")
    for _ in range(9):
        story.facts("2026-03-01 10:00", seats=1)
    story.tick("2026-03-01 10:02")
    story.facts("2026-03-01 10:02", seats=1)
    assert subject.outputs[EVENTS.name] == 0
