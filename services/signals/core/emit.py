"""From a decision to the public record: evidence, gate, health, recommendation, value.

Source: design (contracts), definitions 38, 61, 70.
"""

from services.signals.core import gate, health
from services.signals.core.account import Account
from services.signals.core.causes import Step
from services.signals.core.comparing import named, shown_value
from services.signals.core.measures import Measure, Numbers
from services.signals.core.open_episodes import key_of
from services.signals.core.recommend import estimate, recommend
from services.signals.core.rules.row import Level, RuleRow, Words
from services.signals.core.state import Episode
from services.signals.core.terms import Terms
from shared.kernel.ids import trigger_id
from shared.kernel.quantities import as_number
from shared.kernel.triggers import Evidence, Trigger

PEOPLE = ("csm", "ae", "exec_sponsor", "champion")
SIGNS = {">": ">", ">=": "≥", "<": "<", "<=": "≤"}


def evidence(row: RuleRow, bar: Level | Episode, value: Measure | None, words: Words | None) -> Evidence:
    """Return the numbers compared, with the threshold that an episode fired with, or a level has.

    Shape: `words` are those of the value.
    """
    threshold = as_number(bar.threshold)
    shown, numbers, text = None, Numbers(), "not measured any more"
    if value is not None and words is not None:
        numbers, summary = words
        shown, phrase = shown_value(value, threshold), named(numbers, summary)
        if row.unit == "percent":
            text = f"{phrase} = {shown} % ({SIGNS[bar.comparison]} {threshold} %)"
        else:
            text = f"{phrase} ({SIGNS[bar.comparison]} {threshold})"
    decided = (bar.event_ids, bar.event_times) if isinstance(bar, Episode) else ((), ())
    return Evidence(shown, threshold, bar.comparison, row.unit, numbers, *decided, text)


def name_of(account: Account, episode: Episode) -> str:
    """Return the name of an episode's trigger."""
    key, names = key_of(episode), account.episodes.names
    known = names.get(key)
    if not known:
        named = trigger_id(account.head.account_id, episode.rule, episode.scope, episode.level, episode.decided_by)
        if account.episodes.get(key) is not episode:
            return named  # it is over
        known = names[key] = named
    return known


def trigger_for(account: Account, terms: Terms, step: Step, now_ms: int, *, backfill: bool) -> Trigger:
    """Return the record of `expansion.triggers` for one step of an episode's life."""
    row, episode, cause = step.row, step.episode, step.cause
    scope = (episode.scope_type, episode.scope)
    words = None if step.measure is None else row.words(account, terms, step.measure)
    worth = estimate(account, terms, row.name, scope) if row.kind == "expansion" else None
    return Trigger(
        record=step.record,
        trigger_id=name_of(account, episode),
        rule=row.name,
        category=row.category,
        kind=row.kind,
        level=episode.level,
        scope=step.shown_scope or episode.scope,
        scope_type=episode.scope_type,
        account_id=account.head.account_id,
        account_name=account.fact("name"),
        segment=terms.segment(account),
        occurred_at=cause.at_ms,
        window_days=None if step.measure is None else step.measure.window_days,
        evidence=evidence(row, episode, step.measure, words),
        gate=gate.describe(account, terms, backfill=backfill, kind=row.kind),
        health=health.describe(account, terms),
        recommendation=recommend(account, terms, row, step.level, worth, cause.at_ms, scope),
        estimated_acv=worth,
        playbook_version=terms.playbook.version,
        decided_by=episode.decided_by,
        received_at=cause.received_at,
        emitted_at=now_ms,
        people={role: str(account.fact(role)) for role in PEOPLE if isinstance(account.fact(role), str)},
        held_since=episode.held_since,
    )
