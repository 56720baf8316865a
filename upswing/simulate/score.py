"""Compares what was noticed with what is true: by situation, and by what the accounts did afterwards.

Shape: a *firing* is a trigger that fired or was held, whatever came of it later. It is right when it meets a situation
of the same rule, account and scope within the situation's tolerance. Units: shares 0-1, None where nothing is divided.
"""

import statistics
from collections.abc import Iterable
from datetime import date

from shared.kernel.clock import day_from_date, day_of
from shared.kernel.triggers import Trigger
from upswing.simulate.marks import Example, Firing, Outcomes, RuleScore
from upswing.simulate.truth import AccountTruth, Stands, Truth

HORIZON_DAYS = 90
EVER = 1 << 30


def firings_of(triggers: Iterable[Trigger]) -> list[Firing]:
    """Return one firing a trigger; repeats of a record are one."""
    first: dict[str, Trigger] = {}
    records: dict[str, set[str]] = {}
    for trigger in triggers:
        records.setdefault(trigger.trigger_id, set()).add(trigger.record)
        if trigger.record in {"fired", "held"}:
            first.setdefault(trigger.trigger_id, trigger)
    return [
        Firing(
            trigger_id=one.trigger_id,
            rule=one.rule,
            kind=one.kind,
            scope=one.scope,
            level=one.level,
            account_id=one.account_id,
            day=day_of(one.occurred_at),
            records=frozenset(records[one.trigger_id]),
            gate_passes=all(criterion.met is True or criterion.left_out for criterion in one.gate.criteria),
        )
        for one in first.values()
    ]


def score_rule(rule: str, truth: Truth, firings: list[Firing], examples: int) -> RuleScore:
    """Return one rule's score by situation and by outcome."""
    score = RuleScore(rule=rule)
    by_account: dict[str, list[Firing]] = {}
    for one in firings:
        if one.rule == rule:
            by_account.setdefault(one.account_id, []).append(one)
            for record in ("fired", "held", "released", "resolved"):
                setattr(score, record, getattr(score, record) + (record in one.records))
    delays: list[int] = []
    for account in truth.accounts.values():
        _judge(score, account, by_account.get(account.account_id, []), examples, delays)
    score.fired_accounts = len(by_account)
    score.followed = sum(
        _expands_after(truth.accounts[name], min(one.day for one in found)) for name, found in by_account.items()
    )
    score.median_delay_days = statistics.median(delays) if delays else None
    return divided(score)


def divided(score: RuleScore) -> RuleScore:
    """Fill in the shares of a score."""
    score.precision = share(score.right, score.right + score.misled + score.wrong)
    score.recall = share(score.noticed, score.situations - score.unseeable)
    score.recall_of_real = share(score.noticed, score.situations)
    score.precision_by_outcome = share(score.followed, score.fired_accounts)
    return score


def _judge(score: RuleScore, account: AccountTruth, firings: list[Firing], examples: int, delays: list[int]) -> None:
    situations = [one for one in account.situations if one.rule == score.rule]
    illusions = [one for one in account.illusions if one.rule == score.rule]
    for one in situations:
        score.situations += 1
        met = [firing.day for firing in firings if meets(firing, one)]
        if met:
            score.noticed += 1
            delays.append(min(met) - number(one.begins))
        elif one.seen_from is None:
            score.unseeable += 1
        else:
            score.missed += 1
            if len(score.examples_missed) < examples:
                until = f"until {one.ends}" if one.ends else "to the end"
                score.examples_missed.append(
                    Example(account.account_id, one.scope, one.begins, f"stood {until}, and nothing fired")
                )
    for firing in firings:
        score.firings += 1
        if any(meets(firing, one) for one in situations):
            score.right += 1
        elif any(meets(firing, one) for one in illusions):
            score.misled += 1
        else:
            score.wrong += 1
            if len(score.examples_wrong) < examples:
                what = f"fired{f' at level {firing.level}' if firing.level else ''} without a situation"
                score.examples_wrong.append(Example(account.account_id, firing.scope, text(firing.day), what))


def meets(firing: Firing, one: Stands) -> bool:
    """Tell whether a firing notices a situation."""
    if one.scope is not None and firing.scope != one.scope:
        return False
    ends = EVER if one.ends is None else number(one.ends)
    begins = number(one.begins if one.seen_from is None else min(one.begins, one.seen_from))
    latest = ends if one.seen_from is None else max(ends, number(one.seen_from))
    return begins - one.tolerance_days <= firing.day <= latest + one.tolerance_days


def outcomes_of(truth: Truth, firings: list[Firing], examples: int) -> Outcomes:
    """Return what the accounts did after they fired; only expansion rules count."""
    noticed = _first_days(one for one in firings if one.kind == "expansion")
    alerted = _first_days(one for one in firings if one.kind == "expansion" and one.records & {"fired", "released"})
    accounts = truth.accounts
    expanded = {name for name, account in accounts.items() if account.expanded_on}
    followed = sum(_expands_after(accounts[name], day) for name, day in noticed.items())
    before = {name for name in expanded if noticed.get(name, EVER) <= number(accounts[name].expanded_on[-1])}
    of_alerts = sum(_expands_after(accounts[name], day) for name, day in alerted.items())
    base, precision = share(len(expanded), len(accounts)), share(followed, len(noticed))
    return Outcomes(
        horizon_days=HORIZON_DAYS,
        accounts=len(accounts),
        expanded=len(expanded),
        base_rate=base,
        fired_accounts=len(noticed),
        fired_and_expanded=followed,
        precision=precision,
        lift=round(precision / base, 2) if base and precision is not None else None,
        fired_before=len(before),
        recall=share(len(before), len(expanded)),
        alerted_accounts=len(alerted),
        alerted_and_expanded=of_alerts,
        precision_of_alerts=share(of_alerts, len(alerted)),
        examples_not_foreseen=[
            Example(name, None, accounts[name].expanded_on[0], "expanded, and nothing had fired")
            for name in sorted(expanded - before)[:examples]
        ],
    )


def _first_days(firings: Iterable[Firing]) -> dict[str, int]:
    days: dict[str, int] = {}
    for one in firings:
        days[one.account_id] = min(one.day, days.get(one.account_id, one.day))
    return days


def _expands_after(account: AccountTruth, day: int) -> bool:
    return any(day <= number(expanded) <= day + HORIZON_DAYS for expanded in account.expanded_on)


def share(part: int, whole: int) -> float | None:
    """Return a share, None when there is nothing to divide by."""
    return round(part / whole, 4) if whole else None


def number(day: str) -> int:
    """Return the number of a day in text."""
    return day_from_date(date.fromisoformat(day))


def text(day: int) -> str:
    """Return a day as text."""
    return date.fromordinal(day + date(1970, 1, 1).toordinal()).isoformat()
