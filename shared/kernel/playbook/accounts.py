"""Who the accounts are and how time passes for them.

Source: playbook sections 3 and 4, definitions 4, 16, 20, 29, 39, 47, 72, 80.
"""

from shared.kernel.playbook.bounds import (
    Amount,
    Count,
    Days,
    Deal,
    Hours,
    Key,
    Minutes,
    Part,
    Points,
    Slug,
    Text,
)


class TimeConstants(Part, frozen=True, kw_only=True):
    """How time is read. Source: playbook section 4, definitions 8, 39, 47, 72 and 76."""

    horizon_days: Days
    future_clamp_minutes: Minutes
    dedup_minutes: Minutes
    session_slot_minutes: Minutes
    snapshot_seconds: Count
    rule_failures: Count
    rule_failure_seconds: Count


class Episodes(Part, frozen=True, kw_only=True):
    """When a trigger has fallen back: points of a percentage, multiple or score, else percent of a count.

    Source: definitions 4 and 16.
    """

    margin_points: Points
    margin_percent: Points
    margin_minimum: Count
    one_off_days: Days


class Segment(Part, frozen=True, kw_only=True):
    """One segment, in rising order of contract value. `acv_below` None: the last one, without an upper end."""

    key: Slug
    name: Text
    acv_below: Amount | None = None


class LifecycleStage(Part, frozen=True, kw_only=True):
    """One stage of the lifecycle. Units: `to_day` is the last day since onboarding that belongs to it; None: no end."""

    key: Slug
    name: Text
    to_day: Days | None = None


class Lifecycle(Part, frozen=True, kw_only=True):
    """Where an account is on its way. Source: playbook section 3, definition 80."""

    stages: tuple[LifecycleStage, ...]
    renewal_days: Days
    value_review_day: Days


class Milestone(Part, frozen=True, kw_only=True):
    """An adoption milestone. Units: `due_days` since onboarding; the due day itself is still in time."""

    name: Key
    due_days: Days


class Calendar(Part, frozen=True, kw_only=True):
    """What happens in which month after each renewal. Source: playbook section 9."""

    month: Count
    action: Text
    play: Slug | None = None
    renewal_terms_only: bool = False


class Ownership(Part, frozen=True, kw_only=True):
    """Who owns which expansion: CS below the amount, the AE from it on; None: CS owns all; 0: the AE owns all.

    Units: amounts in the playbook's currency. Source: playbook section 8, definition 64.
    """

    cs_below: dict[Deal, Amount | None]
    pooled_segments: tuple[Slug, ...]
    ae_quote_hours: Hours
    handoff_brief: tuple[Text, ...]
