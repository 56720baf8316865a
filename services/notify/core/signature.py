"""Slack's request signature: HMAC-SHA256 over `v0:<timestamp>:<raw body>`, five minutes, compared in constant time.

Source: reliability (what follows, 7).
"""

import hashlib
import hmac
from enum import StrEnum

WINDOW_S = 300
VERSION = "v0"


class SignatureProblem(StrEnum):
    """Why a request is not believed. Bounded: a metric label."""

    MISSING = "signature_missing"
    STALE = "timestamp_stale"
    WRONG = "signature_wrong"


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a raw body."""
    signed = f"{VERSION}:{timestamp}:".encode() + body
    return f"{VERSION}=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def check_signature(
    secret: str, timestamp: str | None, signature: str | None, body: bytes, now_ms: int
) -> SignatureProblem | None:
    """Return None when the body was signed with the secret within the last five minutes, else what is wrong."""
    if not timestamp or not signature:
        return SignatureProblem.MISSING
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(now_ms - int(timestamp[:15]) * 1000) > WINDOW_S * 1000:
        return SignatureProblem.STALE
    if not hmac.compare_digest(sign(secret, timestamp, body).encode(), signature.encode()):
        return SignatureProblem.WRONG
    return None
