"""Simulations for tests: small ones, told to an engine in this process, without a broker."""

from collections.abc import Iterator
from typing import Any

import msgspec

from services.signals.core.engine import Engine
from shared.kernel.clock import day_of, midnight_ms
from shared.kernel.codec import encode_line
from shared.kernel.controls import Tick
from shared.kernel.topics import DEAD_LETTERS, TRIGGERS
from shared.kernel.triggers import Trigger, decode_trigger
from tests.support.playbooks import shipped
from upswing.simulate.company import Arrival, Company
from upswing.simulate.files import Tally
from upswing.simulate.request import Disturbances, Request
from upswing.simulate.telling import accounts_of, simulation_of
from upswing.simulate.truth import AccountTruth, Bad, Totals, Truth

PLAYBOOK = shipped()
END_DAY = 20_604  # 2026-05-31
FAR_MS = 1 << 42
PACK = 50


def small(seed: int = 1, accounts: int = 8, days: int = 60, disturbances: Disturbances | None = None) -> Request:
    """Return a small request."""
    return Request(
        seed=seed,
        accounts=accounts,
        days=days,
        end_day=END_DAY,
        playbook=PLAYBOOK,
        disturbances=Disturbances() if disturbances is None else disturbances,
    )


class Story:
    """A simulation that has been told to its end."""

    def __init__(self, request: Request) -> None:
        self.company = Company(request)
        tally = Tally()
        self.days: list[list[Arrival]] = []
        self.bad: list[Bad] = []
        for arrivals in self.company.days():
            self.days.append(arrivals)
            self.bad += tally.add(arrivals)
        self.totals: Totals = tally.totals(self.company)
        self.accounts: dict[str, AccountTruth] = {one.account_id: one for one in accounts_of(self.company)}

    @property
    def arrivals(self) -> Iterator[Arrival]:
        """All that arrives, in order."""
        for day in self.days:
            yield from day

    def events(self, account_id: str) -> Iterator[dict[str, Any]]:
        """The good events of an account, each once, in the order of arrival."""
        seen: set[str] = set()
        for _at_ms, _number, event, bad in self.arrivals:
            if bad is None and event["account_id"] == account_id and event["id"] not in seen:
                seen.add(event["id"])
                yield event

    def truth(self) -> Truth:
        """The truth as it would be read."""
        return Truth(simulation_of(self.company.request), self.accounts, self.totals, len(self.bad))


class _NoPages:
    """A store with nothing in it."""

    def get(self, key: bytes) -> bytes | None:  # noqa: ARG002 - the port's signature
        """Return no page."""
        return None

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:  # noqa: ARG002 - the port's signature
        """Yield no page."""
        return iter(())


def tell(story: Story) -> tuple[list[Trigger], int]:
    """Fold a story into an engine in the order of arrival, a tick each midnight; return triggers and letters."""
    engine = Engine(0, 1, "log", adopt=False, playbook=story.company.request.playbook, pages=_NoPages())
    offset, letters = 0, 0
    triggers: list[Trigger] = []

    def fold(value: bytes) -> None:
        nonlocal offset, letters
        engine.fold(offset, value, FAR_MS)
        offset += 1
        for output in engine.take_outputs():
            if output.topic is TRIGGERS:
                triggers.append(decode_trigger(output.value))
            letters += output.topic is DEAD_LETTERS

    for number, arrivals in enumerate(story.days):
        day = story.company.request.first_day + number
        fold(encode_line(Tick(at=midnight_ms(day), live=False)))
        assert all(day_of(arrival[0]) == day for arrival in arrivals)
        for start in range(0, len(arrivals), PACK):
            fold(msgspec.json.Encoder().encode_lines([arrival[2] for arrival in arrivals[start : start + PACK]]))
    return triggers, letters
