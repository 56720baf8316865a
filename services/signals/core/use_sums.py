"""A metric of an account in memory: its day sums, and the sums over windows that are remembered for a day.

Units: millionths. Source: definitions 20, 24 and 43.
"""

from mypy_extensions import mypyc_attr

from services.signals.core.state import NO_DAY


@mypyc_attr(acyclic=True)
class Windows:
    """The sums of one metric on one day under some terms. Shape: by the numbers of `use_windows`."""

    __slots__ = ("sums", "terms", "today")

    def __init__(self, today: int, terms: object, sums: list[int]) -> None:
        self.today, self.terms, self.sums = today, terms, sums


class CostWindow:
    """What was recorded over a window: its quantity, and cost and quantity of the events that have a cost."""

    __slots__ = ("cost", "costed", "quantity")

    def __init__(self, quantity: int, cost: int, costed: int) -> None:
        self.quantity, self.cost, self.costed = quantity, cost, costed


class Compared:
    """One metric on one day under some terms. Shape: `past` is the window that ends today without today."""

    __slots__ = ("before", "past", "terms", "today")

    def __init__(self, today: int, terms: object, past: CostWindow, before: CostWindow) -> None:
        self.today, self.terms, self.past, self.before = today, terms, past, before


@mypyc_attr(acyclic=True)
class Metric:
    """One metric: its day sums, and what is derived from them; the days page has the sums of days gone by.

    Shape: `cells` maps days to sums; `total` is the sum of the billing period; from `watch` on a rule may fire;
    `heard` is the latest day of each source; whether any event was `costly`; and what `use_windows` and `use_costs`
    have computed for the day.
    """

    __slots__ = ("cells", "compared", "costly", "first_day", "heard", "total", "watch", "windows")

    def __init__(self, cells: dict[int, int], first_day: int = NO_DAY) -> None:
        self.cells, self.first_day = cells, first_day
        self.total = self.watch = 0
        self.heard: dict[str, int] = {}
        self.costly = False
        self.windows: Windows | None = None
        self.compared: Compared | None = None
