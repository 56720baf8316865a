"""Slack's signature."""

import pytest

from services.notify.core.signature import SignatureProblem, check_signature, sign

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BODY = b"token=x&payload=%7B%7D"
AT = 1_790_000_000
NOW_MS = AT * 1000


def test_a_signature_is_that_of_slacks_example() -> None:
    """The vector of Slack's page on verifying requests."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name="
        b"foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2F"
        b"hooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015."
        b"47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    expected = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert sign(SECRET, "1531420618", body) == expected


@pytest.mark.parametrize(
    ("timestamp", "signature", "now_ms", "problem"),
    [
        (str(AT), None, NOW_MS, SignatureProblem.MISSING),
        (None, "v0=1", NOW_MS, SignatureProblem.MISSING),
        (str(AT), "", NOW_MS, SignatureProblem.MISSING),
        ("soon", "v0=1", NOW_MS, SignatureProblem.STALE),
        ("٣", "v0=1", NOW_MS, SignatureProblem.STALE),
        (str(AT), "own", NOW_MS + 300_000, None),
        (str(AT), "own", NOW_MS + 300_001, SignatureProblem.STALE),
        (str(AT), "own", NOW_MS - 300_000, None),
        (str(AT), "own", NOW_MS - 300_001, SignatureProblem.STALE),
        (str(AT), "v0=é", NOW_MS, SignatureProblem.WRONG),
        (str(AT), "v1=1", NOW_MS, SignatureProblem.WRONG),
    ],
)
def test_only_a_fresh_and_right_signature_is_believed(
    timestamp: str | None, signature: str | None, now_ms: int, problem: SignatureProblem | None
) -> None:
    """Five minutes, both ways, the last millisecond included."""
    given = sign(SECRET, str(AT), BODY) if signature == "own" else signature
    assert check_signature(SECRET, timestamp, given, BODY, now_ms) == problem


def test_another_body_or_secret_is_not_believed() -> None:
    """One byte is enough."""
    signed = sign(SECRET, str(AT), BODY)
    assert check_signature(SECRET, str(AT), signed, BODY + b" ", NOW_MS) is SignatureProblem.WRONG
    assert check_signature("another", str(AT), signed, BODY, NOW_MS) is SignatureProblem.WRONG
