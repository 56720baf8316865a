"""How triggers end: by a day's value, by the turn of a period, because the account churned or a person was erased.

At a change of day the values of states are those of the day that has ended, those of rules of the day what was judged
at this change of day. One-offs end when they have stood their days. Source: definitions 4, 7, 16, 32, 35 and 67.
"""

from services.signals.core.account import Account
from services.signals.core.causes import Cause, Step
from services.signals.core.comparing import is_over, value_at
from services.signals.core.rules import RULES
from services.signals.core.rules.row import Level, Measure, RuleRow
from services.signals.core.state import Episode, Key
from services.signals.core.steps import OPEN, Emit, RuleFailed, by_scope, measured_one, ranked
from services.signals.core.terms import Terms

STATES = tuple(row for row in RULES if row.happening is None and row.by_day is None)
OTHERS = tuple(row for row in RULES if row.happening is not None or row.by_day is not None)
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
                last = episode.measure or (value and value_at(value, episode.level))
                end(account, (row, episode, level, last), cause, emit)


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
    by_rule = account.episodes.by_rule
    for row in STATES:
        if row.name not in by_rule:
            continue
        measures = measured_one(account, terms, row, failed, None)
        if measures is None:
            continue
        episodes = by_rule[row.name]
        turns = contract_turns or (period_turns and row.ends_with_period is not None)
        if not turns and _stand(episodes, measures):
            continue  # the usual case
        scopes, turned = _by_name(episodes), set[str | None]()
        if turns:
            turned = {scope for scope, _ in scopes if contract_turns or _turns(account, row, scope)}
        found += _told(account, terms, _over(terms, row, scopes, measures, turned), failed)
    return found


def _stand(episodes: dict[Key, Episode], measures: list[Measure]) -> bool:
    """Tell whether no trigger of a rule has fallen back."""
    if len(measures) == 1:
        (only,) = measures
        return not any(only.scope != one.scope or _is_over(one, only) for one in episodes.values())
    values = {measure.scope: measure for measure in measures}
    return not any(_is_over(one, values.get(one.scope)) for one in episodes.values())


def _turns(account: Account, row: RuleRow, scope: str | None) -> bool:
    return row.ends_with_period is not None and row.ends_with_period(account, scope)


def _told(account: Account, terms: Terms, over: list[Ending], failed: list[RuleFailed]) -> list[Ending]:
    """Let what ends tell its last value while the account's today is that of the value."""
    try:
        return [(row, e, level, value and row.told(account, terms, value)) for row, e, level, value in over]
    except Exception as error:  # noqa: BLE001 - fate: the rule sits this day out, whatever it raises
        failed.append(RuleFailed(over[0][0].name, error))
        return []


def over_by_day(account: Account, terms: Terms) -> list[Ending]:
    """Return the triggers of rules of the day and of one-offs that end as the account's today begins."""
    day, found, by_rule = account.head.today, list[Ending](), account.episodes.by_rule
    for row in OTHERS:
        if row.name not in by_rule:
            continue
        if row.happening is not None:
            on = terms.enabled(row.name)
            stands = {key: e for key, e in by_rule[row.name].items() if day >= e.until or not on}
            found += [
                (row, episode, level, episode.measure)
                for scope, episodes in _by_name(stands)
                for episode, level in ranked(episodes, row, terms, scope)
            ]
        else:
            measures = measured_one(account, terms, row, [], None)
            if measures is not None:
                scopes = _by_name(by_rule[row.name])
                turned = {scope for scope, _ in scopes} if day in account.head.renewal_days else set()
                found += _over(terms, row, scopes, measures, turned)
    return found


def _open_rules(account: Account) -> list[tuple[RuleRow, Scopes]]:
    """Return the rules that have episodes, in order, each with its scopes; no other rule is of interest."""
    by_rule = account.episodes.by_rule
    return [(row, _by_name(by_rule[row.name])) for row in RULES if row.name in by_rule]


def _by_name(episodes: dict[Key, Episode]) -> Scopes:
    """Return a rule's episodes by scope, in the order of their names."""
    if len(episodes) == 1:
        return [(one.scope, [one]) for one in episodes.values()]
    scopes = by_scope(episodes)
    return sorted(scopes.items(), key=_name) if len(scopes) > 1 else list(scopes.items())


def _name(scope: tuple[str | None, list[Episode]]) -> str:
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
