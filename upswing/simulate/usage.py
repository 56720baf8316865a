"""How much of each limited metric an account uses: sums that grow through the billing month, and gauges."""

from collections.abc import Iterator
from random import Random
from typing import Any

from shared.kernel.clock import HOUR_MS, midnight_ms
from shared.kernel.playbook import limit_for
from upswing.simulate.contract import Contract
from upswing.simulate.latent import Latent
from upswing.simulate.request import Request
from upswing.simulate.rhythm import date_text, moment

Told = tuple[int, str, str | None, dict[str, Any]]
MONTH_OF_WORK = 22.5  # how many ordinary workdays a month of weekends and holidays amounts to
GAUGE_EVERY_DAYS = 2
COST_SHARE = 0.3
UNLIMITED = 100_000
MOST_CHUNKS = 4


class Usage:
    """The use of one account."""

    def __init__(self, request: Request, latent: Latent, rng: Random) -> None:
        self._playbook, self._latent, self._rng = request.playbook, latent, rng
        self._gauges = request.gauges()
        self._scale = {name: self._size(name) for name in latent.shares}
        self._used: dict[str, int] = {}
        self._share: dict[str, float] = {}
        self._costs = rng.random() < COST_SHARE

    def _size(self, metric: str) -> float:
        """Return the limit that the account's use was drawn against; plans bought later do not change its work."""
        limit = limit_for(self._playbook, self._latent.plan, metric)
        return float(limit) if limit else float(UNLIMITED)

    def pressure(self, contract: Contract) -> float:  # noqa: ARG002 - the plan is in the shares already
        """Return the greatest share of a limit that is used now."""
        return max(self._share.values(), default=0.0)

    def day(self, day: int, load: float, users: list[str], contract: Contract) -> Iterator[Told]:
        """Yield what is used on a day. Shape: (instant, type, user, properties)."""
        if int(date_text(day)[8:]) == self._latent.anchor:
            self._used.clear()
        for metric, share in self._latent.shares.items():
            limit = limit_for(self._playbook, contract.plan, metric)
            size = self._scale[metric] * share
            if metric in self._gauges:
                yield from self._gauge(day, metric, size, float(limit) if limit else None)
            else:
                yield from self._summed(day, metric, size, load, users, float(limit) if limit else None)

    def _gauge(self, day: int, metric: str, size: float, limit: float | None) -> Iterator[Told]:
        if (day - self._latent.first_day) % GAUGE_EVERY_DAYS:
            return
        level = round(size * (1 + 0.6 * (self._latent.drift(day) - 1)) * (1 + 0.01 * self._rng.random()), 1)
        if limit is not None:
            level = min(level, round(limit * 1.02, 1))
            self._share[metric] = level / limit
        yield midnight_ms(day) + 6 * HOUR_MS, "usage.reported", None, {"metric": metric, "level": level}

    def _summed(
        self, day: int, metric: str, size: float, load: float, users: list[str], limit: float | None
    ) -> Iterator[Told]:
        rng = self._rng
        quantity = int(size / MONTH_OF_WORK * load * self._latent.drift(day) * rng.uniform(0.7, 1.3))
        chunks = min(MOST_CHUNKS, 1 + len(users) // 4)
        before = self._used.get(metric, 0)
        moments = sorted(moment(day, rng.random()) for _ in range(chunks))
        for at_ms in moments:
            part = quantity // chunks
            if part <= 0:
                continue
            properties: dict[str, Any] = {"metric": metric, "quantity": part}
            if self._costs:
                properties["cost"] = round(part * 0.001, 3)
            yield at_ms, "usage.recorded", None, properties
            self._used[metric] = self._used.get(metric, 0) + part
            if limit is not None and before < limit <= self._used[metric]:
                before = self._used[metric]
                yield at_ms + 1, "limit.reached", None, {"metric": metric}
        if limit is not None:
            self._share[metric] = self._used.get(metric, 0) / limit
