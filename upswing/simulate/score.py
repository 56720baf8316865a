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
            gate_passes=_passes(one),
            alerts=bool(records[one.trigger_id] & {"fired", "released"})
            or (_passes(one) and set(one.gate.held_because) <= {"backfill"}),
        )
        for one in first.values()
    ]


def _passes(trigger: Trigger) -> bool:
    return all(criterion.met is True or criterion.left_out for criterion in trigger.gate.criteria)


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
    followed = {
        name: any(_expands_after(truth.accounts[name], one.day) for one in found) for name, found in by_account.items()
    }
    score.followed = sum(followed.values())
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
        _judge_levels(score, one, firings)
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


def _judge_levels(score: RuleScore, one: Stands, firings: list[Firing]) -> None:
    """Look whether each level that was reached, or one above it, fired on its day; where events are missing, not."""
    if one.seen_from != one.begins:
        return
    names = list(one.levels)
    for place, day in enumerate(map(number, one.levels.values())):
        higher = [firing.day for firing in firings if firing.scope == one.scope and firing.level in names[place:]]
        score.levels += 1
        score.levels_noticed += any(abs(at - day) <= one.tolerance_days for at in higher)


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
    noticed = _days(one for one in firings if one.kind == "expansion")
    alerted = _days(one for one in firings if one.kind == "expansion" and one.alerts)
    accounts = truth.accounts
    expanded = {name for name, account in accounts.items() if account.expanded_on}
    followed = _followed(truth, noticed)
    before = {name for name in expanded if min(noticed.get(name, {EVER})) <= number(accounts[name].expanded_on[-1])}
    of_alerts = _followed(truth, alerted)
    base, precision = share(len(expanded), len(accounts)), share(followed, len(noticed))
    sharper = share(of_alerts, len(alerted))
    return Outcomes(
        horizon_days=HORIZON_DAYS,
        accounts=len(accounts),
        expanded=len(expanded),
        base_rate=base,
        fired_accounts=len(noticed),
        fired_and_expanded=followed,
        precision=precision,
        lift=_lift(precision, base),
        fired_before=len(before),
        recall=share(len(before), len(expanded)),
        alerted_accounts=len(alerted),
        alerted_and_expanded=of_alerts,
        precision_of_alerts=sharper,
        lift_of_alerts=_lift(sharper, base),
        examples_not_foreseen=[
            Example(name, None, accounts[name].expanded_on[0], "expanded, and nothing had fired")
            for name in sorted(expanded - before)[:examples]
        ],
    )


def _lift(precision: float | None, base: float | None) -> float | None:
    return round(precision / base, 2) if base and precision is not None else None


def _days(firings: Iterable[Firing]) -> dict[str, set[int]]:
    days: dict[str, set[int]] = {}
    for one in firings:
        days.setdefault(one.account_id, set()).add(one.day)
    return days


def _followed(truth: Truth, fired: dict[str, set[int]]) -> int:
    """Return how many accounts expanded within the horizon of one of their firings."""
    return sum(any(_expands_after(truth.accounts[name], day) for day in days) for name, days in fired.items())


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
