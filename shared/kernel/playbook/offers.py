"""What the company sells: plans, products, add-ons, and what of it counts as core.

Source: playbook section 3, definitions 11, 41, 48 and 68.
"""

from shared.kernel.playbook.bounds import Amount, Count, Days, DaysOrNone, Key, Part, Slug, Text


class Plan(Part, frozen=True, kw_only=True):
    """One plan. Units: `price` and `seat_price` a month; `unit_prices` per unit of a metric beyond its limit.

    Shape: a limit of null or 0 is unlimited; `next` is the plan above; `annual`: its billing period is a year.
    """

    price: Amount
    seat_price: Amount = 0
    limits: dict[Key, Amount | None] = {}
    unit_prices: dict[Key, Amount] = {}
    features: tuple[Key, ...] = ()
    next: Key | None = None
    annual: bool = False


class Problem(Part, frozen=True, kw_only=True):
    """What shows that an add-on would help: `count` events of `type` in `days` whose properties equal `where`."""

    type: Key
    count: Count
    days: Days
    where: dict[Key, str | int | bool] = {}


class Addon(Part, frozen=True, kw_only=True):
    """Something small to attach. Units: `price` a month; `earliest_day` since onboarding."""

    price: Amount
    problem: Problem
    earliest_day: DaysOrNone = 0
    prerequisites: tuple[Key, ...] = ()
    conversation_owner: Slug = "csm"
    bridge: Text = "Because you achieved this with what you have, you can now do more with this add-on."


class Product(Part, frozen=True, kw_only=True):
    """Another product to sell. Units: `price` a month. Shape: `features` are those whose requests count for it."""

    price: Amount
    adjacent_to: tuple[Key, ...] = ()
    industries: tuple[Text, ...] = ()
    features: tuple[Key, ...] = ()
    problem: Problem | None = None
    earliest_day: DaysOrNone = 0
    prerequisites: tuple[Key, ...] = ()
    conversation_owner: Slug = "ae"
    bridge: Text = "Because you achieved this with the first product, you can now do more with this one."
