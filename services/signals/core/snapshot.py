"""An account explained: facts, health, gate, and every rule's value, threshold and state.

Source: design (outputs of signals), playbook section 10 (scorecard), definitions 42 and 80.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from msgspec.structs import replace

from services.signals.core import gate, health
from services.signals.core.account import Account
from services.signals.core.comparing import value_at
from services.signals.core.emit import evidence, name_of
from services.signals.core.recommend import estimate
from services.signals.core.rules import BY_NAME
from services.signals.core.rules.row import Level, Measure, RuleRow, Words
from services.signals.core.state import Episode
from services.signals.core.steps import OPEN, measured
from services.signals.core.terms import DATE_FACTS, Terms, days_to_renewal, onboarded_days
from services.signals.core.whitespace import usage_per_seat
from shared.kernel.clock import iso_day
from shared.kernel.playbook.notices import Seen, notices
from shared.kernel.quantities import as_number
from shared.kernel.snapshots import LogPosition, RuleValue, Snapshot, State
from shared.kernel.triggers import EstimatedAcv, Evidence, ScopeType

MOST_VALUES = 100  # of one rule: with thousands of scopes the snapshot would not fit its topic
STATES: dict[str, State] = {"held": "held", "passed": "passed"}  # passed: counts as fired, because a higher level did


def explain(account: Account, terms: Terms, log: LogPosition, clock_ms: int, *, backfill: bool) -> Snapshot:
    """Return the account's snapshot."""
    open_names = sorted({e.rule for e in account.episodes.values() if e.status in OPEN})
    described = gate.describe(account, terms, backfill=backfill)
    missing = [c.name for c in described.criteria if c.met is not True and not c.left_out]
    segment, facts = terms.segment(account), shown_facts(account)
    return Snapshot(
        account_id=account.head.account_id,
        at=max(clock_ms, account.head.clock_ms),
        today=iso_day(account.head.today),
        segment=segment,
        lifecycle=lifecycle(account, terms),
        facts=facts,
        health=health.describe(account, terms),
        gate=described,
        activation_status="activated" if not missing else f"activating: {', '.join(missing)}",
        rules=tuple(_values(account, terms)),
        active_triggers=tuple(open_names),
        recommended_motion=terms.playbook.routing[segment].motion,
        estimated_expansion_acv=_greatest(account, terms),
        playbook_version=terms.playbook.version,
        log=log,
        notices=noticed(account, terms, facts),
        usage_per_seat=usage_per_seat(account),
    )


