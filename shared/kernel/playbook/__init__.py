"""The playbook: every number of the domain, in one frozen, validated value.

How to read it (attribute → meaning)::

    playbook.version, .digest, .currency
    playbook.time         horizon_days, future_clamp_minutes, dedup_minutes, session_slot_minutes, rule_failures...
    playbook.episodes     margin_points, margin_percent, margin_minimum, one_off_days
    playbook.segments     rows in rising order: key (smb), name (SMB), acv_below
    playbook.measures     adopted_days of adopted_window_days, active_window_days, ticket_window_days, csat_...
    playbook.gate[key]    one GateCriteria per segment; its field names are the criteria's names; None: not asked;
                          unknown[criterion] is "block" or "leave_out"
    playbook.holds        renewal_quiet_days, renewal_completed_days, backfill_days, contraction_risk, suspended
    playbook.health       weights, usage, engagement, support, outcomes, stakeholders, green, critical
    playbook.rules.<name> enabled, kind, category, play, and the rule's own numbers; margin_points on percentages,
                          multiples and scores, margin_percent + margin_minimum on counts, stands_days on one-offs
    playbook.plans[name]  price, seat_price, limits, unit_prices, features, next, annual
    playbook.core_features, .milestones[key], .products, .addons, .roadmap, .lifecycle
    playbook.routing[key] the segment's motion: motion, channels, owner_role, cycle_days...
    playbook.plays[name]  name, action, deal, owner_role, response, response_due_days (+ _in), talk_track...
    playbook.ownership, .estimates, .whitespace, .csql.stages, .calendar, .tracking

Percentages and multiples are whole percent (1.4 times = 140), so that shares are compared exactly. Reading YAML is the
business of `shared.io.playbooks`; here everything is pure.
"""

from shared.kernel.playbook.accounts import Segment
from shared.kernel.playbook.build import (
    build_playbook,
    digest_of,
    playbook_from_json,
    playbook_problems,
    playbook_to_json,
)
from shared.kernel.playbook.document import Playbook
from shared.kernel.playbook.gate import GateCriteria, HealthModel
from shared.kernel.playbook.lookups import (
    each_rule,
    find_segment,
    gated_features,
    limit_for,
    reachable_plans,
    rule_names,
    segment_by_key,
)
from shared.kernel.playbook.offers import Addon, Plan, Product
from shared.kernel.playbook.routing import Motion, Play
from shared.kernel.playbook.rules import Level, Rule

__all__ = [
    "Addon",
    "GateCriteria",
    "HealthModel",
    "Level",
    "Motion",
    "Plan",
    "Play",
    "Playbook",
    "Product",
    "Rule",
    "Segment",
    "build_playbook",
    "digest_of",
    "each_rule",
    "find_segment",
    "gated_features",
    "limit_for",
    "playbook_from_json",
    "playbook_problems",
    "playbook_to_json",
    "reachable_plans",
    "rule_names",
    "segment_by_key",
]
