"""The playbook file: what it holds, and what is refused with path, found and allowed."""

from pathlib import Path
from typing import Any

import pytest

from shared.io.playbooks import load_playbook, read_playbook
from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook import (
    build_playbook,
    each_rule,
    find_segment,
    gated_features,
    limit_for,
    playbook_from_json,
    playbook_to_json,
    reachable_plans,
    rule_names,
    segment_by_key,
)
from tests.support.playbooks import default_data, shipped

DEFAULT = Path("playbooks/default.yaml")


def _with(path: str, value: Any) -> dict[str, Any]:
    data: Any = default_data()
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
    place = data
    for step in steps:
        place = place[step]
    place[last] = value
    result: dict[str, Any] = data
    return result


def test_the_default_file_holds_the_numbers_of_the_domain() -> None:
    """A few from each section, as the specification gives them."""
    playbook = shipped()
    assert [(row.name, row.acv_below) for row in playbook.segments] == [
        ("SMB", 25_000),
        ("Mid-Market", 100_000),
        ("Enterprise", None),
    ]
    assert [level.percent for level in playbook.rules.usage_ceiling.levels] == [70, 80, 85, 95]
    assert [level.comparison for level in playbook.rules.usage_ceiling.levels] == [">=", ">", ">=", ">="]
    assert playbook.rules.seat_saturation.active_days == 7
    assert playbook.gate["enterprise"].core_departments == 2
    assert playbook.gate["smb"].qbr_days is None
    assert playbook.rules.contraction_risk.kind == "risk"
    assert playbook.rules.low_seat_use.kind == "adoption"
    assert playbook.ownership.cs_below["tier"] == 25_000
    assert playbook.time.horizon_days == 400


