"""Broken instrumentation: what happened and what is sent are not the same.

Shape: a *delivery* is (arrival in milliseconds, event as sent, code of what is wrong with it on purpose or None).
"""

from random import Random
from typing import Any, Literal

import msgspec

from shared.kernel.clock import DAY_MS, HOUR_MS, MINUTE_MS
from upswing.simulate.latent import Latent
from upswing.simulate.request import Request

Event = dict[str, Any]
Delivery = tuple[int, Event, str | None]
TroubleKind = Literal["silent", "duplicates", "late", "disorder", "skew", "nameless", "malformed"]
KINDS: tuple[TroubleKind, ...] = ("silent", "duplicates", "late", "disorder", "skew", "nameless", "malformed")
SOURCES: dict[str, str] = {
    "session.started": "app",
    "feature.used": "app",
    "feature.blocked": "app",
    "pricing.viewed": "app",
    "usage.recorded": "meter",
    "usage.reported": "meter",
    "limit.reached": "meter",
}
LASTS_DAYS: dict[TroubleKind, tuple[int, int]] = {"silent": (3, 9)}
SOME_DAYS = (5, 20)
WAITS_MS: dict[str, tuple[int, int]] = {"late": (2 * HOUR_MS, 72 * HOUR_MS), "disorder": (0, 12 * MINUTE_MS)}


class Trouble(msgspec.Struct, frozen=True):
    """One disturbance of one account, from a day to a day, both included. `source` None: all that its users do."""

    kind: TroubleKind
    first_day: int
    last_day: int
    source: str | None = None


class Troubles:
    """The disturbances of one account."""

    def __init__(self, request: Request, latent: Latent, rng: Random) -> None:
        self._rng, self._given = rng, request.disturbances
        self.rows = [row for kind in KINDS if (row := self._draw(kind, request, latent)) is not None]

    def _draw(self, kind: TroubleKind, request: Request, latent: Latent) -> Trouble | None:
        if self._rng.random() >= getattr(self._given, kind):
            return None
        first = self._rng.randint(latent.first_day + 1, max(latent.first_day + 1, request.end_day))
        last = min(request.end_day, first + self._rng.randint(*LASTS_DAYS.get(kind, SOME_DAYS)) - 1)
        source = self._rng.choice(("app", "meter")) if kind == "silent" else None
        return Trouble(kind, first, last, source)

    def deliver(self, day: int, events: list[Event]) -> list[Delivery]:
        """Return what is sent of a day's events."""
        now = [row for row in self.rows if row.first_day <= day <= row.last_day]
        deliveries: list[Delivery] = []
        for event in events:
            arrival = arrival_of(event)
            source = SOURCES.get(event["type"])
            if not now or source is None:
                deliveries.append((arrival, event, None))
            else:
                self._disturb(now, source, arrival, event, deliveries)
        return deliveries

    def _disturb(self, now: list[Trouble], source: str, arrival: int, event: Event, out: list[Delivery]) -> None:
        if any(row.kind == "silent" and row.source == source for row in now):
            return
        bad, twice = None, False
        for row in now:
            if bad is not None or not self._strikes(row.kind):
                continue
            if row.kind == "duplicates":
                twice = True
            elif row.kind in {"late", "disorder"}:
                arrival += self._rng.randint(*WAITS_MS[row.kind])
            elif row.kind == "skew":
                event = event | {"occurred_at": self._wrong_clock(event["occurred_at"])}
            elif row.kind == "nameless":
                bad, event = "account_unknown", {name: event[name] for name in event if name != "account_id"}
            elif row.kind == "malformed":
                bad, event = self._broken(event)
        out.append((arrival, event, bad))
        if twice and bad is None:
            out.append((arrival + self._rng.randint(1_000, 30 * MINUTE_MS), event, None))

    def _strikes(self, kind: TroubleKind) -> bool:
        rate = self._given.bad_rate if kind in {"nameless", "malformed"} else self._given.rate
        return self._rng.random() < rate

    def _wrong_clock(self, at_ms: int) -> int:
        """Return an instant up to three hours off, on the same day."""
        begin = at_ms // DAY_MS * DAY_MS
        shifted = at_ms + self._rng.randint(-3 * HOUR_MS, 3 * HOUR_MS)
        return max(begin, min(begin + DAY_MS - 1, shifted))

    def _broken(self, event: Event) -> tuple[str, Event]:
        properties = event["properties"]
        if "quantity" in properties or "level" in properties:
            name = "quantity" if "quantity" in properties else "level"
            return "out_of_range", event | {"properties": properties | {name: self._rng.choice((-1, "many"))}}
        luck = self._rng.random()
        if luck < 0.5 or not properties:  # noqa: PLR2004 - one kind of mistake or another
            return "unknown_type", event | {"type": event["type"] + "_v2"}
        name = next(iter(properties))
        return "wrong_type", event | {"properties": properties | {name: {"value": properties[name]}}}


def arrival_of(event: Event) -> int:
    """Return when an event arrives when nothing is wrong: a moment after it happened."""
    at_ms: int = event["occurred_at"]
    return at_ms + 300 + at_ms % 1_700
