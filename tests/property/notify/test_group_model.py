"""Grouping against a model that keeps nothing but the list of what happened."""

from hypothesis import given
from hypothesis import strategies as st

from services.notify.core.decide import Ability, plan
from services.notify.core.decide import Verdict as Said
from services.notify.core.group import Message, advance, urgency_of
from services.notify.core.words import Action, Why
from shared.kernel.triggers import Record

LEVELS = (None, "nurture", "outreach", "owner", "executive")
RECORDS: tuple[Record, ...] = ("fired", "held", "released", "resolved")
STEPS = st.lists(st.tuples(st.sampled_from(RECORDS), st.sampled_from("abcd"), st.sampled_from(LEVELS)), max_size=40)
ABILITIES = {"hook": Ability(), "api": Ability(updates=True), "app": Ability(stores=True)}


def episode(steps: list[tuple[Record, str, str | None]]) -> tuple[set[str], int]:
    """Return what stands since the message opened, and the highest urgency told since then, from the history alone."""
    standing: set[str] = set()
    highest = 0
    for record, name, level in steps:
        if record in {"fired", "released"}:
            highest = max(highest, urgency_of(level)) if standing else urgency_of(level)
            standing.add(name)
        elif record == "resolved":
            standing.discard(name)
    return standing, highest if standing else 0


@given(STEPS)
def test_a_message_is_open_exactly_while_something_told_stands(steps: list[tuple[Record, str, str | None]]) -> None:
    """The message is a function of the history: what stands, and the highest urgency since it opened."""
    message: Message | None = None
    for count, (record, name, level) in enumerate(steps, 1):
        message, _why = advance(message, record, name, level)
        standing, highest = episode(steps[:count])
        assert (set(message.open) if message else set()) == standing
        assert (message.urgency if message else 0) == highest


@given(STEPS)
def test_every_channel_tells_each_rise_once_and_nothing_else(steps: list[tuple[Record, str, str | None]]) -> None:
    """A webhook posts once a message and once a rise; the Web API replies instead; nobody is paged at an end."""
    message: Message | None = None
    shown: frozenset[str] = frozenset()
    rises = {"hook": 0, "api": 0, "app": 0}
    opened = climbed = 0
    for record, name, level in steps:
        before = message
        message, why = advance(message, record, name, level)
        if why in {Why.HELD, Why.UNSEEN}:
            continue
        opened += before is None
        climbed += why is Why.CLIMBED
        targets = tuple(sorted(shown)) if why is Why.RESOLVED else tuple(ABILITIES)
        for dispatch in plan(Said(message, why, "", targets), shown, ABILITIES):
            rises[dispatch.channel] += dispatch.action in {Action.POST, Action.REPLY}
            if why is Why.RESOLVED:
                assert dispatch.action in {None, Action.UPDATE}
        shown = frozenset(ABILITIES) if message else frozenset()
    assert rises == {"hook": opened + climbed, "api": opened + climbed, "app": opened}
