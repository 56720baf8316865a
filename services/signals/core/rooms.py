"""How far activity may go before health can reach what somebody waits for; until then nobody has to look.

Activity moves one component of health, usage, and that only upwards: by users who become active, and by quantities of
metrics that had some in the earlier window. So what is still missing is shared out among them, and a look is due when
one has used up its share; it shares out anew. Only a quantity that is late enough for the earlier window, or older,
moves health in any direction: that is always looked at. Source: playbook section 5, definitions 1 and 26.
"""

from fractions import Fraction

from services.signals.core import gate, health, use_windows
from services.signals.core.account import Account
from services.signals.core.health import Share
from services.signals.core.terms import Terms


def fall(account: Account, terms: Terms) -> None:
    """Let the rules be looked at whenever activity may have lowered health."""
    account.watch_late = max(account.watch_late, account.head.today - terms.health_days)


def rise(account: Account, terms: Terms, wanted: Fraction) -> None:
    """Let the rules be looked at before health reaches `wanted` unseen, and whenever activity may have lowered it."""
    fall(account, terms)
    score = health.score(account, terms)
    if score is not None and score < wanted:
        account.wanted = wanted if account.wanted is None else min(account.wanted, wanted)


def low(account: Account, terms: Terms, rule: str) -> bool:
    """Let a rule be looked at that fires when health is low; tell whether it is parked and must be seen to recover."""
    if not terms.enabled(rule) or (rule, None, None) in account.episodes:
        return False
    fall(account, terms)
    return (rule, None, None) in account.parked


def recover(account: Account, terms: Terms, line: Fraction) -> None:
    """Let the rules be looked at when health recovers, that is passes `line`."""
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
    """Share out what is missing between active users and trend, in proportion to the room that each has.

    Each comes to `share + used * (1 - share)`, where `used` is what is missing of the room.
    """
    needed = health.usage_for(account, terms, wanted)
    if needed is None:
        return
    model, seats = terms.playbook.health.usage, account.fact("seats")
    active, full = health.active_share(account, terms)
    ratio = health.usage_ratio(account, terms)
    trend, whole = (0, 1) if ratio is None else health.trend_share(ratio, terms)
    points_active = model.active_points if seats else 0
    points_trend = 0 if ratio is None else model.trend_points
    most = points_active + points_trend
    room = points_active * (full - active) * whole + points_trend * (whole - trend) * full
    have = points_active * active * whole + points_trend * trend * full
    used: Share = (needed[0] * most * full * whole - 100 * needed[1] * have, 100 * needed[1] * room)
    if not 0 < used[0] <= used[1]:
        return
    if points_active and active < full:
        users, parts = _grown((active, full), used)
        account.watch_health = -(-users * seats * model.active_share_full_percent // (100 * parts))
    if ratio is not None and points_trend and trend < whole:
        _watch_trend(account, terms, ratio, _grown((trend, whole), used))


def _grown(share: Share, used: Share) -> Share:
    """Return a share once it has used up so much of its room."""
    return share[0] * used[1] + used[0] * (share[1] - share[0]), share[1] * used[1]


def _watch_trend(account: Account, terms: Terms, ratio: Share, reached: Share) -> None:
    """Note the quantities that bring the trend as far as this, each metric by itself."""
    model = terms.playbook.health.usage
    percent = model.trend_floor_percent * reached[1] + model.trend_range_percent * reached[0]
    more, parts = percent * ratio[1] - 100 * reached[1] * ratio[0], 100 * reached[1] * ratio[1]
    for metric in account.metrics.values():
        before = use_windows.health(account, metric, terms)[1]
        if before > 0:
            metric.watch = min(metric.watch, metric.total - (-more * before // parts))
