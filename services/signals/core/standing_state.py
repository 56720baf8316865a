"""The parts of an account's pages about how the account stands: health by day, mentions, requests, acts.

Fields are only ever appended, with defaults. Source: design (state).
"""

import msgspec

from services.signals.core.windows import prune

Whole = int | str  # beyond 64 bits, which a page's integers have not, as text in base 16
Exact = tuple[Whole, Whole]


class StandingHead(msgspec.Struct, array_like=True, gc=False):
    """What lies in the head page, which is written whenever anything has changed: keep it small.

    Shape: `acts_today` counts the events of today that make a user active, anonymous ones too; `quintile` is the one of
    usage per seat when the rules were looked at last, 0 for none.
    """

    acts_today: int = 0
    quintile: int = 0


class StandingDaysGone(msgspec.Struct, array_like=True, gc=False):
    """What lies in the days page, which is written at a change of day or by a late event.

    Shape: `health` are the values recorded at changes of day, as (day, numerator and denominator), written down when
    they change: each holds until the next one, None is no value. `acts` are those of days gone by, `mentions` those of
    competitors, by day; `requests` maps a product asked for (as it is compared, empty: none) and a feature (likewise)
    to their number by day.
    """

    health: list[tuple[int, Exact | None]] = []
    acts: dict[int, int] = {}
    mentions: dict[int, int] = {}
    requests: dict[str, dict[str, dict[int, int]]] = {}


def forget_days(standing: StandingDaysGone, oldest_day: int) -> None:
    """Forget what lies before a day, but for the health carried into it."""
    prune(standing.acts, oldest_day)
    prune(standing.mentions, oldest_day)
    for by_feature in standing.requests.values():
        for cells in by_feature.values():
            prune(cells, oldest_day)
    standing.requests = {
        product: {feature: cells for feature, cells in by_feature.items() if cells}
        for product, by_feature in standing.requests.items()
        if any(by_feature.values())
    }
    carried = sum(day <= oldest_day for day, _ in standing.health)
    del standing.health[: max(0, carried - 1)]
