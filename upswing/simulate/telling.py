"""From the accounts that lived to the records of the truth."""

from collections.abc import Iterator

from shared.kernel.playbook import each_rule
from upswing.simulate.company import Company, Subject
from upswing.simulate.contract import EXPANSIONS
from upswing.simulate.diary import Situation
from upswing.simulate.request import Request
from upswing.simulate.rhythm import date_text
from upswing.simulate.situations import MODELLED
from upswing.simulate.troubles import Trouble
from upswing.simulate.truth import (
    SCHEMA,
    AccountTruth,
    Disturbance,
    Happening,
    Simulation,
    Stands,
    known,
)

GREEN_CONTENT = 0.72
UNHAPPY_CONTENT = 0.55
JUDGEMENTS = ("contract_milestone", "renewal_at_risk")
JUDGED_TOLERANCE_DAYS = 14
EXACT_TOLERANCE_DAYS = 1


def simulation_of(request: Request) -> Simulation:
    """Return the record that says what was asked for."""
    enabled = {name for name, rule in each_rule(request.playbook) if rule.enabled}
    return Simulation(
        schema=SCHEMA,
        seed=request.seed,
        accounts=request.accounts,
        days=request.days,
        first_day=date_text(request.first_day),
        last_day=date_text(request.end_day),
        playbook_version=request.playbook.version,
        playbook_digest=request.playbook.digest,
        judged_rules=[name for name in (*MODELLED, *JUDGEMENTS) if name in enabled],
    )


def accounts_of(company: Company) -> Iterator[AccountTruth]:
    """Yield the truth of each account. Call it when the story is over."""
    for subject in company.subjects:
        yield _account(subject, company.request)


def labels_of(company: Company) -> dict[str, int]:
    """Return how many accounts have each label."""
    return known(subject.life.latent.label for subject in company.subjects)


def _account(subject: Subject, request: Request) -> AccountTruth:
    latent, decisions = subject.life.latent, subject.life.contract.decisions
    situations = [_stands(one, subject.seen_from(one)) for one in subject.real.situations if _ours(one, request)]
    situations += [_stands(one, one.begins) for one in _judged(subject, request)]
    return AccountTruth(
        account_id=latent.account_id,
        name=latent.name,
        segment=latent.segment,
        label=latent.label,
        first_day=date_text(latent.first_day),
        turning_day=date_text(latent.turning_day),
        readiness=round(latent.readiness(request.end_day), 3),
        expanded_on=[date_text(one.day) for one in decisions if one.kind in EXPANSIONS],
        churned_on=None if subject.churned_day is None else date_text(subject.churned_day),
        situations=sorted(situations, key=lambda one: (one.begins, one.rule, one.scope or "")),
        illusions=[_stands(one, one.begins) for one in subject.illusions() if _ours(one, request)],
        happenings=[
            Happening(
                day=date_text(one.day),
                kind=one.kind,
                expansion=one.kind in EXPANSIONS,
                mrr_before=one.mrr_before,
                mrr_after=one.mrr_after,
                readiness=round(one.readiness, 3),
            )
            for one in decisions
        ],
        disturbances=[_disturbance(row) for row in subject.troubles],
        happened=dict(sorted(subject.counts.items())),
        lost=dict(sorted(subject.lost.items())),
        refused=dict(sorted(subject.refused.items())),
        duplicates=subject.duplicates,
        power_user=subject.life.people.power_user or None,
    )


def _disturbance(row: Trouble) -> Disturbance:
    return Disturbance(
        kind=row.kind, first_day=date_text(row.first_day), last_day=date_text(row.last_day), source=row.source
    )


def _ours(one: Situation, request: Request) -> bool:
    """Leave out what would begin on the day after the last: nobody can notice it."""
    return one.begins <= request.end_day


def _stands(one: Situation, seen_from: int | None) -> Stands:
    return Stands(
        rule=one.rule,
        scope=one.scope,
        begins=date_text(one.begins),
        ends=None if one.ends is None else date_text(one.ends),
        levels={name: date_text(day) for name, day in one.levels.items()},
        seen_from=None if seen_from is None else date_text(seen_from),
        exact=one.exact,
        tolerance_days=EXACT_TOLERANCE_DAYS if one.exact else JUDGED_TOLERANCE_DAYS,
    )


def _judged(subject: Subject, request: Request) -> Iterator[Situation]:
    """Yield what only the latent model knows: a renewal that comes near in good, or in bad, standing."""
    latent, rules = subject.life.latent, request.playbook.rules
    for name, rule in (
        ("contract_milestone", rules.contract_milestone),
        ("renewal_at_risk", rules.renewal_at_risk),
    ):
        begins = max(latent.first_day, latent.renews_day - rule.to_days)
        ends = min(latent.renews_day - rule.from_days, subject.churned_day or request.end_day, request.end_day)
        content = latent.content(begins)
        fits = content > GREEN_CONTENT if name == "contract_milestone" else content < UNHAPPY_CONTENT
        if rule.enabled and begins <= ends and fits:
            yield Situation(rule=name, scope=None, begins=begins, ends=ends, exact=False)
