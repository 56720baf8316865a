"""Whitespace and what an expansion may be worth a year.

Source: playbook section 6 (whitespace, estimated ACV), definition 41.
"""

from shared.kernel.playbook.bounds import Count, CountOrZero, Days, Factor, Months, Part, Percent, Ratio, Slug, Weight


class WhitespaceWeights(Part, frozen=True, kw_only=True):
    """What each factor weighs; together 100."""

    fit: Weight
    depth: Weight
    interest: Weight
    budget: Weight
    champion: Weight


class FitFactors(Part, frozen=True, kw_only=True):
    """Industry and adjacent product, one of them, none."""

    both: Factor
    one: Factor
    none: Factor


class InterestStep(Part, frozen=True, kw_only=True):
    """From so many requests on, this factor."""

    requests: CountOrZero
    factor: Factor


class BudgetFactors(Part, frozen=True, kw_only=True):
    """The budget month or the one before; within so many months before; else."""

    now: Factor
    near: Factor
    near_months: Months
    none: Factor


class ChampionFactors(Part, frozen=True, kw_only=True):
    """Sponsor and champion, one of them, none."""

    both: Factor
    one: Factor
    none: Factor


class Whitespace(Part, frozen=True, kw_only=True):
    """Score = 20 x sum of weight x factor. `quintiles` are the factors of the depth's fifths, lowest first."""

    weights: WhitespaceWeights
    fit: FitFactors
    quintiles: tuple[Factor, Factor, Factor, Factor, Factor]
    interest: tuple[InterestStep, ...]
    interest_days: Days
    budget: BudgetFactors
    champion: ChampionFactors
    healthy_share_percent: Percent


class Estimates(Part, frozen=True, kw_only=True):
    """How much a trigger may be worth. Units: whole percent; `months` a year's worth.

    Seats: max(`seats_percent` of the seats, active / `seats_target_percent` rounded up, less the seats).
    Otherwise a guess: `guess_percent` of ARR, by segment in `guess_percent_by_segment`.
    """

    months: Count
    seats_percent: Percent
    seats_target_percent: Ratio
    guess_percent: Percent
    guess_percent_by_segment: dict[Slug, Percent] = {}