def noticed(account: Account, terms: Terms, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sentences about facts that have no effect, or contradict (definitions 11, 29 and 50)."""
    days = terms.playbook.measures.active_window_days
    seen = Seen(iso_day(account.head.today), account.active_month, days, account.assigned)
    return tuple(notice.sentence for notice in notices(terms.playbook, facts, seen))


def lifecycle(account: Account, terms: Terms) -> str:
    """Return the stage of the lifecycle; `renewal` in the last days of the term, `unknown` before onboarding."""
    model, left, since = terms.playbook.lifecycle, days_to_renewal(account), onboarded_days(account)
    if left is not None and 0 <= left <= model.renewal_days:
        return "renewal"
    if since is None:
        return "unknown"
    return next(stage.key for stage in model.stages if stage.to_day is None or since <= stage.to_day)


def shown_facts(account: Account) -> dict[str, Any]:
    """Return the facts in force as the outside writes them: dates as text, amounts as numbers."""
    shown: dict[str, Any] = {}
    for field, register in sorted(account.head.facts.items()):
        value = register[0]
        if value is not None:
            shown[field] = iso_day(value) if field in DATE_FACTS else as_number(value) if field == "mrr" else value
    limits = {m: None if r[0] is None else as_number(r[0]) for m, r in sorted(account.head.limits.items())}
    return shown | ({"limits": limits} if limits else {})


def _greatest(account: Account, terms: Terms) -> EstimatedAcv | None:
    """Return the greatest estimate of what is open; estimates in the playbook's currency come before others."""
    about = {
        (e.rule, e.scope_type, e.scope)
        for e in account.episodes.values()
        if e.status in OPEN and BY_NAME[e.rule].kind == "expansion"
    }
    found: dict[EstimatedAcv, tuple[str, ScopeType | None, str | None]] = {}  # with the first that it is of
    for rule, kind, scope in about:
        worth = estimate(account, terms, rule, (kind, scope))
        if worth is not None and (worth not in found or repr((rule, kind, scope)) < repr(found[worth])):
            found[worth] = rule, kind, scope
    if not found:
        return None
    currency = terms.playbook.currency
    best = max((worth.currency == currency, worth.amount) for worth in found)
    return min((w for w in found if (w.currency == currency, w.amount) == best), key=lambda worth: repr(found[worth]))


def _values(account: Account, terms: Terms) -> list[RuleValue]:
    shown: list[RuleValue] = []
    for row, measures in measured(account, terms, []):
        try:
            shown += _values_of(account, terms, row, measures)
        except Exception:  # noqa: BLE001, S112 - fate: like a rule that cannot be measured, it is left out
            continue
    return shown


def _values_of(account: Account, terms: Terms, row: RuleRow, measures: list[Measure]) -> list[RuleValue]:
    if row.happening is not None:
        return _happenings(account, terms, row)
    episodes = account.episodes.of(row.name)
    if not measures and not episodes:
        return _waiting(terms, row)
    pairs = [(one, level) for one in measures for level in row.levels_for(terms, one.scope)]
    if len(pairs) > MOST_VALUES:
        pairs.sort(key=lambda pair: (row.name, pair[0].scope, pair[1].name) not in episodes)
        del pairs[MOST_VALUES:]
    shown, told, words = list[RuleValue](), None, None
    for one, level in pairs:
        value = value_at(one, level.name)
        if value is not told:  # levels mostly have one value
            told, words = value, None if value is None else row.words(account, terms, value)
        shown.append(_value(account, row, one, level, value, words))
    if episodes:
        scopes = {measure.scope for measure in measures}
        unmeasured = [e for e in episodes.values() if e.scope not in scopes and e.status in OPEN]
        left = unmeasured[: MOST_VALUES - len(shown)]
        shown += [_open(account, row, episode, _why(account, terms, row, episode)) for episode in left]
    return shown or _waiting(terms, row)


def _happenings(account: Account, terms: Terms, row: RuleRow) -> list[RuleValue]:
    """Show what stands of a one-off, each episode by itself; else that it waits."""
    standing = account.episodes.of(row.name).values()
    if standing:
        return [_stands(account, terms, row, episode) for episode in islice(standing, MOST_VALUES)]
    return _waiting(terms, row)


def _stands(account: Account, terms: Terms, row: RuleRow, episode: Episode) -> RuleValue:
    """Show what stands of a one-off, whose evidence stays as long as its status."""
    name, shown = name_of(account, episode), account.episodes.shown
    why = shown.get(name)
    if why is None:
        why = shown[name] = _why(account, terms, row, episode)
    return _open(account, row, episode, why)


def _why(account: Account, terms: Terms, row: RuleRow, episode: Episode) -> Evidence:
    known = episode.measure
    return evidence(row, episode, known, None if known is None else row.words(account, terms, known))


def _open(account: Account, row: RuleRow, episode: Episode, why: Evidence) -> RuleValue:
    """Show an open trigger by itself; one whose value cannot be measured just now ends at the next change of day."""
    return RuleValue(
        rule=row.name,
        kind=row.kind,
        level=episode.level,
        scope=episode.scope,
        scope_type=episode.scope_type,
        state="held" if episode.status == "held" else "fired",
        evidence=why,
        since=iso_day(episode.day),
        trigger_id=name_of(account, episode),
    )


def _value(
    account: Account, row: RuleRow, measure: Measure, level: Level, value: Measure | None, words: Words | None
) -> RuleValue:
    episode = account.episodes.get((row.name, measure.scope, level.name))
    state: State = "unmeasured" if value is None else "armed"
    since = named = None
    if episode is not None:
        state, since = STATES.get(episode.status, "fired"), iso_day(episode.day)
        named = name_of(account, episode) if episode.status in OPEN else None
    why = evidence(row, episode or level, value, words)
    return RuleValue(row.name, row.kind, level.name, measure.scope, measure.scope_type, state, why, since, named)


def _waiting(terms: Terms, row: RuleRow) -> list[RuleValue]:
    """Show a rule without a value, level by level: the same for all accounts; a one-off that is on is armed."""
    known: list[RuleValue] | None = terms.memo.get(("waiting", row.name))
    if known is None:
        on = terms.enabled(row.name)
        known = [_unmeasured(row, level, on=on) for level in row.levels_for(terms, None)]
        if on and row.happening is not None:
            known = [replace(value, state="armed") for value in known]
        terms.memo["waiting", row.name] = known
    return known


def _unmeasured(row: RuleRow, level: Level, *, on: bool) -> RuleValue:
    why = replace(evidence(row, level, None, None), summary=row.unmeasured if on else "switched off")
    return RuleValue(row.name, row.kind, level.name, None, None, "unmeasured" if on else "off", why)