def test_every_segment_play_has_talk_track_and_success_metric() -> None:
    """A play names trigger, action, owner, talk track and success metric."""
    playbook = shipped()
    assert all(play.talk_track and play.success_metric and play.action for play in playbook.plays.values())


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (
            "gate.enterprise.health_score",
            101,
            "gate.enterprise.health_score: found 101, allowed is a whole number 0 to 100",
        ),
        (
            "gate.enterprise.health_score",
            "85",
            "gate.enterprise.health_score: found the text '85', allowed is a whole number 0 to 100",
        ),
        ("gate.smb.unknown.sentiment", "ignore", "gate.smb.unknown.sentiment: found 'ignore'"),
        ("gate.smb.unknown.qbr_days", "block", "gate.smb.unknown.qbr_days: found 'qbr_days'"),
        ("gate.gold", {}, "gate.gold.days_since_onboarding: is missing, allowed is a whole number"),
        ("gate.smb.sentiment", 11, "gate.smb.sentiment: found 11, allowed is a whole number 0 to 10"),
        ("gate.smb.core_features", 8, "gate.smb.core_features: found 8, allowed is at most 7"),
        ("time.horizon_days", 401, "time.horizon_days: found 401, allowed is a whole number 1 to 400"),
        ("rules.usage_ceiling.levels.1.percent", 70, "rules.usage_ceiling.levels.1.percent: found 70, allowed is more"),
        ("rules.usage_ceiling.levels", [], "rules.usage_ceiling.levels: found none"),
        ("rules.usage_velocity.levels.1.percent", 140, "rules.usage_velocity.levels.1.percent: found 140"),
        ("rules.low_seat_use.days", 400, "rules.low_seat_use.days: found 400, allowed is a whole number 1 to 399"),
        ("rules.purchased_unused.days", 400, "rules.purchased_unused.days: found 400, allowed is a whole number 1 to"),
        ("rules.usage_decline.days", 200, "rules.usage_decline.days: reaches back 401 days, allowed is at most"),
        ("rules.usage_velocity.gap_days", 371, "rules.usage_velocity.gap_days: reaches back 401 days"),
        ("rules.seat_saturation.play", "dance", "rules.seat_saturation.play: found 'dance', allowed is a play:"),
        (
            "rules.seat_saturation.enabled",
            "yes",
            "rules.seat_saturation.enabled: found the text 'yes', allowed is true or false",
        ),
        ("rules.seat_saturation.colour", 1, "rules.seat_saturation.colour: nothing has this name here; allowed are"),
        ("rules.renewal_at_risk.from_days", 91, "rules.renewal_at_risk.from_days: found 91, allowed is at most"),
        ("plans.Starter.next", "Gold", "plans.Starter.next: found 'Gold', allowed is a plan: Starter, Growth, Scale"),
        ("plans.Scale.next", "Starter", "plans.Scale.next: found 'Starter', which leads back to itself"),
        ("plans.Starter.limits.api_calls", -1, "plans.Starter.limits.api_calls: found -1"),
        ("plans.Starter.price", float("nan"), "plans.Starter.price: found nan"),
        ("plans.Starter.price", float("inf"), "plans.Starter.price: found inf"),
        ("plans.Starter.unit_prices", {"sms": 1}, "plans.Starter.unit_prices.sms: found 'sms'"),
        ("core_features.0", "magic", "core_features.0: found 'magic', allowed is a feature of a plan"),
        ("core_features.1", "dashboards", "core_features: found 'dashboards' twice"),
        ("addons.Bulk Import.prerequisites", ["x"], "addons.Bulk Import.prerequisites.0: found 'x'"),
        ("addons.Bulk Import.problem.type", "x.y", "addons.Bulk Import.problem.type: found 'x.y'"),
        ("tracking.rows.0.type", "x.y", "tracking.rows.0.type: found 'x.y', allowed is an event type"),
        ("segments.0.acv_below", None, "segments.0.acv_below: found null"),
        ("segments.1.acv_below", 25_000, "segments.1.acv_below: found 25000, allowed is more than 25000"),
        ("segments.2.acv_below", 9, "segments.2.acv_below: found 9"),
        ("segments.1.key", "smb", "segments: found ['smb', 'smb', 'enterprise']"),
        ("segments.0.key", "tiny", "gate: tiny is missing"),
        ("segments", [], "segments: found none"),
        ("estimates.guess_percent_by_segment", {"x": 1}, "estimates.guess_percent_by_segment.x: found 'x'"),
        ("health.weights.usage", 31, "health.weights: found a sum of 101, allowed is 100"),
        ("health.critical", 75, "health.critical: found 75, allowed is less than"),
        ("whitespace.weights.fit", 0, "whitespace.weights: found a sum of 70"),
        ("whitespace.interest.1.requests", 0, "whitespace.interest.1.requests: found 0, allowed is more than 0"),
        ("measures.adopted_days", 31, "measures.adopted_days: found 31, allowed is at most"),
        ("lifecycle.stages.0.to_day", None, "lifecycle.stages: exactly the last stage has no to_day"),
        ("lifecycle.stages.1.to_day", 30, "lifecycle.stages.1.to_day: found 30"),
        ("routing.smb.primary_trigger", "x", "routing.smb.primary_trigger: found 'x', allowed is a rule"),
        ("routing.smb.cycle_days.shortest", 15, "routing.smb.cycle_days.shortest: found 15"),
        ("calendar.0.play", "x", "calendar.0.play: found 'x', allowed is a play"),
        ("calendar.1.month", 1, "calendar.1.month: found 1, allowed is more than 1"),
        ("csql.stages.2.sla.after", "x", "csql.stages.2.sla.after: found 'x', allowed is a stage"),
        (
            "csql.stages.2.sla.after",
            "negotiation",
            "csql.stages.2.sla.after: found 'negotiation', allowed is an earlier",
        ),
        ("csql.stages.2.sla.in_stage", True, "csql.stages.2.sla.after: found 'csql_created', allowed is itself"),
        ("ownership.cs_below", {"seats": 1}, "ownership.cs_below: tier is missing"),
        (
            "products.Insights.problem",
            {"type": "ticket.opened", "count": 1, "days": 401},
            "products.Insights.problem.days: found 401",
        ),
        ("currency", "usd", "currency: found 'usd'"),
        ("digest", "abc", "digest: is computed"),
        ("version", None, "version: found nothing, allowed is text"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path_what_was_found_and_what_is_allowed(
    path: str, value: Any, sentence: str
) -> None:
    """Each wrong value is one sentence that begins with the path."""
    with pytest.raises(ConfigurationError) as raised:
        build_playbook(_with(path, value))
    assert str(raised.value).startswith(f"playbook: {sentence}")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("version: a\nversion: b\n", "playbook: line 2: not readable as YAML: the key 'version' stands twice"),
        ("time:\n  horizon_days: 1\n  horizon_days: 2\n", "playbook: line 3: not readable as YAML"),
        ("a: [", "playbook: line 1: not readable as YAML"),
        ("- 1", "playbook: found a list, allowed is a mapping"),
        ("hello", "playbook: found a text, allowed is a mapping"),
        ("7", "playbook: found a single value, allowed is a mapping"),
        ("", "playbook: found nothing, allowed is a mapping"),
        ("version: !!python/object:os.system x", "playbook: line 1: not readable as YAML"),
        ("{}", "playbook: version: is missing, allowed is text (and 24 more)"),
        ("1: 2", "playbook: 1: nothing has this name here"),
        ("? [a]\n: b", "playbook: line 1: not readable as YAML"),
        ("version: \x00", "playbook: not readable as YAML: ReaderError"),
        ("x" * 2_000_001, "playbook: found 2000001 characters"),
    ],
)
def test_text_that_is_no_playbook_is_refused(text: str, sentence: str) -> None:
    """Broken YAML, repeated keys, foreign objects: one sentence, with the line where there is one."""
    with pytest.raises(ConfigurationError) as raised:
        load_playbook(text)
    assert str(raised.value).startswith(sentence)


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    """Missing file, folder and binary file."""
    with pytest.raises(ConfigurationError, match=r"cannot read .*nowhere.yaml: No such file"):
        read_playbook(tmp_path / "nowhere.yaml")
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_playbook(tmp_path)
    (tmp_path / "x").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_playbook(tmp_path / "x")


