"""What a receiver's answer means for a delivery.

Source: reliability (5, 6 and 13); Slack's pages on rate limits, webhook errors and the errors of its Web API.
"""

from typing import Any

from services.notify.core.figures import shorten
from services.notify.core.schedule import Lost, Outcome, Refused, Retry, Sent, retry_after_ms

OK = range(200, 300)
REDIRECTS = range(300, 400)
TOO_MANY_REQUESTS = 429
REQUEST_TIMEOUT = 408
SERVER_ERRORS = range(500, 600)
GATEWAY_LOST = (502, 504)  # a gateway that lost the answer of the server behind it: the server may have taken it
API_UNSURE = {"fatal_error", "internal_error", "request_timeout"}  # Slack: some of it may have succeeded
API_LATER = {"service_unavailable", "team_added_to_org", "ratelimited", "rate_limited"}
DETAIL_MOST = 200


def judge_http(status: int, retry_after: str | None, body: str, now_ms: int) -> Outcome:
    """Return what a plain HTTP answer means: taken, later, refused for good, or nobody knows."""
    said = f"answered {status}: {shorten(body, DETAIL_MOST)}" if body.strip() else f"answered {status}"
    if status in OK:
        return Sent()
    if status == TOO_MANY_REQUESTS:
        return Retry(said, retry_after_ms(retry_after, now_ms), "channel")
    if status in GATEWAY_LOST:
        return Lost(said)
    if status in SERVER_ERRORS or status == REQUEST_TIMEOUT:
        return Retry(said, retry_after_ms(retry_after, now_ms))
    if status in REDIRECTS:
        return Refused(f"{said}; redirects are not followed")
    return Refused(said)


def judge_slack_api(body: dict[str, Any]) -> Outcome:
    """Return what a Web API answer with status 200 means, by its `ok` and `error`."""
    if body.get("ok") is True:
        ref: dict[str, str] = {name: str(body[name]) for name in ("channel", "ts") if name in body}
        return Sent(ref)
    error = shorten(str(body.get("error", "no error named")), DETAIL_MOST)
    said = f"answered {error}"
    if error in API_UNSURE:
        return Lost(said)
    if error in API_LATER:
        return Retry(said)
    return Refused(said)


def find_post(body: dict[str, Any], delivery_id: str) -> Sent | None:
    """Return where a post is, when a page of a channel's history holds one whose metadata names the delivery."""
    for message in body.get("messages", ()):
        payload = message.get("metadata", {}).get("event_payload", {})
        if payload.get("delivery_id") == delivery_id:
            return Sent({"ts": str(message.get("ts", ""))}, "found by its metadata: it had arrived")
    return None
