"""Which sources have recorded a metric, and when last: use does not decline while one of them is silent.

Source: definitions 41 and 53.
"""

from services.signals.core.account import Account
from services.signals.core.use_costs import is_costly
from services.signals.core.use_state import KEPT_DAYS
from services.signals.core.use_sums import Metric


def heard(account: Account, name: str, metric: Metric, source: str, day: int) -> None:
    """Note the first quantity that a source records of a metric on some day; `metric` keeps what is known at hand."""
    known = account.head.use.heard.setdefault(name, metric.heard)
    if known is not metric.heard:  # the first since the account was loaded
        metric.heard, metric.costly = known, is_costly(account, name)
    known[source] = max(day, known.get(source, day))


def silent(account: Account, name: str, since: int, known_silent: frozenset[str]) -> bool:
    """Tell whether a source that has recorded a metric on some day since `since` is silent now."""
    sources = account.head.use.heard.get(name, {})
    return any(day >= since and source in known_silent for source, day in sources.items())


def forget(account: Account) -> None:
    """Forget the sources that have left every window."""
    oldest = account.head.today - KEPT_DAYS
    for sources in account.head.use.heard.values():
        for source in [source for source, day in sources.items() if day < oldest]:
            del sources[source]
