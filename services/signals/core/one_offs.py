"""The life of a one-off: each event is an episode of its own, which stands its days and is over.

Source: definitions 16, 34 and 63.
"""

from typing import Literal

from services.signals.core import gate
from services.signals.core.account import Account
from services.signals.core.causes import Cause, Step
from services.signals.core.comparing import meets
from services.signals.core.rules.row import Measure, RuleRow
from services.signals.core.steps import HELD, RELEASED, Emit, begin
from services.signals.core.terms import Terms
from shared.kernel.clock import day_of


def happen(
    account: Account, terms: Terms, row: RuleRow, measure: Measure, cause: Cause, emit: Emit, *, backfill: bool
) -> None:
    """Fire or hold for an event, unless the days on which it would stand are over."""
    (level,) = row.levels_for(terms, measure.scope)
    at_ms = cause.at_ms if cause.event_ms is None else cause.event_ms
    until = day_of(at_ms) + (0 if row.stands_days is None else row.stands_days(terms))
    known = (row.name, measure.scope, level.name, cause.decided_by) in account.episodes
    if known or account.head.today >= until or not meets(measure, level.threshold, level.comparison):
        return
    status: Literal["fired", "held"] = "fired" if gate.admits(account, terms, row.kind, backfill=backfill) else "held"
    episode = begin(account, row, measure, level, status, cause, until)
    account.held += status == HELD
    emit(account, Step(status, row, episode, level, measure, cause))


def release_happenings(account: Account, terms: Terms, row: RuleRow, cause: Cause, emit: Emit) -> None:
    """Release every held episode of a one-off that is on: each still stands, for its days are not over."""
    for episode in list(account.episodes.of(row.name).values()):
        if episode.status == HELD and terms.enabled(row.name):
            (level,) = row.levels_for(terms, episode.scope)
            episode.status = RELEASED
            account.episodes.show_anew(episode)
            emit(account, Step("released", row, episode, level, episode.measure, cause))
