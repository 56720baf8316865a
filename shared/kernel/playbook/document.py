"""The whole playbook: every number of the domain, in one validated value.

Source: playbook sections 2 to 9.
"""

from shared.kernel.playbook.accounts import (
    Calendar,
    Episodes,
    Lifecycle,
    Milestone,
    Ownership,
    Segment,
    TimeConstants,
)
from shared.kernel.playbook.bounds import Currency, Key, Part, Slug, Text
from shared.kernel.playbook.gate import GateCriteria, HealthModel, Holds, Measures
from shared.kernel.playbook.money import Estimates, Whitespace
from shared.kernel.playbook.offers import Addon, Plan, Product
from shared.kernel.playbook.risk import Rules
from shared.kernel.playbook.routing import CsqlModel, Motion, Play
from shared.kernel.playbook.tracking import TrackingPlan


class Playbook(Part, frozen=True, kw_only=True):
    """One validated playbook. Shape: `digest` is the SHA-256 of its canonical JSON and not written in the file."""

    version: Text
    currency: Currency
    time: TimeConstants
    episodes: Episodes
    tracking: TrackingPlan
    segments: tuple[Segment, ...]
    lifecycle: Lifecycle
    plans: dict[Key, Plan]
    core_features: tuple[Key, ...]
    products: dict[Key, Product]
    addons: dict[Key, Addon]
    roadmap: tuple[Text, ...]
    milestones: dict[Slug, tuple[Milestone, ...]]
    measures: Measures
    gate: dict[Slug, GateCriteria]
    holds: Holds
    health: HealthModel
    rules: Rules
    whitespace: Whitespace
    estimates: Estimates
    routing: dict[Slug, Motion]
    ownership: Ownership
    plays: dict[Slug, Play]
    csql: CsqlModel
    calendar: tuple[Calendar, ...]
    digest: str = ""
