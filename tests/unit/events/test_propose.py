"""Rows proposed for names that nothing maps are good guesses; `tests/property/events`: a playbook takes them."""

from typing import Any

import pytest
import yaml

from upswing.events.propose import propose

FEATURES = ("reports", "audit_log", "integrations")
METRICS = ("api_calls", "storage_gb")


def _row(name: str, **properties: str) -> dict[str, Any]:
    return propose(name, {each: {kind} for each, kind in properties.items()}, FEATURES, METRICS).row


@pytest.mark.parametrize(
    ("name", "properties", "row"),
    [
        ("Report Exported", {"format": "text"}, {"type": "feature.used", "constants": {"feature": "reports"}}),
        ("auditLogOpened", {}, {"type": "feature.used", "constants": {"feature": "audit_log"}}),
        ("Song Played", {"genre": "text"}, {"type": "feature.used", "constants": {"feature": "song_played"}}),
        (
            "API Call Made",
            {"calls": "number", "duration": "number"},
            {
                "type": "usage.recorded",
                "properties": {"quantity": "properties.calls"},
                "constants": {"metric": "api_calls"},
            },
        ),
        ("API Request", {}, {"type": "usage.recorded", "constants": {"metric": "api_request", "quantity": 1}}),
        (
            "tokens_used",
            {"total": "number", "cost": "number", "model": "text"},
            {
                "type": "usage.recorded",
                "properties": {"quantity": "properties.total", "cost": "properties.cost"},
                "constants": {"metric": "tokens"},
            },
        ),
        (
            "Storage Measured",
            {"gigabytes": "number"},
            {
                "type": "usage.reported",
                "properties": {"level": "properties.gigabytes"},
                "constants": {"metric": "storage"},
            },
        ),
        ("Seat Added", {"seats": "number"}, {"type": "account.updated", "properties": {"seats": "properties.seats"}}),
        ("Invited User", {"role": "text"}, {"type": "feature.used", "constants": {"feature": "invitations"}}),
        (
            "User Signed Up",
            {"Role": "text", "plan": "text"},
            {"type": "user.provisioned", "properties": {"role": "properties.Role"}},
        ),
        (
            "Support Ticket Created",
            {"ticket_id": "text"},
            {"type": "ticket.opened", "properties": {"ticket_id": "properties.ticket_id"}},
        ),
        ("Case Closed", {}, {"type": "ticket.resolved", "properties": {"ticket_id": "messageId"}}),
        (
            "NPS Survey Submitted",
            {"score": "number"},
            {"type": "survey.answered", "properties": {"score": "properties.score"}, "constants": {"survey": "nps"}},
        ),
        (
            "CSAT Answered",
            {},
            {"type": "survey.answered", "properties": {"score": "properties.score"}, "constants": {"survey": "csat"}},
        ),
        (
            "Quota Exceeded",
            {"metric": "text"},
            {"type": "limit.reached", "properties": {"metric": "properties.metric"}},
        ),
        ("API Limit Hit", {}, {"type": "limit.reached", "constants": {"metric": "api"}}),
        (
            "Upgrade Prompt Shown",
            {"feature": "text"},
            {"type": "feature.blocked", "properties": {"feature": "properties.feature"}},
        ),
        (
            "Pricing Page Viewed",
            {"plan": "text"},
            {"type": "pricing.viewed", "properties": {"plan": "properties.plan"}},
        ),
        ("Feature Requested", {"title": "text"}, {"type": "capability.requested"}),
        ("Logged In", {}, {"type": "session.started"}),
        ("Webinar Attended", {}, {"type": "engagement.recorded", "constants": {"kind": "webinar"}}),
        (
            "Onboarding Completed",
            {},
            {"type": "milestone.reached", "constants": {"milestone": "onboarding_completed"}},
        ),
        ("$autocapture", {}, {"ignore": True}),
    ],
)
def test_words_and_properties_say_what_a_name_means(name: str, properties: dict[str, str], row: dict[str, Any]) -> None:
    """The metric and the feature are those of the playbook's plans where the words are theirs."""
    assert _row(name, **properties) == {"match": name} | row


def test_a_proposal_is_a_line_of_yaml_with_its_reason() -> None:
    """Whatever the name holds, it comes back from the file as it was."""
    for name in ("Report: Exported", "100% [sure]", "ja, 'so'", "ünïcode"):
        proposal = propose(name, {})
        assert yaml.safe_load(proposal.yaml) == [proposal.row]
        assert proposal.why
