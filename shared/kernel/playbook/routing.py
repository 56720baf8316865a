"""Motions, plays, and the stages of a lead.

Source: playbook sections 8 and 9, definitions 64 and 79.
"""

from typing import Literal

from shared.kernel.playbook.bounds import Count, Days, Deal, DueIn, Key, Part, Ratio, Slug, Text


class CycleDays(Part, frozen=True, kw_only=True):
    """How long the motion takes. Units: days, both ends included."""

    shortest: Count
    longest: Count


class KeyMetric(Part, frozen=True, kw_only=True):
    """What the motion is measured by, and what it should exceed. Units: whole percent."""

    name: Text
    above_percent: Ratio


class Motion(Part, frozen=True, kw_only=True):
    """How one segment is worked. Units: `nrr_target_percent` whole percent."""

    motion: Slug
    name: Text
    primary_trigger: Slug
    channels: tuple[Slug, ...]
    cycle_days: CycleDays
    ownership: Text
    owner_role: Slug
    key_metric: KeyMetric
    nrr_target_percent: Ratio


class Raci(Part, frozen=True, kw_only=True):
    """Who is responsible, accountable, consulted, informed."""

    responsible: Slug
    accountable: Slug
    consulted: Slug
    informed: Slug


class Play(Part, frozen=True, kw_only=True):
    """What to do about a trigger. `deal` decides how it is valued and who owns it.

    Units: `response_due_days` after the trigger, in days or business days. Shape: `channels` by segment; a segment
    that is absent uses those of its motion.
    """

    name: Text
    action: Text
    deal: Deal
    owner_role: Slug
    response: Text
    response_due_days: Count
    response_due_in: DueIn = "days"
    talk_track: Text
    success_metric: Text
    raci: Raci
    channels: dict[Slug, tuple[Slug, ...]] = {}


class StageSla(Part, frozen=True, kw_only=True):
    """The time allowed: to reach this stage since `after`, or, when `in_stage`, to stay in it."""

    amount: Count
    unit: Literal["hours", "business_days"]
    after: Slug
    in_stage: bool = False


class Stage(Part, frozen=True, kw_only=True):
    """One stage of a lead: who owns it, which fields it asks for, and its service level."""

    key: Slug
    name: Text
    owner_role: Slug
    required: tuple[Key, ...] = ()
    sla: StageSla | None = None


class ReasonCodes(Part, frozen=True, kw_only=True):
    """The reasons that may be given when a lead is closed or disqualified."""

    won: tuple[Slug, ...]
    lost: tuple[Slug, ...]
    disqualified: tuple[Slug, ...]


class CsqlModel(Part, frozen=True, kw_only=True):
    """The pipeline of leads, first stage first. Units: a lead can be snoozed for `snooze_days_most` at a time."""

    stages: tuple[Stage, ...]
    reason_codes: ReasonCodes
    snooze_days_most: Days