def test_the_digest_is_of_what_the_playbook_says_not_of_how_it_is_written() -> None:
    """Comments and the order of keys do not change it; a number does; JSON gives it back."""
    plain = read_playbook(DEFAULT)
    turned = build_playbook(dict(reversed(default_data().items())))
    assert turned.digest == plain.digest
    assert build_playbook(_with("rules.seat_saturation.active_percent", 91)).digest != plain.digest
    assert playbook_from_json(playbook_to_json(plain)) == plain
    with pytest.raises(ConfigurationError, match="not readable as JSON"):
        playbook_from_json(b"{")


def test_gated_features_are_those_of_reachable_plans_that_plan_and_purchases_lack() -> None:
    """Definition 48; without a known plan nothing is gated."""
    playbook = shipped()
    assert reachable_plans(playbook, "Starter") == ("Growth", "Scale")
    assert reachable_plans(playbook, "Scale") == reachable_plans(playbook, None) == ()
    gated = gated_features(playbook, "Growth", ["sso"])
    assert gated == {"audit_log", "forecasting", "roles"}
    assert (
        gated_features(playbook, "Gold") == gated_features(playbook, None) == gated_features(playbook, "Scale") == set()
    )


def test_an_accounts_own_limit_goes_before_its_plans_and_null_and_zero_are_unlimited() -> None:
    """Definition 11."""
    playbook = shipped()
    assert limit_for(playbook, "Starter", "api_calls") == 10_000
    assert limit_for(playbook, "Starter", "api_calls", {"api_calls": 5}) == 5
    assert limit_for(playbook, "Starter", "api_calls", {"api_calls": None}) is None
    assert limit_for(playbook, "Starter", "api_calls", {"api_calls": 0}) is None
    assert limit_for(playbook, "Scale", "contacts") is None
    assert limit_for(playbook, None, "contacts") is None
    assert limit_for(playbook, "Starter", "unheard") is None


def test_segments_are_found_by_key_or_name() -> None:
    """A given segment that is unknown counts as not given (definition 29)."""
    playbook = shipped()
    assert segment_by_key(playbook, "mid_market").name == "Mid-Market"
    found = find_segment(playbook, " mid-market ")
    assert found is not None
    assert found.key == "mid_market"
    assert find_segment(playbook, "gold") is None
    assert find_segment(playbook, None) is None
    with pytest.raises(KeyError):
        segment_by_key(playbook, "gold")


def test_rules_are_listed_in_the_order_of_the_playbook() -> None:
    """38 rules, expansion first."""
    playbook = shipped()
    assert rule_names(playbook)[0] == "usage_ceiling"
    assert [name for name, _rule in each_rule(playbook)] == list(rule_names(playbook))
    assert len(rule_names(playbook)) == 38
