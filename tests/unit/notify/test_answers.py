"""What a receiver's answer means."""

from typing import Any

import pytest

from services.notify.core.answers import find_post, judge_http, judge_slack_api
from services.notify.core.schedule import Lost, Outcome, Refused, Retry, Sent

NOW = 1_790_000_000_000


@pytest.mark.parametrize(
    ("status", "retry_after", "outcome"),
    [
        (200, None, Sent()),
        (204, None, Sent()),
        (429, "30", Retry("answered 429: no", 30_000, "channel")),
        (429, None, Retry("answered 429: no", None, "channel")),
        (500, None, Retry("answered 500: no")),
        (503, "5", Retry("answered 503: no", 5_000)),
        (408, None, Retry("answered 408: no")),
        (502, None, Lost("answered 502: no")),
        (504, None, Lost("answered 504: no")),
        (302, None, Refused("answered 302: no; redirects are not followed")),
        (400, None, Refused("answered 400: no")),
        (403, None, Refused("answered 403: no")),
        (404, None, Refused("answered 404: no")),
        (410, None, Refused("answered 410: no")),
    ],
)
def test_a_status_decides_the_fate(status: int, retry_after: str | None, outcome: Outcome) -> None:
    """4xx other than 429 and 408 is for good; a gateway may have lost the answer of one that took it."""
    assert judge_http(status, retry_after, "no", NOW) == outcome


def test_an_empty_body_adds_nothing() -> None:
    """The reason is the status alone."""
    assert judge_http(404, None, " ", NOW) == Refused("answered 404")


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"ok": True, "channel": "C1", "ts": "1.2", "message": {}}, Sent({"channel": "C1", "ts": "1.2"})),
        ({"ok": True}, Sent()),
        ({"ok": False, "error": "channel_not_found"}, Refused("answered channel_not_found")),
        ({"ok": False, "error": "internal_error"}, Lost("answered internal_error")),
        ({"ok": False, "error": "fatal_error"}, Lost("answered fatal_error")),
        ({"ok": False, "error": "ratelimited"}, Retry("answered ratelimited")),
        ({"ok": False, "error": "service_unavailable"}, Retry("answered service_unavailable")),
        ({}, Refused("answered no error named")),
    ],
)
def test_the_web_api_says_it_in_the_body(body: dict[str, Any], outcome: Outcome) -> None:
    """Where Slack itself is unsure, so are we."""
    assert judge_slack_api(body) == outcome


def test_a_lost_post_is_found_by_its_metadata() -> None:
    """And by nothing else."""
    messages = [
        {"ts": "3.0"},
        {"ts": "2.0", "metadata": {"event_payload": {"delivery_id": "other"}}},
        {"ts": "1.0", "metadata": {"event_payload": {"delivery_id": "mine"}}},
    ]
    found = find_post({"messages": messages}, "mine")
    assert found is not None
    assert found.ref == {"ts": "1.0"}
    assert find_post({"messages": messages}, "missing") is None
    assert find_post({}, "mine") is None
