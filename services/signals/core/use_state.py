"""The parts of an account's pages about how it is used: counts by day, limits reached, purchases, costs, sources.

What changes with today lies in the head, what belongs to days gone by in the days page; `use.end_day` moves it over.
Fields are only ever appended, with defaults. Source: design (state).
"""

import msgspec

KEPT_DAYS = 401  # the horizon: no window reaches back further
KEPT_TIMES = 60  # days for which uses are counted feature by feature: the longest window of `feature_gap`


class Counts(msgspec.Struct, array_like=True, gc=False):
    """How many of something lie on each day. Shape: the last of `by_day` is that of `newest`, each before it a day."""

    newest: int = -1
    by_day: list[int] = []


class LimitDays(msgspec.Struct, array_like=True, gc=False):
    """On which days a limit was reached, in order, and whether it can be reached again (definition 44)."""

    days: list[int] = []
    armed: bool = True


class Purchased(msgspec.Struct, array_like=True, gc=False):
    """What was given as purchased on one day: the features in every value given on it, and the last of these values.

    Shape: `at` is the moment of the last value.
    """

    throughout: list[str]
    last: list[str]
    at: tuple[int, str, str]


class UseHead(msgspec.Struct, array_like=True, gc=False):
    """What lies in the head page, which is written whenever anything has changed: keep it small.

    Shape: of today: `times` are uses and refusals by feature, `sessions` those started, `problems` events by what
    shows that an add-on would help, `costs` maps a metric to the cost and the quantity of its events that have a cost,
    `by_features` to the quantity that uses of features have added. `limits` and `heard` are by metric; the latter maps
    each source to the latest day on which it recorded the metric. Units: millionths.
    """

    times: dict[str, int] = {}
    sessions: int = 0
    problems: dict[str, int] = {}
    limits: dict[str, LimitDays] = {}
    heard: dict[str, dict[str, int]] = {}
    costs: dict[str, tuple[int, int]] = {}
    by_features: dict[str, int] = {}


class UseDaysGone(msgspec.Struct, array_like=True, gc=False):
    """What lies in the days page, which is written at a change of day or by a late event.

    Shape: as in the head, by day; `purchased` maps a day to what was given as purchased on it.
    """

    times: dict[str, Counts] = {}
    sessions: Counts = msgspec.field(default_factory=Counts)
    problems: dict[str, Counts] = {}
    costs: dict[str, dict[int, tuple[int, int]]] = {}
    by_features: dict[str, dict[int, int]] = {}
    purchased: dict[int, Purchased] = {}
