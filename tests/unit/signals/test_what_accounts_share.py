"""What many accounts hold is one object: which one it is changes no answer."""

from services.signals.core import gate, sharing
from services.signals.core.account import Account
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import WIDE_OPEN, playbook

OPEN = playbook(WIDE_OPEN)


def read(subject: EngineSubject, story: Story) -> Account:
    """Return the account as it is read from its pages."""
    subject.flush()
    subject.restart()
    story.happens("2026-03-04 12:00", "qbr.held")
    return subject.engine.state.shelf.accounts["acme"]


def lived() -> tuple[EngineSubject, Story]:
    """Return an engine whose account has some days behind it."""
    subject = EngineSubject([OPEN])
    story = Story(subject)
    story.facts("2026-03-01 09:00", seats=1, plan="Growth", employees=20)
    for day in ("02", "03"):
        story.happens(f"2026-03-{day} 10:00", "feature.used", user="u", feature="sso", metric="calls", quantity=3)
        story.happens(f"2026-03-{day} 10:00", "feature.blocked", user="u", feature="sso")
        story.happens(f"2026-03-{day} 11:00", "usage.recorded", user="u", metric="calls", quantity=3, cost=1)
        story.happens(f"2026-03-{day} 12:00", "ticket.opened", ticket_id=f"t{day}", severity="high")
        story.happens(f"2026-03-{day} 13:00", "ticket.resolved", ticket_id=f"t{day}")
        story.happens(f"2026-03-{day} 14:00", "survey.answered", survey="csat", score=5)
        story.happens(f"2026-03-{day} 15:00", "capability.requested", feature="roles", mentions_competitor=True)
    story.tick("2026-03-04 00:00")
    return subject, story


def keys(cells: dict[int, object]) -> set[int]:
    """Return which objects the days of cells are."""
    return {id(day) for day in cells}


def test_days_are_one_object_while_they_are_lived_and_when_they_are_read() -> None:
    """Those of acts, sums, costs, tickets and answers are few, and many accounts have the same."""
    subject, story = lived()
    for account in (subject.engine.state.shelf.accounts["acme"], read(subject, story)):
        acts, days = account.days.standing.acts, account.days
        assert len(acts) == 2
        assert keys(acts) == keys(days.use.costs["calls"]) == keys(days.use.by_features["calls"])
        assert keys(acts) == keys(account.metrics["calls"].cells) == keys(days.tickets_opened)
        assert keys(acts) == keys(account.head.csat) == keys(days.standing.mentions)


def test_what_came_with_one_event_is_one_moment_and_a_name_is_one_text() -> None:
    """After a restart as before it."""
    subject, story = lived()
    for account in (subject.engine.state.shelf.accounts["acme"], read(subject, story)):
        moments = {tuple(map(id, register[1:])) for register in account.head.facts.values()}
        assert len(account.head.facts) >= 3
        assert len(moments) == len({register[3] for register in account.head.facts.values()})
        assert {id(name) for name in account.head.features} <= {id(name) for name in account.days.use.times}
        assert len({id(severity) for _, _, severity in account.days.tickets.values()}) == 1
        for episode in account.episodes.values():
            assert not episode.event_ids or episode.event_ids[0] is episode.decided_by or len(episode.event_ids) > 1
        assert account.episodes


def test_the_tables_of_what_is_shared_begin_anew_when_they_are_full() -> None:
    """They hold so many, whatever comes; what is asked for is equal to what is given."""
    texts = [f"department {number}" for number in range(sharing.MOST + 2)]
    assert [sharing.word(text) for text in texts] == texts
    first = sharing.word(b"a word".decode())
    assert sharing.word(b"a word".decode()) is first
    numbers = list(range(sharing.MOST + 2))
    assert [sharing.number(value) for value in numbers] == numbers
    shared = sharing.number(int("20000"))
    assert sharing.number(int("20000")) is shared
    pairs = [(number, 7) for number in numbers]
    assert [sharing.pair(both) for both in pairs] == pairs
    known = sharing.pair(pairs[-1])
    assert sharing.pair((numbers[-1], 7)) is known


def test_answers_to_criteria_are_shared_up_to_a_bound() -> None:
    """Each account is told its own, however many there were before."""
    subject, _story = lived()
    account, terms = subject.engine.state.shelf.accounts["acme"], subject.engine.state.terms
    for days in range(gate.MOST_TOLD + 2):
        account.head.facts["onboarded_at"] = (account.head.today - days, 0, "", "")
        told = {one.name: one.actual for one in gate.describe(account, terms, backfill=False).criteria}
        assert told["days_since_onboarding"] == days
    assert len(terms.memo["criterion", "days_since_onboarding"]) <= gate.MOST_TOLD
