"""How triggers end: by a day's value, by the turn of a period, because the account churned or a person was erased.

At a change of day the values of states are those of the day that has ended, those of rules of the day what was judged
at this change of day. One-offs end when they have stood their days. Source: definitions 4, 7, 16, 32, 35 and 67.
"""

from services.signals.core.account import Account
from services.signals.core.causes import Cause, Step
from services.signals.core.comparing import is_over, value_at
from services.signals.core.rules import BY_NAME
from services.signals.core.rules.row import Level, Measure, RuleRow
from services.signals.core.state import Episode
from services.signals.core.steps import OPEN, Emit, RuleFailed, by_scope, measured_one, ranked
from services.signals.core.terms import Terms

Scopes = list[tuple[str | None, list[Episode]]]
Ending = tuple[RuleRow, Episode, Level | None, Measure | None]


def end_all(account: Account, terms: Terms, cause: Cause, emit: Emit) -> None:
    """End every trigger at once: the account has churned (definition 32)."""
    for row, scopes in _open_rules(account):
        measures = measured_one(account, terms, row, [], None) or ()
        values = {measure.scope: measure for measure in measures}
        for scope, episodes in scopes:
            for episode, level in ranked(episodes, row, terms, scope):
                value = values.get(scope)
                end(
                    account,
                    (row, episode, level, episode.measure or (value and value_at(value, episode.level))),
                    cause,
                    emit,
                )


def end_scope(
    account: Account,
    terms: Terms,
    scope_type: str,
    scope: str,
    cause: Cause,
    emit: Emit,
    shown_scope: str = "erased",
) -> None:
    """End every trigger of one scope at once, and name `shown_scope` in its place (definition 67)."""
    for row, scopes in _open_rules(account):
        for known, episodes in scopes:
            for episode, level in ranked(episodes, row, terms, scope):
                if known == scope and episode.scope_type == scope_type:
                    end(account, (row, episode, level, None), cause, emit, shown_scope)


def over_today(account: Account, terms: Terms, day: int, failed: list[RuleFailed]) -> list[Ending]:
    """Return the triggers of states that end with the account's today, before `day` begins, with their last values."""
    contract_turns, period_turns = day in account.head.renewal_days, day == account.period[1]
    found: list[Ending] = []
    for row, scopes in _open_rules(account):
        if row.happening is not None or row.by_day is not None:
            continue
        measures = measured_one(account, terms, row, failed, None)
        if measures is not None:
            turned = {
                scope
                for scope, _ in scopes
                if contract_turns
                or (period_turns and row.ends_with_period is not None and row.ends_with_period(account, scope))
            }
            found += _told(account, terms, _over(terms, row, scopes, measures, turned), failed)
    return found


def _told(account: Account, terms: Terms, over: list[Ending], failed: list[RuleFailed]) -> list[Ending]:
    """Let what ends tell its last value while the account's today is that of the value."""
    try:
        return [(row, e, level, value and row.told(account, terms, value)) for row, e, level, value in over]
    except Exception as error:  # noqa: BLE001 - fate: the rule sits this day out, whatever it raises
        failed.append(RuleFailed(over[0][0].name, error))
        return []


def over_by_day(account: Account, terms: Terms) -> list[Ending]:
    """Return the triggers of rules of the day and of one-offs that end as the account's today begins."""
    day, found = account.head.today, list[Ending]()
    for row, scopes in _open_rules(account):
        if row.happening is not None:
            found += [
                (row, episode, level, episode.measure)
                for scope, episodes in scopes
                for episode, level in ranked(episodes, row, terms, scope)
                if day >= episode.until or not terms.enabled(row.name)
            ]
        elif row.by_day is not None:
            measures = measured_one(account, terms, row, [], None)
            if measures is not None:
                turned = {scope for scope, _ in scopes} if day in account.head.renewal_days else set()
                found += _over(terms, row, scopes, measures, turned)
    return found


def _open_rules(account: Account) -> list[tuple[RuleRow, Scopes]]:
    """Return the rules that have episodes, in order, each with its scopes; no other rule is of interest."""
    return [
        (BY_NAME[rule], sorted(scopes.items(), key=_by_name) if len(scopes) > 1 else list(scopes.items()))
        for rule, scopes in by_scope(account).items()
    ]


def _by_name(scope: tuple[str | None, list[Episode]]) -> str:
    return scope[0] or ""


def _over(
    terms: Terms,
    row: RuleRow,
    scopes: Scopes,
    measures: list[Measure],
    turned: set[str | None],
) -> list[Ending]:
    """Return which triggers of a rule have fallen back or stand in a scope whose period turns."""
    values, found = {measure.scope: measure for measure in measures}, list[Ending]()
    for scope, episodes in scopes:
        measure = values.get(scope)
        if scope not in turned and measure is not None and not any(_is_over(one, measure) for one in episodes):
            continue  # the usual case
        for episode, level in ranked(episodes, row, terms, scope):
            if scope in turned or _is_over(episode, measure):
                found.append((row, episode, level, measure and value_at(measure, episode.level)))
    return found


def _is_over(episode: Episode, measure: Measure | None) -> bool:
    value = measure and value_at(measure, episode.level)
    return value is None or is_over(value, episode.threshold, episode.margin, episode.comparison)


def end(account: Account, ending: Ending, cause: Cause, emit: Emit, shown_scope: str | None = None) -> None:
    """End one episode, and say so when it was open."""
    row, episode, level, measure = ending
    account.episodes.end(episode)
    if episode.status in OPEN:
        emit(account, Step("resolved", row, episode, level, measure, cause, shown_scope))
