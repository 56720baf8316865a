"""How triggers end: by the value of the day that has ended, by the turn of a period, or because the account churned.

One-offs end when they have stood their days. Source: definitions 4, 7, 16 and 32.
"""

from services.signals.core.account import Account
from services.signals.core.rules.row import Level, Measure, RuleRow
from services.signals.core.state import Episode
from services.signals.core.steps import OPEN, Cause, Emit, RuleFailed, Step, measured, ranked
from services.signals.core.terms import Terms


def end_all(account: Account, terms: Terms, cause: Cause, emit: Emit) -> None:
    """End every trigger at once: the account has churned (definition 32)."""
    for row, values, scope in _scopes(account, terms, []):
        for episode, level in list(ranked(account, row, terms, scope)):
            _end(account, row, episode, level, episode.measure or values.get(scope), cause, emit)


def end_of_day(account: Account, terms: Terms, day: int, cause: Cause, emit: Emit, failed: list[RuleFailed]) -> None:
    """End what has fallen back on the day that has ended, or what the turn of a period at `day` ends."""
    contract_turns = day in account.head.renewal_days
    period_turns = day == account.period[1]
    for row, values, scope in _scopes(account, terms, failed):
        measure = values.get(scope)
        turned = contract_turns or (
            period_turns and row.ends_with_period is not None and row.ends_with_period(account, scope)
        )
        for episode, level in list(ranked(account, row, terms, scope)):
            if row.happening is not None:
                if day >= episode.until or not terms.enabled(row.name):
                    _end(account, row, episode, level, episode.measure, cause, emit)
            elif turned or measure is None or measure.is_over(episode.threshold, episode.margin, episode.comparison):
                _end(account, row, episode, level, measure, cause, emit)


def _scopes(
    account: Account, terms: Terms, failed: list[RuleFailed]
) -> list[tuple[RuleRow, dict[str | None, Measure], str | None]]:
    """Return each rule's scopes that have episodes, in order, with the rule's values; no other rule is measured."""
    scopes: dict[str, set[str | None]] = {}
    for episode in account.episodes.values():
        scopes.setdefault(episode.rule, set()).add(episode.scope)
    found = []
    for row, measures in measured(account, terms, failed, only=scopes):
        by_scope = {measure.scope: measure for measure in measures}
        found += [(row, by_scope, scope) for scope in sorted(scopes[row.name], key=lambda scope: scope or "")]
    return found


def _end(
    account: Account,
    row: RuleRow,
    episode: Episode,
    level: Level | None,
    measure: Measure | None,
    cause: Cause,
    emit: Emit,
) -> None:
    del account.episodes[episode.key]
    if episode.status in OPEN:
        emit(account, Step("resolved", row, episode, level, measure, cause))
