"""An account with very many scopes of one rule: what happens to it, and what is told of it, stays bounded."""

from services.signals.core.derived import lately_fired
from services.signals.core.open_episodes import Episodes
from services.signals.core.snapshot import MOST_VALUES
from services.signals.core.state import Episode
from tests.oracle.adapters import EngineSubject
from tests.oracle.writing import WIDE_OPEN, control, event, only, playbook

PEOPLE = MOST_VALUES + 20
OPEN = playbook(WIDE_OPEN | only("nps_drop"))


def answers(name: str, when: str, score: int) -> bytes:
    """Return an answer of everybody."""
    return b"\n".join(
        event(
            "survey.answered",
            "acme",
            when,
            f"{name}{number}",
            user=f"person{number:04d}",
            properties={"survey": "nps", "score": score},
        )
        for number in range(PEOPLE)
    )


def disappointed() -> EngineSubject:
    """Return an account all of whose people gave 9, then 3."""
    engine = EngineSubject([OPEN])
    engine.fold(event("account.updated", "acme", "2026-03-01 10:00", "f", properties={"seats": 500}))
    engine.fold(answers("a", "2026-03-02 10:00", 9))
    engine.fold(answers("b", "2026-03-03 10:00", 3))
    return engine


def test_each_person_fires_once_however_many_have_fired_before() -> None:
    """Whoever has a trigger is not looked at again by an event, and is judged when the day changes."""
    engine = disappointed()
    known = engine.engine.state.accounts["acme"].episodes
    assert len(known.of("nps_drop")) == PEOPLE
    assert engine.fold(answers("c", "2026-03-03 11:00", 8)) == []
    told = engine.fold(control("tick", "2026-03-04 00:00"))
    assert [one.record for one in told if one.rule == "nps_drop"] == ["resolved"] * PEOPLE
    assert "nps_drop" not in known.by_rule


def test_a_snapshot_shows_some_of_very_many_values_those_that_stand_first() -> None:
    """The topic takes a snapshot of 1 MiB."""
    engine = disappointed()
    engine.explain("acme")
    shown = [value for value in engine.snapshots["acme"].rules if value.rule == "nps_drop"]
    assert len(shown) == MOST_VALUES
    assert {value.state for value in shown} == {"fired"}


def test_what_begins_again_is_the_latest() -> None:
    """The order is that of the days on which they began, so that the latest day is found at the end."""
    first, second = (Episode("nps_drop", name, "user", None, "fired", 1, ">=", 1, 10) for name in ("ann", "bob"))
    again = Episode("nps_drop", "ann", "user", None, "fired", 1, ">=", 1, 11)
    episodes = Episodes([first, second])
    episodes.begin(again)
    assert [episode.day for episode in episodes.values()] == [10, 11]
    assert list(episodes.of("nps_drop").values()) == [second, again]
    episodes.end(again)
    episodes.end(second)
    assert (len(episodes), episodes.by_rule) == (0, {})


def test_a_level_that_only_counts_as_fired_is_no_rule_that_fired() -> None:
    """Whatever of a rule is open, the latest of it that has fired decides (definition 18)."""
    engine = disappointed()
    account = engine.engine.state.accounts["acme"]
    passed = Episode("usage_ceiling", "exports", "metric", "owner", "passed", 1, ">=", 1, account.head.today)
    account.episodes.begin(passed)
    assert lately_fired(account, {"usage_ceiling"}, 30) == []
    for name, day, found in (
        ("imports", account.head.today - 30, []),
        ("calls", account.head.today - 29, [passed.rule]),
    ):
        account.episodes.begin(Episode(passed.rule, name, "metric", "owner", "fired", 1, ">=", 1, day))
        assert lately_fired(account, {"usage_ceiling"}, 30) == found
    account.episodes.begin(passed)
    assert lately_fired(account, {"usage_ceiling"}, 30) == [passed.rule]
    assert lately_fired(account, {"ticket_surge"}, 30) == []
