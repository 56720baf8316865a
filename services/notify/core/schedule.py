"""When to send, and what follows from an answer: the limiter, the backoff, and the fates of a delivery.

Source: reliability (what follows, 5 and 6).
"""

import email.utils
from typing import Literal

import msgspec

from services.notify.core.words import State

LONGEST_RETRY_AFTER_MS = 3_600_000
JITTER_SHARE = 0.2
OWNER_AWAITED = "the lead's owner is not known yet"


class Sent(msgspec.Struct, frozen=True):
    """The receiver has it. Shape: `ref` is what the channel needs to find the message again."""

    ref: dict[str, str] = {}
    note: str = ""


class Retry(msgspec.Struct, frozen=True):
    """The receiver does not have it and may take it later. Units: `after_ms` what the receiver asked for.

    Shape: `scope` is whose wait that is: the whole channel's (a rate limit), or this message's.
    """

    reason: str
    after_ms: int | None = None
    scope: Literal["channel", "message"] = "message"


class Lost(msgspec.Struct, frozen=True):
    """Nobody knows: the request left, the answer did not come."""

    reason: str


class Refused(msgspec.Struct, frozen=True):
    """The receiver will never take it."""

    reason: str


Outcome = Sent | Retry | Lost | Refused


class Limits(msgspec.Struct, frozen=True):
    """How long to try. Units: milliseconds."""

    first_backoff_ms: int = 1_000
    longest_backoff_ms: int = 300_000
    most_attempts: int = 30
    give_up_after_ms: int = 86_400_000


class Attempt(msgspec.Struct, frozen=True):
    """Which attempt it was, the first being 1. Units: `decided_at` an instant in milliseconds; `jitter` 0-1."""

    number: int
    decided_at: int
    jitter: float = 0.0


class Settlement(msgspec.Struct, frozen=True):
    """What a delivery becomes. Units: `not_before`, `channel_free_at` are instants; None leaves the channel's alone."""

    state: State
    reason: str
    not_before: int
    channel_free_at: int | None = None


def backoff_ms(attempts: int, jitter: float, limits: Limits) -> int:
    """Return the wait after an attempt, the first being 1: doubled each time up to the longest, spread by `jitter` 0-1.

    Spreading only lengthens, so that a wait is never shorter than the bound says.
    """
    doubled = limits.first_backoff_ms << min(max(attempts - 1, 0), 30)
    wait = min(doubled, limits.longest_backoff_ms)
    return wait + int(wait * JITTER_SHARE * jitter)


def settle(outcome: Outcome, attempt: Attempt, now_ms: int, limits: Limits) -> Settlement:
    """Return what becomes of a delivery after an attempt."""
    if isinstance(outcome, Sent):
        return Settlement(State.SENT, outcome.note, now_ms)
    if isinstance(outcome, Refused):
        return Settlement(State.DEAD, outcome.reason, now_ms)
    wait = backoff_ms(attempt.number, attempt.jitter, limits)
    free_at = None
    if isinstance(outcome, Retry) and outcome.after_ms is not None:
        asked = min(outcome.after_ms, LONGEST_RETRY_AFTER_MS)
        wait = max(wait, asked) if outcome.scope == "message" else asked
        free_at = now_ms + asked if outcome.scope == "channel" else None
    if attempt.number >= limits.most_attempts:
        return Settlement(State.DEAD, f"gave up after {attempt.number} attempts: {outcome.reason}", now_ms, free_at)
    if now_ms - attempt.decided_at + wait >= limits.give_up_after_ms:
        hours = limits.give_up_after_ms / 3_600_000
        return Settlement(State.DEAD, f"gave up after {hours:g} h: {outcome.reason}", now_ms, free_at)
    state = State.UNKNOWN if isinstance(outcome, Lost) else State.PENDING
    return Settlement(state, outcome.reason, now_ms + wait, free_at)


def retry_after_ms(header: str | None, now_ms: int) -> int | None:
    """Return the wait that a `Retry-After` header asks for, in seconds or as a date; None when it is not usable."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]) * 1000, LONGEST_RETRY_AFTER_MS)
    try:
        at_ms = int(email.utils.parsedate_to_datetime(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    return min(max(at_ms - now_ms, 0), LONGEST_RETRY_AFTER_MS)
