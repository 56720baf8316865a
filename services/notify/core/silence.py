"""Silences: a person's wish not to hear about some triggers until a time."""

import msgspec

MATCHED_FIELDS = ("account_id", "segment", "kind", "rule", "level", "play", "owner")


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What routes and silences look at. Shape: `owner` is a person's id, `owner_role` the role the play names."""

    account_id: str
    segment: str
    kind: str
    rule: str
    level: str | None
    play: str
    owner: str | None
    owner_role: str


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """One silence. Units: `starts_at`, `ends_at` are instants in milliseconds; the end itself is no longer silent.

    Shape: `match` maps fields of `MATCHED_FIELDS` to the one value wanted; all must hold.
    """

    silence_id: int
    match: dict[str, str]
    starts_at: int
    ends_at: int
    created_by: str
    comment: str


def hushing(silences: tuple[Silence, ...], facts: Facts, now_ms: int) -> Silence | None:
    """Return the first silence that covers these facts now."""
    for silence in silences:
        if silence.starts_at <= now_ms < silence.ends_at and _covers(silence, facts):
            return silence
    return None


def _covers(silence: Silence, facts: Facts) -> bool:
    return all(getattr(facts, field) == wanted for field, wanted in silence.match.items())
