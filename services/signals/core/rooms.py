"""How far activity may go before health can reach what somebody waits for; until then nobody has to look.

Activity moves one component of health, usage, and that only upwards: by users who become active, and by quantities of
metrics that had some in the earlier window. So what is still missing is shared out among them, and a look is due when
one has used up its share; it shares out anew. Only a quantity that is late enough for the earlier window, or older,
moves health in any direction: that is always looked at. Source: playbook section 5, definitions 1 and 26.
"""

from fractions import Fraction

from services.signals.core import gate, health, use_windows
from services.signals.core.account import Account
from services.signals.core.state import Metric
from services.signals.core.terms import Terms

ZERO, ONE = Fraction(0), Fraction(1)


def fall(account: Account, terms: Terms) -> None:
    """Let the rules be looked at whenever activity may have lowered health."""
    account.watch_late = max(account.watch_late, account.head.today - terms.health_days)


def rise(account: Account, terms: Terms, wanted: Fraction) -> None:
    """Let the rules be looked at before health reaches `wanted` unseen, and whenever activity may have lowered it."""
    fall(account, terms)
    score = health.score(account, terms)
    if score is not None and score < wanted:
        account.wanted = wanted if account.wanted is None else min(account.wanted, wanted)


def low(account: Account, terms: Terms, rule: str, line: Fraction | None) -> None:
    """Let a rule be looked at that fires when health is low.

    While it is parked it must be seen to recover: health at `line`, which None says it cannot.
    """
    if not terms.enabled(rule) or (rule, None, None) in account.episodes:
        return
    fall(account, terms)
    if (rule, None, None) in account.parked and line is not None:
        rise(account, terms, line)
        if health.score(account, terms) == line:  # from here on any more of it may be a recovery
            account.unsettled = True


def settle(account: Account, terms: Terms, *, backfill: bool) -> None:
    """Note what releases what is held, and share out the room below what has been asked for with `rise`."""
    if not backfill:
        if account.waiting:
            account.unsettled = True
        if account.held and not gate.is_shut(account, terms):
            asked = gate.health_asked(account, terms)
            if asked is None:
                account.unsettled = True
            else:
                rise(account, terms, asked)
    if account.wanted is not None:
        _share_out(account, terms, account.wanted)


def _share_out(account: Account, terms: Terms, wanted: Fraction) -> None:
    needed = health.usage_for(account, terms, wanted)
    if needed is None:
        return
    model, seats = terms.playbook.health.usage, account.fact("seats")
    share = health.active_share(account, terms)
    ratios = _ratios(account, terms)
    trend = sum((ratio for _, _, ratio in ratios), ZERO) / len(ratios) if ratios else ZERO
    by_trend = health.trend_share(trend, terms) if ratios else ZERO
    most = (model.active_points if seats else 0) + (model.trend_points if ratios else 0)
    have = model.active_points * share + model.trend_points * by_trend
    room_active = model.active_points * (ONE - share) if seats else ZERO
    room_trend = model.trend_points * (ONE - by_trend) if ratios else ZERO
    gap, room = needed * most / 100 - have, room_active + room_trend
    if not ZERO < gap <= room:
        return
    if room_active:
        reached = share + gap * room_active / room / model.active_points
        users = reached * seats * model.active_share_full_percent / 100
        account.watch_health = -(-users.numerator // users.denominator)
    if room_trend:
        reached = by_trend + gap * room_trend / room / model.trend_points
        more = (model.trend_floor_percent + reached * model.trend_range_percent) / 100 - trend
        for metric, before, _ in ratios:
            amount = more * before
            metric.watch = min(metric.watch, metric.total - (-amount.numerator // amount.denominator))


def _ratios(account: Account, terms: Terms) -> list[tuple[Metric, int, Fraction]]:
    """Return the metrics that make the trend, each with its earlier window and its ratio."""
    found = []
    for metric in account.metrics.values():
        now, before = use_windows.health(account, metric, terms)
        if before > 0:
            found.append((metric, before, Fraction(now, before)))
    return found
